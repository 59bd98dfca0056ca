//! What one claim must say.

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

use super::{ClaimPath, Claims};

/// One claim, and what it is tested for.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The claim.
    pub claim: ClaimPath,
    /// The test.
    pub test: Test,
}

/// What a claim is tested for.
#[derive(Debug, Clone)]
pub enum Test {
    /// The claim is this.
    Equals(Scalar),
    /// The claim is of the same type, and not this.
    NotEquals(Scalar, IfMissing),
    /// The claim is one of these.
    OneOf(Vec<Scalar>),
    /// The claim is a text that begins with this.
    StartsWith(String),
    /// The claim is an array with this text among its elements.
    HasElement(String),
    /// The claim is a space-separated list with this word in it (RFC 6749, section 3.3: scopes).
    HasWord(String),
    /// The claim is a text with this anywhere in it.
    HasSubstring(String),
    /// The claim is a text that the pattern matches as a whole.
    Matches(Pattern),
}

/// What a missing claim means to a `not_equals`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum IfMissing {
    /// The condition does not hold.
    Pass,
    /// The condition holds. For rules that deny only.
    Deny,
}

/// A value that has a type and no parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a string, a whole number, true or false"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Scalar {
    /// A boolean; the text `"true"` is another value.
    Boolean(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A regular expression that must match the whole text, in time linear in its length.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// What a test says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Met,
    /// It does not hold.
    NotMet,
    /// The claim is not there.
    Missing,
    /// The claim is of a type that the test is not for: it cannot be told.
    UnexpectedType,
}

impl Verdict {
    /// Whether a rule that grants may count on it.
    pub fn grants(self) -> bool {
        self == Self::Met
    }

    /// Whether a rule that denies has to act on it: what cannot be told must not let anybody through.
    pub fn denies(self) -> bool {
        matches!(self, Self::Met | Self::UnexpectedType)
    }

    fn of(holds: bool) -> Self {
        if holds { Self::Met } else { Self::NotMet }
    }
}

impl Condition {
    /// Tests the claim.
    pub fn examine(&self, claims: &Claims) -> Verdict {
        match (self.claim.find(claims), &self.test) {
            (Some(value), test) => test.of(value),
            (None, Test::NotEquals(_, IfMissing::Deny)) => Verdict::Met,
            (None, _) => Verdict::Missing,
        }
    }
}

impl Test {
    fn of(&self, value: &Value) -> Verdict {
        match self {
            Self::Equals(expected) => expected.compare(value, true),
            Self::NotEquals(other, _) => other.compare(value, false),
            Self::OneOf(expected) => {
                let compare = |one: &Scalar| one.compare(value, true);
                let verdicts: Vec<Verdict> = expected.iter().map(compare).collect();
                let found = [Verdict::Met, Verdict::NotMet].into_iter();
                let mut found = found.filter(|verdict| verdicts.contains(verdict));
                found.next().unwrap_or(Verdict::UnexpectedType)
            }
            Self::StartsWith(prefix) => text(value, |text| text.starts_with(prefix)),
            Self::HasElement(expected) => element(value, expected),
            Self::HasWord(word) => text(value, |text| text.split(' ').any(|each| each == word)),
            Self::HasSubstring(part) => text(value, |text| text.contains(part)),
            Self::Matches(pattern) => text(value, |text| pattern.0.is_match(text)),
        }
    }
}

impl Scalar {
    /// Whether equality with `value` is as `expected`; values of two types are not comparable.
    fn compare(&self, value: &Value, expected: bool) -> Verdict {
        let equal = match (self, value) {
            (Self::Text(own), Value::String(other)) => own == other,
            (Self::Boolean(own), Value::Bool(other)) => own == other,
            (Self::Number(own), Value::Number(other)) => other.as_i64() == Some(*own),
            _ => return Verdict::UnexpectedType,
        };
        Verdict::of(equal == expected)
    }
}

impl Pattern {
    /// Compiles `text`, anchored at both ends: `a|b` matches `a` and `b`, and nothing that contains them.
    ///
    /// # Errors
    /// When it is not a regular expression by itself.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let expected = "expected a regular expression in the syntax of Rust's regex-lite crate";
        // By itself first: `a)(?:b` would become two groups between the anchors.
        Regex::new(text).map_err(|_| expected)?;
        let anchored = Regex::new(&format!("^(?:{text})$")).map_err(|_| expected)?;
        Ok(Self(anchored))
    }
}

fn text(value: &Value, holds: impl FnOnce(&str) -> bool) -> Verdict {
    match value {
        Value::String(text) => Verdict::of(holds(text)),
        _ => Verdict::UnexpectedType,
    }
}

fn element(value: &Value, expected: &str) -> Verdict {
    let Value::Array(elements) = value else {
        return Verdict::UnexpectedType;
    };
    if elements.iter().any(|each| each.as_str() == Some(expected)) {
        Verdict::Met
    } else if elements.iter().all(Value::is_string) {
        Verdict::NotMet
    } else {
        Verdict::UnexpectedType
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn examine(test: Test, value: Value) -> Verdict {
        let claims = json!({ "claim": value });
        let condition = Condition {
            claim: ClaimPath::Name("claim".to_owned()),
            test,
        };
        condition.examine(&Claims(claims.as_object().unwrap().clone()))
    }

    fn words(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn the_three_ways_to_contain_are_three_tests() {
        use Verdict::{Met, NotMet, UnexpectedType};
        let element = || Test::HasElement(words("publishers"));
        assert_eq!(examine(element(), json!(["a", "publishers"])), Met);
        assert_eq!(examine(element(), json!(["not-publishers"])), NotMet);
        assert_eq!(examine(element(), json!("not-publishers")), UnexpectedType);
        assert_eq!(examine(element(), json!("publishers")), UnexpectedType);
        assert_eq!(examine(element(), json!(["a", 7])), UnexpectedType);
        let word = || Test::HasWord(words("read"));
        assert_eq!(examine(word(), json!("write read")), Met);
        assert_eq!(examine(word(), json!("write read-all")), NotMet);
        assert_eq!(examine(word(), json!(["read"])), UnexpectedType);
        let part = || Test::HasSubstring(words("read"));
        assert_eq!(examine(part(), json!("bread")), Met);
        assert_eq!(examine(part(), json!("write")), NotMet);
        assert_eq!(examine(part(), json!(["read"])), UnexpectedType);
    }

    #[test]
    fn a_value_of_another_type_is_neither_equal_nor_unequal() {
        let all = [
            (Scalar::Boolean(true), json!(true)),
            (Scalar::Number(1), json!(1)),
            (Scalar::Text(words("true")), json!("true")),
        ];
        for (expected, _) in &all {
            for (_, value) in &all {
                let same = all
                    .iter()
                    .any(|(other, own)| other == expected && own == value);
                let (equal, unequal) = if same {
                    (Verdict::Met, Verdict::NotMet)
                } else {
                    (Verdict::UnexpectedType, Verdict::UnexpectedType)
                };
                let test = Test::Equals(expected.clone());
                assert_eq!(examine(test, value.clone()), equal);
                let test = Test::NotEquals(expected.clone(), IfMissing::Pass);
                assert_eq!(examine(test, value.clone()), unequal);
            }
        }
        for odd in [json!(null), json!(["true"]), json!({"a": true}), json!(1.5)] {
            let test = Test::Equals(Scalar::Boolean(true));
            assert_eq!(examine(test, odd), Verdict::UnexpectedType);
        }
    }

    #[test]
    fn one_of_takes_a_value_of_any_type_that_it_names() {
        let test = || Test::OneOf(vec![Scalar::Text(words("a")), Scalar::Number(7)]);
        assert_eq!(examine(test(), json!("a")), Verdict::Met);
        assert_eq!(examine(test(), json!(7)), Verdict::Met);
        assert_eq!(examine(test(), json!("b")), Verdict::NotMet);
        assert_eq!(examine(test(), json!(true)), Verdict::UnexpectedType);
    }

    #[test]
    fn a_pattern_matches_the_whole_text_or_nothing() {
        let matches = |pattern: &str, text: &str| {
            let test = Test::Matches(Pattern::new(pattern).unwrap());
            examine(test, json!(text)) == Verdict::Met
        };
        assert!(matches(
            "repo:octo/[a-z]+:ref:.*",
            "repo:octo/app:ref:refs/heads/main"
        ));
        assert!(matches("a|b", "b"));
        for (pattern, text) in [
            ("a|b", "ab"),
            ("a|b", "xb"),
            ("a", "a\n"),
            ("a", "xa"),
            ("(?m)a", "a\nb"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text:?}");
        }
        for wrong in ["a)(?:b", "(", "a(?", "(?x)a #"] {
            let outcome = Pattern::new(wrong);
            assert!(outcome.is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_missing_claim_denies_only_where_the_rule_says_so() {
        let examine = |if_missing| {
            let condition = Condition {
                claim: ClaimPath::Name("email_verified".to_owned()),
                test: Test::NotEquals(Scalar::Boolean(true), if_missing),
            };
            condition.examine(&Claims::default())
        };
        assert!(examine(IfMissing::Deny).denies());
        assert!(!examine(IfMissing::Pass).denies());
        assert!(!examine(IfMissing::Pass).grants());
    }
}

//! A session policy: an IAM policy document with places for claims.
//!
//! A place is `{{claim}}` or `{{/pointer/to/a/value}}` within a string of a `Resource` or a `Condition`. What is
//! put there stays one piece of that string: it can neither end it nor widen it.

use std::convert::Infallible;

use serde_json::{Map, Value};

use super::{Caller, ClaimPath};

/// Longest document, characters (AWS STS API reference, AssumeRoleWithWebIdentity, Policy).
const MAX_DOCUMENT: usize = 2048;
/// Longest value that is put into a place, characters.
const MAX_VALUE: usize = 64;
/// The longest that a character becomes: `*` is written `${*}`.
const MAX_ESCAPE: usize = 4;

/// A document, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPolicy(Node);

/// A caller for whom the document cannot be completed. What came in is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefused {
    /// A claim is missing or is not a text.
    #[error("the session policy needs the claim {0}, a text")]
    Missing(String),
    /// A claim has characters that could mean something else in a policy, or too many.
    #[error(
        "the session policy needs the claim {0} of 1 to 64 letters, digits, space and _.:/=+-@*?$ in ASCII"
    )]
    Characters(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Literal(Value),
    Text(Vec<Piece>),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Claim(ClaimPath),
}

impl SessionPolicy {
    /// Reads a document.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "expected an IAM policy document in JSON of at most 2048 characters";
        let document: Map<String, Value> = serde_json::from_str(text).map_err(|_| expected)?;
        if !document.contains_key("Statement") {
            return Err(expected);
        }
        let versioned = document.get("Version").and_then(Value::as_str) == Some("2012-10-17");
        let node = Node::parse(Value::Object(document), false)?;
        if node.has_places() && !versioned {
            return Err("expected \"Version\": \"2012-10-17\": others take ${*} as it is written");
        }
        let worst = "x".repeat(MAX_VALUE * MAX_ESCAPE);
        let Ok(longest) = node.render(&|_| Ok::<_, Infallible>(worst.clone()));
        if longest.to_string().len() > MAX_DOCUMENT {
            return Err(
                "expected an IAM policy document of at most 2048 characters with the longest claims in it, 256 each",
            );
        }
        Ok(Self(node))
    }

    /// The document for `caller`, minified.
    ///
    /// # Errors
    /// When a claim that it needs is missing, or could mean more than itself.
    pub fn render(&self, caller: &Caller) -> Result<String, PolicyRefused> {
        let value = |path: &ClaimPath| {
            let Some(Value::String(text)) = path.find(&caller.claims) else {
                return Err(PolicyRefused::Missing(path.to_string()));
            };
            escape(text).ok_or_else(|| PolicyRefused::Characters(path.to_string()))
        };
        Ok(self.0.render(&value)?.to_string())
    }
}

impl Node {
    /// `open`: whether a place may be here.
    fn parse(value: Value, open: bool) -> Result<Self, &'static str> {
        Ok(match value {
            Value::String(text) => {
                let pieces = pieces(&text)?;
                if !open && pieces.iter().any(|piece| matches!(piece, Piece::Claim(_))) {
                    return Err("expected {{…}} within Resource and Condition only");
                }
                Self::Text(pieces)
            }
            Value::Array(elements) => {
                let nodes = elements.into_iter().map(|each| Self::parse(each, open));
                Self::Array(nodes.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let nodes = members.into_iter().map(|(key, value)| {
                    if key.contains("{{") {
                        return Err("expected {{…}} in values, not in keys");
                    }
                    let open = open || matches!(key.as_str(), "Resource" | "Condition");
                    Ok((key, Self::parse(value, open)?))
                });
                Self::Object(nodes.collect::<Result<_, _>>()?)
            }
            other => Self::Literal(other),
        })
    }

    fn has_places(&self) -> bool {
        match self {
            Self::Literal(_) => false,
            Self::Text(pieces) => pieces.iter().any(|piece| matches!(piece, Piece::Claim(_))),
            Self::Array(nodes) => nodes.iter().any(Self::has_places),
            Self::Object(members) => members.iter().any(|(_, node)| node.has_places()),
        }
    }

    fn render<E>(&self, value: &impl Fn(&ClaimPath) -> Result<String, E>) -> Result<Value, E> {
        Ok(match self {
            Self::Literal(literal) => literal.clone(),
            Self::Text(pieces) => {
                let texts = pieces.iter().map(|piece| match piece {
                    Piece::Literal(text) => Ok(text.clone()),
                    Piece::Claim(path) => value(path),
                });
                Value::String(texts.collect::<Result<String, E>>()?)
            }
            Self::Array(nodes) => {
                let values = nodes.iter().map(|node| node.render(value));
                Value::Array(values.collect::<Result<_, E>>()?)
            }
            Self::Object(members) => {
                let values = members
                    .iter()
                    .map(|(key, node)| Ok((key.clone(), node.render(value)?)));
                Value::Object(values.collect::<Result<_, E>>()?)
            }
        })
    }
}

fn pieces(text: &str) -> Result<Vec<Piece>, &'static str> {
    let expected = "expected {{claim}} or {{/pointer}}, closed within its string";
    let mut parts = text.split("{{");
    let mut pieces: Vec<Piece> = parts
        .next()
        .map(|first| Piece::Literal(first.to_owned()))
        .into_iter()
        .collect();
    for part in parts {
        let (claim, rest) = part.split_once("}}").ok_or(expected)?;
        let path = ClaimPath::parse(claim.trim()).map_err(|_| expected)?;
        pieces.extend([Piece::Claim(path), Piece::Literal(rest.to_owned())]);
    }
    Ok(pieces)
}

/// `text` so that it means itself (IAM user guide, "IAM policy elements: variables and tags", special characters).
fn escape(text: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@*?$".contains(c);
    if text.is_empty() || text.len() > MAX_VALUE || !text.chars().all(fits) {
        return None;
    }
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '*' | '?' | '$' => {
                escaped.push_str("${");
                escaped.push(c);
                escaped.push('}');
            }
            c => escaped.push(c),
        }
    }
    Some(escaped)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{name::Name, vending::Claims};

    const POLICY: &str = r#"{
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::data/{{tenant}}/{{/org/unit}}/*"
        }]
    }"#;

    fn rendered(claims: Value) -> Result<Value, PolicyRefused> {
        let caller = Caller {
            source: Name::try_from("app".to_owned()).unwrap(),
            subject: "ana".to_owned(),
            claims: Claims(claims.as_object().unwrap().clone()),
            issued_at: 0,
            expires_at: 300,
            bound_to_proof: false,
            guest_identity: None,
        };
        let text = SessionPolicy::parse(POLICY).unwrap().render(&caller)?;
        assert!(!text.contains('\n'), "minified: {text}");
        let document: Value = serde_json::from_str(&text).unwrap();
        Ok(document["Statement"][0]["Resource"].clone())
    }

    #[test]
    fn a_claim_takes_its_place_and_means_itself() {
        let of = |tenant: &str| rendered(json!({"tenant": tenant, "org": {"unit": "u"}}));
        assert_eq!(of("acme"), Ok(json!("arn:aws:s3:::data/acme/u/*")));
        assert_eq!(of("*"), Ok(json!("arn:aws:s3:::data/${*}/u/*")));
        assert_eq!(of("a?$"), Ok(json!("arn:aws:s3:::data/a${?}${$}/u/*")));
    }

    #[test]
    fn a_claim_that_could_mean_more_than_itself_refuses() {
        let long = "x".repeat(65);
        for tenant in [
            "",
            "a\"",
            "a\\",
            "${aws:username}",
            "{{org}}",
            "a\n",
            "\u{e9}",
            &long,
        ] {
            let refused = rendered(json!({"tenant": tenant, "org": {"unit": "u"}}));
            let expected = PolicyRefused::Characters("tenant".to_owned());
            assert_eq!(refused, Err(expected), "{tenant}");
        }
        for org in [json!({}), json!({"unit": 7}), json!({"unit": ["u"]})] {
            let refused = rendered(json!({"tenant": "a", "org": org}));
            let expected = PolicyRefused::Missing("/org/unit".to_owned());
            assert_eq!(refused, Err(expected), "{org}");
        }
    }

    #[test]
    fn a_document_is_checked_with_the_longest_claims() {
        let bent = |from: &str, to: &str| SessionPolicy::parse(&POLICY.replace(from, to)).is_ok();
        assert!(bent("x", "x"));
        for (from, to) in [
            ("Statement", "Sentence"),
            ("2012-10-17", "2008-10-17"),
            ("s3:GetObject", "{{action}}"),
            ("\"Resource\"", "\"{{resource}}\""),
            ("{{tenant}}", "{{tenant"),
            ("{{tenant}}", "{{}}"),
            ("{{tenant}}", &"{{tenant}}".repeat(8)),
            ("{{tenant}}", &"x".repeat(2048)),
        ] {
            assert!(!bent(from, to), "{to}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_claim_widens_a_session_policy(tenant in "\\PC{0,80}") {
            let Ok(resource) = rendered(json!({"tenant": tenant, "org": {"unit": "u"}})) else {
                return Ok(());
            };
            let resource = resource.as_str().unwrap();
            let middle = resource.strip_prefix("arn:aws:s3:::data/").unwrap();
            let middle = middle.strip_suffix("/u/*").unwrap();
            let meant = middle.replace("${*}", "").replace("${?}", "").replace("${$}", "");
            let widened = meant.contains(['*', '?', '$', '{', '}', '"']);
            proptest::prop_assert!(!widened, "{resource}");
        }
    }
}

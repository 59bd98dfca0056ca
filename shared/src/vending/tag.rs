//! Session tags: what a role's sessions carry of their caller.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Caller, ClaimPath};

/// Most characters of a tag's key and of its value (IAM and STS quotas).
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// The principal tag that the trust policy of every alias's role requires: signed into the token, it is
/// what keeps the holder of one role's token from naming another role. No policy sets it.
pub const ROLE_TAG: &str = "vend_role";

/// The tags of a role's sessions, by key.
pub type Tags = BTreeMap<TagKey, Tag>;

/// A tag of a role's sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Where its value comes from.
    pub value: TagValue,
    /// Whether it goes on to the roles that the session assumes, where nothing can change it.
    pub transitive: bool,
    /// Whether a session that is too large for STS is tried without it.
    pub droppable: bool,
}

/// The key of a tag: 1 to 128 ASCII letters, digits, space and `_.:/=+-@`; neither `vend_role` nor AWS's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TagKey(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))] String);

impl TagKey {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TagKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        // Keys differ by case to nobody but their reader: AWS takes only one of `Team` and `team`.
        let reserved = lower.starts_with("aws:") || lower == ROLE_TAG;
        if !reserved && text.len() <= MAX_KEY && is_tag_value(&text) {
            Ok(Self(text))
        } else {
            Err(
                "a tag's key is 1 to 128 letters, digits, space and _.:/=+-@ in ASCII, and neither vend_role nor aws:…",
            )
        }
    }
}

/// Where a tag's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagValue {
    /// The same for every session.
    Fixed(String),
    /// A claim of the caller.
    Claim(ClaimPath),
}

/// A tag has no value that a session may carry. What came in is not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagRefused {
    /// The caller has no such claim.
    #[error("the tag {0} has no value: the claim is missing")]
    Missing(String),
    /// The claim is an array or an object.
    #[error("the tag {0} has no value: the claim is not a text, a whole number or a boolean")]
    UnexpectedType(String),
    /// IAM would not take it, and a changed value could be somebody else's.
    #[error(
        "the tag {0} has no value: expected 1 to 256 of letters, digits, space and _.:/=+-@ in ASCII"
    )]
    Characters(String),
}

/// The tags of a session of `caller`.
///
/// # Errors
/// For the first tag that has no acceptable value: a session without it, or with another value, might be let in
/// where its caller must not be.
pub fn tags(wanted: &Tags, caller: &Caller) -> Result<BTreeMap<String, String>, TagRefused> {
    let tag = |(key, tag): (&TagKey, &Tag)| {
        let key = key.as_str();
        Ok((key.to_owned(), tag.value.of(key, caller)?))
    };
    wanted.iter().map(tag).collect()
}

/// Whether IAM takes `text` as a tag's value. Narrower than IAM's `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`: what looks like
/// an ASCII letter and is none must not pass for it.
pub fn is_tag_value(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || " _.:/=+-@".contains(c);
    (1..=MAX_VALUE).contains(&text.len()) && text.chars().all(fits)
}

impl TagValue {
    fn of(&self, key: &str, caller: &Caller) -> Result<String, TagRefused> {
        let path = match self {
            Self::Fixed(text) => return Ok(text.clone()),
            Self::Claim(path) => path,
        };
        let text = match path.find(&caller.claims) {
            None => return Err(TagRefused::Missing(key.to_owned())),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
            Some(_) => return Err(TagRefused::UnexpectedType(key.to_owned())),
        };
        if is_tag_value(&text) {
            Ok(text)
        } else {
            Err(TagRefused::Characters(key.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{name::Name, vending::Claims};

    fn tag(claims: Value) -> Result<String, TagRefused> {
        let caller = Caller {
            source: Name::try_from("app".to_owned()).unwrap(),
            subject: "ana".to_owned(),
            claims: Claims(claims.as_object().unwrap().clone()),
            issued_at: 0,
            expires_at: 300,
            bound_to_proof: false,
            guest_identity: None,
        };
        let path = ClaimPath::parse("tenant").unwrap();
        let tag = Tag {
            value: TagValue::Claim(path),
            transitive: false,
            droppable: false,
        };
        let wanted = BTreeMap::from([(key("tenant").unwrap(), tag)]);
        tags(&wanted, &caller).map(|mut tags| tags.remove("tenant").unwrap())
    }

    fn key(text: &str) -> Result<TagKey, &'static str> {
        TagKey::try_from(text.to_owned())
    }

    #[test]
    fn no_policy_sets_the_tag_that_binds_or_one_of_aws() {
        assert!(key("tenant").is_ok());
        for wrong in ["", "vend_role", "Vend_Role", "aws:x", "AWS:x", "a,b"] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tag_is_what_the_claim_says_or_there_is_no_session() {
        for (claim, expected) in [
            (json!("a.b-c/d:e=f+g@h i_"), "a.b-c/d:e=f+g@h i_"),
            (json!(7), "7"),
            (json!(true), "true"),
        ] {
            assert_eq!(tag(json!({"tenant": claim})).as_deref(), Ok(expected));
        }
        let characters = TagRefused::Characters("tenant".to_owned());
        for wrong in ["", "a*", "a\n", "${x}", "a,b", "\u{430}", &"x".repeat(257)] {
            assert_eq!(
                tag(json!({"tenant": wrong})),
                Err(characters.clone()),
                "{wrong}"
            );
        }
        let unexpected = TagRefused::UnexpectedType("tenant".to_owned());
        for wrong in [json!(null), json!(["a"]), json!({"a": 1}), json!(1.5)] {
            assert_eq!(tag(json!({"tenant": wrong})), Err(unexpected.clone()));
        }
        let missing = TagRefused::Missing("tenant".to_owned());
        assert_eq!(tag(json!({})), Err(missing));
    }
}

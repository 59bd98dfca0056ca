//! Names that an operator gives: of checks, rules, roles, issuers.

use std::{borrow::Borrow, fmt};

use serde::{Deserialize, Serialize};

/// 1 to 64 of `a-z 0-9 - _`, beginning with a letter. Fits a principal tag, a key and a log line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Name(
    #[cfg_attr(
        feature = "schema",
        schemars(regex(pattern = "^[a-z][a-z0-9_-]{0,63}$"))
    )]
    String,
);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let letter = text.starts_with(|c: char| c.is_ascii_lowercase());
        let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        if letter && text.len() <= 64 && text.chars().all(rest) {
            Ok(Self(text))
        } else {
            Err("a name is 1 to 64 of a-z, 0-9, - and _, beginning with a letter")
        }
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

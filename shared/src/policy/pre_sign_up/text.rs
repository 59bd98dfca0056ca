//! `user_name` and `attribute`: what a text must be like.

use std::collections::BTreeSet;

use regex_lite::Regex;
use serde::Deserialize;

use super::super::bounded::Bounded;

/// What a text must be like.
#[derive(Debug, Clone, Default)]
pub struct TextRules {
    /// The whole of it fits this.
    pub pattern: Option<Pattern>,
    /// It has at least so many characters.
    pub min_length: Option<usize>,
    /// It has at most so many characters.
    pub max_length: Option<usize>,
}

/// What a user name must be like.
#[derive(Debug, Clone, Default)]
pub struct UserName {
    /// As a text.
    pub text: TextRules,
    /// Words that it must not be, in lower case.
    pub reserved: BTreeSet<String>,
}

/// What an attribute must be like.
#[derive(Debug, Clone, Default)]
pub struct Attribute {
    /// Its name, as Cognito knows it.
    pub name: String,
    /// Whether it must be there, and not empty.
    pub required: bool,
    /// As a text.
    pub text: TextRules,
    /// The values that it may have; none are listed for any.
    pub values: BTreeSet<String>,
}

/// A regular expression that must fit the whole text.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String")
)]
pub struct Pattern(Regex);

/// What a user name must be like. In a pool where people sign up with an e-mail address, the user name is
/// an identifier that Cognito makes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "UserName")
)]
pub(super) struct WrittenUserName {
    /// A regular expression (Rust's `regex` syntax, without Unicode classes) that must fit the whole name.
    pattern: Option<Pattern>,
    /// Characters, at least.
    min_length: Option<Bounded<1, 128>>,
    /// Characters, at most.
    max_length: Option<Bounded<1, 128>>,
    /// Words that it must not be, in any case.
    #[serde(default)]
    reserved: BTreeSet<String>,
}

/// What an attribute must be like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Attribute")
)]
pub(super) struct WrittenAttribute {
    /// Its name, as Cognito knows it (`custom:` included).
    name: String,
    /// Whether it must be there, and not empty. What is not there is not checked otherwise.
    #[serde(default)]
    required: bool,
    /// A regular expression (Rust's `regex` syntax, without Unicode classes) that must fit the whole value.
    pattern: Option<Pattern>,
    /// The values that it may have.
    #[serde(default)]
    values: BTreeSet<String>,
    /// Characters, at least.
    min_length: Option<Bounded<1, 2048>>,
    /// Characters, at most.
    max_length: Option<Bounded<1, 2048>>,
}

impl TextRules {
    fn is_empty(&self) -> bool {
        self.pattern.is_none() && self.min_length.is_none() && self.max_length.is_none()
    }
}

impl UserName {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reserved.is_empty()
    }
}

impl Attribute {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.values.is_empty() && !self.required
    }
}

impl From<WrittenUserName> for UserName {
    fn from(written: WrittenUserName) -> Self {
        let reserved = written.reserved.iter().map(|word| word.to_lowercase());
        Self {
            reserved: reserved.collect(),
            text: TextRules {
                pattern: written.pattern,
                min_length: written.min_length.map(length),
                max_length: written.max_length.map(length),
            },
        }
    }
}

impl From<WrittenAttribute> for Attribute {
    fn from(written: WrittenAttribute) -> Self {
        Self {
            name: written.name,
            required: written.required,
            values: written.values,
            text: TextRules {
                pattern: written.pattern,
                min_length: written.min_length.map(length),
                max_length: written.max_length.map(length),
            },
        }
    }
}

impl Pattern {
    /// Whether the whole of `text` fits.
    pub fn fits(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl TryFrom<String> for Pattern {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        // By itself first: `a)(b` would be sound only between our parentheses.
        Regex::new(&text)
            .and_then(|_| Regex::new(&format!("^(?:{text})$")))
            .map(Self)
            .map_err(|_| "expected a regular expression")
    }
}

fn length<const MIN: u32, const MAX: u32>(bounded: Bounded<MIN, MAX>) -> usize {
    usize::try_from(bounded.get()).unwrap_or(usize::MAX)
}

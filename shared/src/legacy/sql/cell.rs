//! A value of a row, as far as it means something here.

use std::collections::BTreeSet;

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// NULL, or a type that the query should cast to text.
    Nothing,
    Text(String),
    Octets(Vec<u8>),
    Integer(i64),
    Boolean(bool),
    Texts(Vec<String>),
}

impl Cell {
    /// The text of a scalar.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Nothing | Self::Texts(_) => None,
            Self::Text(text) => Some(text),
            Self::Octets(octets) => String::from_utf8(octets).ok(),
            Self::Integer(number) => Some(number.to_string()),
            Self::Boolean(flag) => Some(flag.to_string()),
        }
    }

    /// A stored hash; empty where it is none.
    pub(super) fn into_octets(self) -> Vec<u8> {
        match self {
            Self::Octets(octets) => octets,
            Self::Text(text) => text.into_bytes(),
            _ => Vec::new(),
        }
    }

    /// Names with commas between them, or an array of them.
    pub(super) fn into_names(self) -> BTreeSet<String> {
        let names = match self {
            Self::Texts(names) => names,
            other => {
                let text = other.into_text().unwrap_or_default();
                text.split(',').map(str::to_owned).collect()
            }
        };
        let names = names.iter().map(|name| name.trim());
        let names = names.filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    }

    /// MySQL has no boolean: 1 is true there. Whatever is neither is an export gone wrong, and false, the safer of
    /// both.
    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Boolean(true) | Self::Integer(1))
    }
}

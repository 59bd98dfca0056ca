//! How a name that was typed becomes a key of a store.

use serde::Deserialize;

/// How a name that was typed becomes a key of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Lookup {
    /// As it was typed.
    #[default]
    AsTyped,
    /// Without surrounding white space, in lower case.
    LowerCase,
    /// As it was typed, and in lower case where that finds nobody. Where both find somebody, a pool that
    /// does not regard case cannot tell the two apart, and neither moves in.
    AsTypedThenLowerCase,
}

/// Longest partition key of DynamoDB, octets (Amazon DynamoDB developer guide, "Quotas"). No store here has
/// a longer one.
const MAX_KEY: usize = 2048;

impl Lookup {
    /// The keys of `typed`, the first of which counts most; none for a name that is nobody's.
    pub fn keys(self, typed: &str) -> Vec<String> {
        let folded = typed.trim().to_lowercase();
        let mut keys = match self {
            Self::AsTyped => vec![typed.to_owned()],
            Self::LowerCase => vec![folded],
            Self::AsTypedThenLowerCase => vec![typed.to_owned(), folded],
        };
        keys.dedup();
        keys.retain(|key| !key.is_empty() && key.len() <= MAX_KEY);
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_as_the_policy_says() {
        assert_eq!(Lookup::AsTyped.keys(" Ana "), [" Ana "]);
        assert_eq!(Lookup::LowerCase.keys(" Ana "), ["ana"]);
        assert_eq!(Lookup::AsTypedThenLowerCase.keys("Ana"), ["Ana", "ana"]);
        assert_eq!(Lookup::AsTypedThenLowerCase.keys("ana"), ["ana"]);
    }

    #[test]
    fn a_name_that_no_store_can_hold_has_no_key() {
        assert!(Lookup::LowerCase.keys("  ").is_empty());
        assert!(Lookup::AsTyped.keys(&"x".repeat(2049)).is_empty());
    }
}

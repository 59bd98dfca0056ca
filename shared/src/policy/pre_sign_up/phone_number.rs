//! `phone_number`: prefixes of phone numbers that are let in or kept out.

use serde::Deserialize;

/// Prefixes of phone numbers that are let in or kept out. The longest prefix that fits decides; where both
/// lists have it, `deny`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhoneNumber {
    /// Only these, where the list is given.
    pub allow: Option<Vec<PhonePrefix>>,
    /// Not these.
    #[serde(default)]
    pub deny: Vec<PhonePrefix>,
}

/// `+` and the first digits of a number in E.164: a country's calling code, or more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhonePrefix(
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"^\+[1-9][0-9]{0,14}$")))] String,
);

impl PhonePrefix {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhonePrefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let digits = text.strip_prefix('+').unwrap_or_default();
        let digit = |octet: u8| octet.is_ascii_digit();
        if (1..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(digit)
        {
            Ok(Self(text))
        } else {
            Err("expected + and 1 to 15 digits, the first of them not 0")
        }
    }
}

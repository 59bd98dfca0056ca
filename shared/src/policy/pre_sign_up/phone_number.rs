//! `phone_number`: prefixes and countries of phone numbers that are let in or kept out.

use serde::Deserialize;

use crate::phone::{Country, UnknownCountry};

/// Phone numbers that are let in or kept out, by prefix or by country. The longest prefix that fits decides, where a
/// country counts as the digits that tell it; where both lists are alike in that, `deny`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PhoneNumber {
    /// Only these, where the list is given.
    pub allow: Option<Vec<PhoneNumbers>>,
    /// Not these.
    #[serde(default)]
    pub deny: Vec<PhoneNumbers>,
}

/// Some of all phone numbers: `+` and the digits that they begin with, or the ISO 3166-1 code of a country; `001` is
/// the numbers of no country.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(with = "String")
)]
pub enum PhoneNumbers {
    /// Those that begin so.
    Beginning(PhonePrefix),
    /// Those of a country.
    Of(Country),
}

impl TryFrom<String> for PhoneNumbers {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with('+') {
            return Ok(Self::Beginning(text.try_into()?));
        }
        let country = text.parse().map(Self::Of);
        country.map_err(|unknown: UnknownCountry| format!("{unknown}; or + and 1 to 15 digits"))
    }
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

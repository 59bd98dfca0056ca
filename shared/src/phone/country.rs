//! The country of a phone number, by how the number begins.

use std::{fmt, str::FromStr};

/// Countries and their beginnings, as tools/phone-countries.py writes them.
const TABLE: &str = include_str!("countries.txt");

/// A country that has phone numbers, by its ISO 3166-1 alpha-2 code (and `AC`, `TA` and `XK`, which have numbers and
/// no code of their own); `001` stands for numbers of no country: satellites, and services of the whole world.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Country(&'static str);

/// Why a text is no country of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected the ISO 3166-1 code of a country that has phone numbers, such as AT, or 001 for numbers of none"
)]
pub struct UnknownCountry;

impl Country {
    /// The country of an E.164 number, and how much of the number tells it, `+` included; `None` where the table has
    /// no such beginning. Numbers that several countries share are the first one's, as in libphonenumber.
    pub fn of(number: &str) -> Option<(Self, usize)> {
        let digits = number.strip_prefix('+')?;
        let fits = rows().flat_map(|(country, beginnings)| {
            let fits = beginnings.filter(|beginning| digits.starts_with(*beginning));
            fits.map(move |beginning| (Self(country), 1 + beginning.len()))
        });
        fits.max_by_key(|(_, length)| *length)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Self, UnknownCountry> {
        let known = rows().find(|(country, _)| *country == text);
        known
            .map(|(country, _)| Self(country))
            .ok_or(UnknownCountry)
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn rows() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let (country, beginnings) = line.split_once(' ')?;
        Some((country, beginnings.split(' ')))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn countries_that_share_a_code_are_told_apart_by_what_follows() {
        for (number, country) in [
            ("+12125550100", Some("US")),
            ("+14165550100", Some("CA")),
            ("+18765550100", Some("JM")),
            ("+18095550100", Some("DO")),
            ("+77011234567", Some("KZ")),
            ("+79161234567", Some("RU")),
            ("+447400123456", Some("GB")),
            ("+441534123456", Some("JE")),
            ("+441624123456", Some("IM")),
            ("+393123456789", Some("IT")),
            ("+390669812345", Some("VA")),
            ("+61412345678", Some("AU")),
            ("+4791234567", Some("NO")),
            ("+4779123456", Some("SJ")),
            ("+436601234567", Some("AT")),
            // Of all that share +1; the library has them for the first.
            ("+18005550100", Some("US")),
            // A satellite, and a code and an area that nobody has.
            ("+881612345678", Some("001")),
            ("+999123456", None),
            ("+10005550100", None),
            ("12125550100", None),
            ("+1", None),
        ] {
            let told = Country::of(number).map(|(country, _)| country.0);
            assert_eq!(told, country, "{number}");
        }
        assert_eq!(
            Country::of("+18765550100").map(|(_, length)| length),
            Some(5)
        );
    }

    #[test]
    fn the_table_is_whole() {
        let mut seen = BTreeSet::new();
        for (country, beginnings) in rows() {
            let letters = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
            assert!(letters || country == "001", "{country}");
            for beginning in beginnings {
                let digit = |b: u8| b.is_ascii_digit();
                assert!(
                    !beginning.is_empty() && beginning.bytes().all(digit),
                    "{beginning}"
                );
                assert!(seen.insert(beginning), "{beginning} twice");
            }
        }
        assert!(seen.len() > 1_000);
        for unknown in ["UK", "at", "", "1", "0", "#", "AT "] {
            assert_eq!(unknown.parse::<Country>(), Err(UnknownCountry), "{unknown}");
        }
        assert_eq!(format!("{:?}", "GB".parse::<Country>()), "Ok(GB)");
    }
}

//! Phone numbers, as Cognito takes them.

mod country;

pub use self::country::{Country, UnknownCountry};

/// Whether this is an E.164 number: `+`, and up to 15 digits of which the first is no zero (ITU-T E.164,
/// section 6; Cognito's Developer Guide, "Working with user attributes").
pub fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else {
        return false;
    };
    (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number as E.164, from how people write it: spaces, hyphens, dots, slashes and brackets count for
/// nothing, `00` stands for `+`, and a number without either is one of the country `country_code`, behind
/// one leading zero or none. `None` where that makes no number.
pub fn to_e164(text: &str, country_code: Option<&str>) -> Option<String> {
    let plain = |c: &char| !c.is_whitespace() && !"-./()".contains(*c);
    let number: String = text.chars().filter(plain).collect();
    let number = if number.starts_with('+') {
        number
    } else if let Some(international) = number.strip_prefix("00") {
        format!("+{international}")
    } else {
        let national = number.strip_prefix('0').unwrap_or(&number);
        if national.is_empty() {
            return None;
        }
        format!("+{}{national}", country_code?)
    };
    is_e164(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plus_and_up_to_fifteen_digits_are_a_number() {
        for good in ["+12345550100", "+49", "+123456789012345"] {
            assert!(is_e164(good), "{good}");
        }
        for bad in [
            "",
            "+",
            "+1",
            "12345550100",
            "0049 30 1",
            "+1 234",
            "+0123456",
            "+1234567890123456",
            "+１２３",
        ] {
            assert!(!is_e164(bad), "{bad}");
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        for (written, number) in [
            ("+49 30 123-456", Some("+4930123456")),
            ("0049 (30) 123456", Some("+4930123456")),
            ("030/123.456", Some("+4930123456")),
            ("30 123456", Some("+4930123456")),
            ("unknown", None),
            ("", None),
            ("+", None),
        ] {
            assert_eq!(to_e164(written, Some("49")).as_deref(), number, "{written}");
        }
        assert_eq!(to_e164("030 123456", None), None);
        assert_eq!(to_e164("+1 555 0100", None).as_deref(), Some("+15550100"));
    }
}

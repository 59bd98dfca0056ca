//! Phone numbers, as Cognito takes them.

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
}

//! `phone_number`: the phone number's prefix, against lists in the policy.

use shared::policy::{PhoneNumber, PhonePrefix};

use crate::{Applicant, judge::Finding};

/// What the lists say of the phone number. Without one nothing is sent to it, so that there is nothing to
/// object to.
pub(super) fn examine(prefixes: &PhoneNumber, applicant: &Applicant<'_>) -> Finding {
    let Some(number) = applicant.attribute("phone_number") else {
        return Finding::Clear;
    };
    if !is_e164(number) {
        return Finding::undecided("invalid-phone-number");
    }
    let longest = |list: &[PhonePrefix]| {
        let fits = list
            .iter()
            .filter(|prefix| number.starts_with(prefix.as_str()));
        fits.map(|prefix| prefix.as_str().len()).max()
    };
    let denied = longest(&prefixes.deny);
    let allowed = prefixes.allow.as_deref().and_then(longest);
    match (denied, allowed) {
        (Some(denied), allowed) if allowed.is_none_or(|allowed| denied >= allowed) => {
            Finding::Objection("phone-prefix-denied")
        }
        (_, None) if prefixes.allow.is_some() => Finding::Objection("phone-prefix-not-allowed"),
        _ => Finding::Clear,
    }
}

/// `+` and at most 15 digits (ITU-T E.164), as Cognito requires of `phone_number`.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (3..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|octet| octet.is_ascii_digit())
    })
}

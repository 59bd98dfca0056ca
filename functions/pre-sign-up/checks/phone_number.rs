//! `phone_number`: the phone number's prefix and country, against lists in the policy.

use shared::{
    phone::{Country, is_e164},
    policy::{PhoneNumber, PhoneNumbers},
};

use crate::{Applicant, judge::Finding};

/// What of a number an entry of a list fits: how much, and whether by country.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    length: usize,
    by_country: bool,
}

/// What the lists say of the phone number. Without one nothing is sent to it, so that there is nothing to
/// object to.
pub(super) fn examine(lists: &PhoneNumber, applicant: &Applicant<'_>) -> Finding {
    let Some(number) = applicant.attribute("phone_number") else {
        return Finding::Clear;
    };
    if !is_e164(number) {
        return Finding::undecided("invalid-phone-number");
    }
    let allow = lists.allow.as_deref();
    let name_countries = |list: &[PhoneNumbers]| {
        let mut entries = list.iter();
        entries.any(|entry| matches!(entry, PhoneNumbers::Of(_)))
    };
    let (denies_countries, allows_countries) = (
        name_countries(&lists.deny),
        allow.is_some_and(name_countries),
    );
    let country = match denies_countries || allows_countries {
        true => Country::of(number),
        false => None,
    };
    let denied = longest(&lists.deny, number, country);
    let allowed = allow.and_then(|list| longest(list, number, country));
    match (denied, allowed) {
        (Some(denied), allowed) if allowed.is_none_or(|fit| denied.length >= fit.length) => {
            Finding::Objection(match denied.by_country {
                true => "phone-country-denied",
                false => "phone-prefix-denied",
            })
        }
        // It may be one that is denied, or one that is let in.
        (_, allowed)
            if country.is_none() && (denies_countries || allowed.is_none() && allows_countries) =>
        {
            Finding::undecided("phone-country-unknown")
        }
        (_, None) if allows_countries => Finding::Objection("phone-country-not-allowed"),
        (_, None) if allow.is_some() => Finding::Objection("phone-prefix-not-allowed"),
        _ => Finding::Clear,
    }
}

/// The entry that fits most of the number.
fn longest(list: &[PhoneNumbers], number: &str, country: Option<(Country, usize)>) -> Option<Fit> {
    let fits = list.iter().filter_map(|entry| match entry {
        PhoneNumbers::Beginning(prefix) => number.starts_with(prefix.as_str()).then(|| Fit {
            length: prefix.as_str().len(),
            by_country: false,
        }),
        PhoneNumbers::Of(this) => country.filter(|(of, _)| of == this).map(|(_, length)| Fit {
            length,
            by_country: true,
        }),
    });
    fits.max()
}

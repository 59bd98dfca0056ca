//! `attribute`: what one attribute must be like.

use shared::policy::Attribute;

use super::text::{TextFault, fault};
use crate::{Applicant, judge::Finding};

/// What the rules say of the attribute. One that is not there and need not be is clear.
pub(super) fn examine(rules: &Attribute, applicant: &Applicant<'_>) -> Finding {
    let Some(value) = applicant.attribute(&rules.name) else {
        return if rules.required {
            Finding::Objection("attribute-missing")
        } else {
            Finding::Clear
        };
    };
    if !rules.values.is_empty() && !rules.values.contains(value) {
        return Finding::Objection("attribute-value");
    }
    match fault(&rules.text, value) {
        None => Finding::Clear,
        Some(TextFault::TooShort) => Finding::Objection("attribute-too-short"),
        Some(TextFault::TooLong) => Finding::Objection("attribute-too-long"),
        Some(TextFault::Pattern) => Finding::Objection("attribute-pattern"),
    }
}

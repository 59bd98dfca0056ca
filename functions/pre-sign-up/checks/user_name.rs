//! `user_name`: what a user name must be like.

use shared::policy::UserName;

use super::text::{TextFault, fault};
use crate::{Applicant, judge::Finding};

/// What the rules say of the user name.
pub(super) fn examine(rules: &UserName, applicant: &Applicant<'_>) -> Finding {
    let Some(name) = applicant.user_name else {
        return Finding::undecided("no-user-name");
    };
    if rules.reserved.contains(&name.to_lowercase()) {
        return Finding::Objection("user-name-reserved");
    }
    match fault(&rules.text, name) {
        None => Finding::Clear,
        Some(TextFault::TooShort) => Finding::Objection("user-name-too-short"),
        Some(TextFault::TooLong) => Finding::Objection("user-name-too-long"),
        Some(TextFault::Pattern) => Finding::Objection("user-name-pattern"),
    }
}

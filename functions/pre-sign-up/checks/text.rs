//! What a text must be like, for the checks that look at one.

use shared::policy::TextRules;

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFault {
    TooShort,
    TooLong,
    Pattern,
}

/// The first thing that is wrong with `text`. Lengths come first: they bound the pattern's work.
pub(super) fn fault(rules: &TextRules, text: &str) -> Option<TextFault> {
    let length = text.chars().count();
    if rules.min_length.is_some_and(|least| length < least) {
        return Some(TextFault::TooShort);
    }
    if rules.max_length.is_some_and(|most| length > most) {
        return Some(TextFault::TooLong);
    }
    let fits = |pattern: &shared::policy::Pattern| pattern.fits(text);
    (!rules.pattern.as_ref().is_none_or(fits)).then_some(TextFault::Pattern)
}

//! What a text must be like, for the checks that look at one.

use shared::policy::TextRules;

/// Longest text that a pattern is tried on, characters: Cognito's limit of an attribute ("AttributeType", API reference),
/// and the largest `max_length` of the policy. What is longer would keep the pattern busy for seconds.
const LONGEST: usize = 2048;

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
    let longest = rules.pattern.as_ref().map(|_| LONGEST);
    let most = rules.max_length.or(longest);
    if most.is_some_and(|most| length > most) {
        return Some(TextFault::TooLong);
    }
    let fits = |pattern: &shared::policy::Pattern| pattern.fits(text);
    (!rules.pattern.as_ref().is_none_or(fits)).then_some(TextFault::Pattern)
}

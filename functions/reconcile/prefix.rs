//! The parts of a pool, by what a `sub` begins with: a part is listed without a break, for the token that
//! leads to the next page expires within the hour.

/// Where a pass begins.
pub(crate) const FIRST: &str = "0";

/// The part after `prefix`; none after the last. A part that was split is left once its own are done.
pub(crate) fn next(prefix: &str) -> Option<String> {
    let kept = prefix.trim_end_matches('f');
    let last = kept.chars().next_back()?;
    let digit = char::from_digit(last.to_digit(16)? + 1, 16)?;
    let before = kept.get(..kept.len() - last.len_utf8())?;
    Some(format!("{before}{digit}"))
}

/// The first of the sixteen parts of a part that took longer than its token lives.
pub(crate) fn split(prefix: &str) -> String {
    format!("{prefix}{FIRST}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_follow_each_other_and_leave_nothing_out() {
        let parts = std::iter::successors(Some(FIRST.to_owned()), |part| next(part));
        let parts: Vec<String> = parts.collect();
        assert_eq!(parts.concat(), "0123456789abcdef");
    }

    #[test]
    fn a_part_that_is_split_is_sixteen_and_then_the_next() {
        for (part, after) in [
            ("00", "01"),
            ("09", "0a"),
            ("0f", "1"),
            ("0ff", "1"),
            ("0ef", "0f"),
        ] {
            assert_eq!(next(part).as_deref(), Some(after), "{part}");
        }
        assert_eq!(split("0"), "00");
        for last in ["f", "ff"] {
            assert_eq!(next(last), None, "{last}");
        }
    }
}

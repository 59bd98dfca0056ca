//! A query without its quotations and comments.
//!
//! PostgreSQL manual, "Lexical Structure"; MySQL reference manual, "Language Structure".

use super::{Engine, InvalidQuery};

/// Whatever is not of ASCII may be part of a name, for both.
pub(super) fn is_of_a_name(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || matches!(symbol, '_' | '$') || !symbol.is_ascii()
}

/// The text with a space for each quotation and each comment.
///
/// # Errors
/// When one of them does not end, or when servers differ in what it is.
pub(super) fn bare(engine: Engine, text: &str) -> Result<String, InvalidQuery> {
    if text.contains('\0') {
        return Err(InvalidQuery::Nul);
    }
    let mut bare = String::new();
    let mut rest = text;
    while let Some(symbol) = rest.chars().next() {
        let length = match quoted(engine, &bare, rest)? {
            0 => {
                bare.push(symbol);
                symbol.len_utf8()
            }
            length => {
                bare.push(' ');
                length
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(bare)
}

/// How many octets of `rest` are one quotation or comment that begins there; 0 where none does. `before` is what came
/// before.
fn quoted(engine: Engine, before: &str, rest: &str) -> Result<usize, InvalidQuery> {
    let mysql = engine == Engine::MySql;
    let after_a_name = before.chars().next_back().is_some_and(is_of_a_name);
    let mut symbols = rest.chars();
    let length = match (symbols.next(), symbols.next()) {
        (Some('\''), _) if !mysql && escapes(before) => until_quote(rest, '\'', true),
        (Some('\''), _) => return until_any_quote(rest, '\''),
        (Some('"'), _) if mysql => return until_any_quote(rest, '"'),
        (Some('"'), _) => until_quote(rest, '"', false),
        (Some('`'), _) if mysql => until_quote(rest, '`', false),
        (Some('#'), _) if mysql => Some(until_line_end(rest, &['\n'])),
        // MySQL wants white space or a control character behind the two.
        (Some('-'), Some('-'))
            if mysql
                && symbols
                    .next()
                    .is_none_or(|next| next == ' ' || next.is_ascii_control()) =>
        {
            Some(until_line_end(rest, &['\n']))
        }
        (Some('-'), Some('-')) if !mysql => Some(until_line_end(rest, &['\n', '\r'])),
        (Some('/'), Some('*')) => {
            if mysql
                && ["/*!", "/*M!"]
                    .iter()
                    .any(|executed| rest.starts_with(executed))
            {
                return Err(InvalidQuery::ExecutedComment);
            }
            until_comment_end(rest, !mysql)
        }
        (Some('$'), _) if !mysql && !after_a_name => dollar_quoted(rest),
        _ => Some(0),
    };
    length.ok_or(InvalidQuery::Unterminated)
}

/// Whether a string that follows is one of PostgreSQL's with escapes: `E'…'`.
fn escapes(before: &str) -> bool {
    let mut back = before.chars().rev();
    matches!(back.next(), Some('e' | 'E')) && !back.next().is_some_and(is_of_a_name)
}

/// Up to the mark that ends it, where settings say whether a backslash escapes (`NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`,
/// `standard_conforming_strings`), or what the string continues: it must not matter.
fn until_any_quote(rest: &str, mark: char) -> Result<usize, InvalidQuery> {
    match [true, false].map(|backslashes| until_quote(rest, mark, backslashes)) {
        [None, None] => Err(InvalidQuery::Unterminated),
        [Some(one), Some(other)] if one == other => Ok(one),
        _ => Err(InvalidQuery::Backslash),
    }
}

/// Up to the quotation mark that ends it: two of them are one, and one behind a backslash is none where those escape.
fn until_quote(rest: &str, mark: char, backslashes: bool) -> Option<usize> {
    let inner = rest.strip_prefix(mark)?;
    let mut symbols = inner.char_indices().peekable();
    while let Some((index, symbol)) = symbols.next() {
        if backslashes && symbol == '\\' {
            symbols.next();
        } else if symbol == mark && symbols.next_if(|(_, next)| *next == mark).is_none() {
            return Some(mark.len_utf8() + index + mark.len_utf8());
        }
    }
    None
}

fn until_line_end(rest: &str, ends: &[char]) -> usize {
    rest.find(ends).unwrap_or(rest.len())
}

/// Up to the end of a comment, in which others may be.
fn until_comment_end(rest: &str, nested: bool) -> Option<usize> {
    let mut depth = 0_u32;
    let mut index = 0;
    while let Some(here) = rest.get(index..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") && (nested || depth == 0) {
            depth += 1;
            index += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return Some(index);
            }
        } else {
            index += here.chars().next()?.len_utf8();
        }
    }
    None
}

/// PostgreSQL's `$tag$ … $tag$`; 0 where it is none.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let Some((tag, _)) = rest
        .strip_prefix('$')
        .and_then(|inner| inner.split_once('$'))
    else {
        return Some(0);
    };
    if tag.starts_with(|first: char| first.is_ascii_digit()) || !tag.chars().all(is_of_a_name) {
        return Some(0);
    }
    let mark = rest.get(..tag.len() + 2)?;
    let end = rest.get(mark.len()..)?.find(mark)?;
    Some(mark.len() * 2 + end)
}

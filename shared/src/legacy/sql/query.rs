//! A query of the policy: one statement that reads, whose only parameter is the name that was typed.
//!
//! The database says in the end what a statement is, and prepares no two at once. What is looked at here finds, when
//! the policy loads, what would otherwise fail at the first sign-in.

use super::Engine;

/// A query, ready to be prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(String);

/// Why a text is no query. Says what was expected, and nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuery {
    /// It changes something, or is no query at all.
    #[error("expected a query that begins with SELECT or WITH")]
    ReadsNothing,
    /// Another statement follows.
    #[error("expected one statement")]
    Several,
    /// Nothing stands for what was typed.
    #[error(
        "expected the parameter {0} where the name that was typed belongs, and not in quotation marks"
    )]
    NoParameter(&'static str),
    /// A parameter for which there is nothing.
    #[error("expected no parameter but $1: there is one value, the name that was typed")]
    OtherParameter,
    /// A quotation or a comment does not end.
    #[error("expected every quotation and every comment to end")]
    Unterminated,
}

impl Query {
    /// A query for `engine`. A parameter may be there several times, and is the same each time.
    ///
    /// # Errors
    /// [`InvalidQuery`].
    pub fn parse(engine: Engine, text: &str) -> Result<Self, InvalidQuery> {
        let bare = bare(engine, text).ok_or(InvalidQuery::Unterminated)?;
        let bare = bare.trim();
        let bare = bare.strip_suffix(';').unwrap_or(bare);
        if bare.contains(';') {
            return Err(InvalidQuery::Several);
        }
        let first: String = bare
            .trim_start_matches(|symbol: char| symbol == '(' || symbol.is_whitespace())
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        if !["select", "with"].contains(&first.to_ascii_lowercase().as_str()) {
            return Err(InvalidQuery::ReadsNothing);
        }
        match engine {
            Engine::MySql if !bare.contains('?') => return Err(InvalidQuery::NoParameter("?")),
            Engine::MySql => {}
            Engine::PostgreSql => {
                let parameters = numbered(bare);
                if parameters.is_empty() {
                    return Err(InvalidQuery::NoParameter("$1"));
                }
                if parameters.iter().any(|number| number != "1") {
                    return Err(InvalidQuery::OtherParameter);
                }
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The query as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The digits of every `$1`.
fn numbered(bare: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut before = ' ';
    let mut rest = bare.chars();
    while let Some(symbol) = rest.next() {
        if symbol == '$' && !is_of_a_name(before) {
            let digits = rest.as_str().chars().take_while(char::is_ascii_digit);
            let digits: String = digits.collect();
            if !digits.is_empty() {
                numbers.push(digits);
            }
        }
        before = symbol;
    }
    numbers
}

fn is_of_a_name(symbol: char) -> bool {
    symbol.is_alphanumeric() || symbol == '_' || symbol == '$'
}

/// The text with a space for each quotation and each comment, if all of them end.
///
/// PostgreSQL manual, "Lexical Structure"; MySQL reference manual, "Language Structure".
fn bare(engine: Engine, text: &str) -> Option<String> {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(symbol) = rest.chars().next() {
        match quoted(engine, &bare, rest)? {
            0 => {
                bare.push(symbol);
                rest = rest.get(symbol.len_utf8()..)?;
            }
            length => {
                bare.push(' ');
                rest = rest.get(length..)?;
            }
        }
    }
    Some(bare)
}

/// How many octets of `rest` are one quotation or comment that begins there; 0 where none does, `None` where one does
/// not end. `before` is what came before.
fn quoted(engine: Engine, before: &str, rest: &str) -> Option<usize> {
    let mysql = engine == Engine::MySql;
    let after_a_name = before.chars().next_back().is_some_and(is_of_a_name);
    let mut symbols = rest.chars();
    match (symbols.next()?, symbols.next()) {
        ('\'', _) => until_quote(rest, '\'', mysql || escapes(before)),
        ('"', _) => until_quote(rest, '"', mysql),
        ('`', _) if mysql => until_quote(rest, '`', false),
        ('#', _) if mysql => Some(until_line_end(rest)),
        // MySQL wants white space behind the two.
        ('-', Some('-')) if !mysql || symbols.next().is_none_or(char::is_whitespace) => {
            Some(until_line_end(rest))
        }
        ('/', Some('*')) => until_comment_end(rest, !mysql),
        ('$', _) if !mysql && !after_a_name => dollar_quoted(rest),
        _ => Some(0),
    }
}

/// Whether a string that follows is one of PostgreSQL's with escapes: `E'…'`.
fn escapes(before: &str) -> bool {
    let mut back = before.chars().rev();
    matches!(back.next(), Some('e' | 'E')) && !back.next().is_some_and(is_of_a_name)
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

fn until_line_end(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
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
    let inner = rest.strip_prefix('$')?;
    let length = inner.find(|symbol: char| !is_of_a_name(symbol) || symbol == '$');
    let Some(length) =
        length.filter(|at| inner.get(*at..).is_some_and(|tail| tail.starts_with('$')))
    else {
        return Some(0);
    };
    if inner.starts_with(|symbol: char| symbol.is_ascii_digit()) {
        return Some(0);
    }
    let mark = rest.get(..length + 2)?;
    let end = rest.get(mark.len()..)?.find(mark)?;
    Some(mark.len() * 2 + end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn postgres(text: &str) -> Result<Query, InvalidQuery> {
        Query::parse(Engine::PostgreSql, text)
    }

    fn mysql(text: &str) -> Result<Query, InvalidQuery> {
        Query::parse(Engine::MySql, text)
    }

    #[test]
    fn a_query_of_each_engine_is_kept_as_it_is_written() {
        for text in [
            "SELECT id, password_hash FROM users WHERE lower(email) = $1",
            "select * from users where email = $1 or phone = $1 ;\n",
            "WITH u AS (SELECT * FROM users) SELECT * FROM u WHERE \"weird;name\" = $1 -- one; two",
            "(SELECT 'it''s; $2' AS name, E'\\'; $2' AS more FROM users WHERE email = $1)",
            "SELECT $tag$ ; $2 $$ $tag$, $$;$2$$, a$2 FROM users /* ; /* $2 */ ; */ WHERE email = $1",
        ] {
            assert_eq!(postgres(text).unwrap().text(), text);
        }
        for text in [
            "SELECT id, password_hash FROM users WHERE email = ?",
            "SELECT * FROM `weird;name` WHERE email = ? OR phone = ?; # done; really",
            "SELECT \"a;b\", 'it\\';s', '?' /* ; */ FROM users WHERE email = ? -- x;",
            "SELECT 1--1 FROM users WHERE email = ?",
        ] {
            assert_eq!(mysql(text).unwrap().text(), text);
        }
    }

    #[test]
    fn the_parameter_is_there_outside_of_quotations_and_it_is_the_only_one() {
        let none = Err(InvalidQuery::NoParameter("$1"));
        for text in [
            "SELECT 1",
            "SELECT * FROM users WHERE email = '$1'",
            "SELECT * FROM users WHERE email = ? -- $1",
            "SELECT $$ $1 $$ FROM users",
        ] {
            assert_eq!(postgres(text), none, "{text}");
        }
        for text in [
            "SELECT * FROM users WHERE email = $1 AND tenant = $2",
            "SELECT * FROM users WHERE email = $10",
        ] {
            assert_eq!(postgres(text), Err(InvalidQuery::OtherParameter), "{text}");
        }
        let none = Err(InvalidQuery::NoParameter("?"));
        for text in [
            "SELECT * FROM users WHERE email = '?'",
            "SELECT * FROM users WHERE email = $1 # ?",
            "SELECT \"?\" FROM users",
        ] {
            assert_eq!(mysql(text), none, "{text}");
        }
    }

    #[test]
    fn a_second_statement_and_one_that_writes_are_refused() {
        for engine in [Engine::PostgreSql, Engine::MySql] {
            let refused = |text| Query::parse(engine, text);
            for text in [
                "SELECT $1, ?; DELETE FROM users",
                "SELECT $1, ? ;; ",
                "SELECT $1, '?' , ?; -- a comment\nSELECT 1",
            ] {
                assert_eq!(refused(text), Err(InvalidQuery::Several), "{text}");
            }
            for text in [
                "",
                "$1",
                "DELETE FROM users WHERE email IN ($1, ?)",
                "selection $1 ?",
                "/* SELECT */ UPDATE users SET email = $1, name = ?",
            ] {
                assert_eq!(refused(text), Err(InvalidQuery::ReadsNothing), "{text}");
            }
        }
    }

    #[test]
    fn what_does_not_end_is_refused() {
        for text in [
            "SELECT '$1",
            "SELECT \"$1",
            "SELECT $a$ $1 $b$",
            "SELECT $1 /* /* */",
        ] {
            assert_eq!(postgres(text), Err(InvalidQuery::Unterminated), "{text}");
        }
        for text in ["SELECT 'it\\' ?", "SELECT `?", "SELECT ? /*"] {
            assert_eq!(mysql(text), Err(InvalidQuery::Unterminated), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_panics(text in "(\\PC|'|\"|`|[$]|[$]a[$]|/[*]|[*]/|--|#|\n|;|[?]|E'|\\\\){0,40}") {
            for engine in [Engine::PostgreSql, Engine::MySql] {
                let read = Query::parse(engine, &format!("SELECT $1, ? {text}"));
                prop_assert!(read.is_err() || read.unwrap().text().ends_with(&text));
            }
        }
    }
}

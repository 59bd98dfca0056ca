//! A query of the policy: one statement that reads, whose only parameter is the name that was typed.
//!
//! The database says in the end what a statement is and how many parameters it has, and prepares no two at once. What is
//! looked at here finds, when the policy loads, what would otherwise fail at the first sign-in. A text that two servers
//! could read in two ways is refused.

mod lexical;

use self::lexical::{bare, is_of_a_name};
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
    /// A quotation whose end is a matter of the server's settings.
    #[error(
        "expected no backslash before a quotation mark, for servers differ in what that means: two quotation marks are one"
    )]
    Backslash,
    /// A comment that some servers execute.
    #[error("expected no comment that MySQL or MariaDB executes: /*! or /*M!")]
    ExecutedComment,
    /// A server's text would end there.
    #[error("expected no NUL")]
    Nul,
}

impl Query {
    /// A query for `engine`. A parameter may be there several times, and is the same each time.
    ///
    /// # Errors
    /// [`InvalidQuery`].
    pub fn parse(engine: Engine, text: &str) -> Result<Self, InvalidQuery> {
        let bare = bare(engine, text)?;
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
            Engine::MySql if !has_mark(bare) => return Err(InvalidQuery::NoParameter("?")),
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

/// Whether there is a `?`. One with a name right behind it is a parameter of no server.
fn has_mark(bare: &str) -> bool {
    let mut after = bare.split('?').skip(1);
    after.any(|after| !after.starts_with(is_of_a_name))
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
            "SELECT \"a;b\", 'it''s; \\d', '?' /* ; */ FROM users WHERE email = ? -- x;",
            "SELECT 1--1 FROM users WHERE email = ?",
            "SELECT /*+ MAX_EXECUTION_TIME(9) */ * FROM users WHERE email = ?",
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
        for text in ["SELECT 'it ?", "SELECT \"?", "SELECT `?", "SELECT ? /*"] {
            assert_eq!(mysql(text), Err(InvalidQuery::Unterminated), "{text}");
        }
    }

    #[test]
    fn a_parameter_behind_a_comment_is_seen_and_one_in_it_is_not() {
        for (text, expected) in [
            // Comments nest, and a line may end in a carriage return alone.
            (
                "SELECT 1 /* /* */ $1 */",
                Err(InvalidQuery::NoParameter("$1")),
            ),
            (
                "SELECT 1 /* /* */ */ + $2",
                Err(InvalidQuery::OtherParameter),
            ),
            ("SELECT 1 -- $1\r", Err(InvalidQuery::NoParameter("$1"))),
            ("SELECT $1 --\r, $2", Err(InvalidQuery::OtherParameter)),
            (
                "SELECT $1 --\n; DELETE FROM users",
                Err(InvalidQuery::Several),
            ),
            ("SELECT 1 --$1", Err(InvalidQuery::NoParameter("$1"))),
            // PostgreSQL executes none of its comments.
            ("SELECT 1 /*! $1 */", Err(InvalidQuery::NoParameter("$1"))),
        ] {
            assert_eq!(postgres(text).map(drop), expected, "{text:?}");
        }
        assert!(postgres("SELECT $1 --").is_ok());
        for (text, expected) in [
            // Comments do not nest, and two hyphens begin one only with a space or the like behind them.
            ("SELECT 1 /* /* */ + ? -- */", Ok(())),
            ("SELECT ? /* /* */ */", Ok(())),
            ("SELECT ? /* /* */ ; DELETE */", Err(InvalidQuery::Several)),
            ("SELECT 1 --?", Ok(())),
            ("SELECT 1 --\u{a0}?", Ok(())),
            ("SELECT 1 --\u{1}?", Err(InvalidQuery::NoParameter("?"))),
            ("SELECT 1 --\t?", Err(InvalidQuery::NoParameter("?"))),
            ("SELECT 1 -- \r + ?", Err(InvalidQuery::NoParameter("?"))),
            ("SELECT ? --", Ok(())),
            ("SELECT ?email", Err(InvalidQuery::NoParameter("?"))),
        ] {
            assert_eq!(mysql(text).map(drop), expected, "{text:?}");
        }
    }

    #[test]
    fn a_comment_that_a_server_executes_is_refused() {
        for text in [
            "SELECT ? /*! INTO OUTFILE '/tmp/users' */",
            "SELECT 1 /*!50708 + ? */",
            "SELECT ? /*M!100101 FOR UPDATE */",
            "SELECT ? /*!",
        ] {
            assert_eq!(mysql(text), Err(InvalidQuery::ExecutedComment), "{text}");
        }
        assert!(mysql("SELECT '/*! no */' FROM users WHERE email = ? # /*! none").is_ok());
    }

    #[test]
    fn a_quotation_whose_end_depends_on_the_server_is_refused() {
        for text in [
            "SELECT 'it\\'s ?'",
            "SELECT '\\' OR email = ? -- '",
            "SELECT \"\\\" OR email = ? # \"",
            "SELECT 'a\\'",
        ] {
            assert_eq!(mysql(text), Err(InvalidQuery::Backslash), "{text}");
        }
        for text in [
            "SELECT 'it\\'s $1'",
            "SELECT '\\' OR email = $2 -- '",
            // What an escape string goes on with has escapes too.
            "SELECT E'a'\n'\\' OR email = $2 -- '",
            "SELECT U&'\\' || $1",
        ] {
            assert_eq!(postgres(text), Err(InvalidQuery::Backslash), "{text}");
        }
        for text in [
            "SELECT '\\d', '\\\\', \"\\\", E'\\'$2' FROM users WHERE email = $1",
            "SELECT 'like\\_this' FROM users WHERE email = $1",
        ] {
            assert_eq!(postgres(text).map(drop), Ok(()), "{text}");
        }
        assert!(mysql("SELECT '\\\\', `\\` FROM users WHERE email = ?").is_ok());
    }

    #[test]
    fn what_stands_between_dollars_is_a_text_where_the_tag_is_a_name() {
        for text in [
            "SELECT $a$ $1 $a$",
            "SELECT $€$ $1 $€$",
            "SELECT $_1$ $1 $_1$",
            "SELECT $$ $1 $a$ $$",
        ] {
            let none = Err(InvalidQuery::NoParameter("$1"));
            assert_eq!(postgres(text), none, "{text}");
        }
        for text in [
            "SELECT a$a$, $1 AS a$a$",
            "SELECT $1, €$1",
            "SELECT $1, $a$ $A$ $a$",
        ] {
            assert_eq!(postgres(text).map(drop), Ok(()), "{text}");
        }
        assert_eq!(
            postgres("SELECT $1$ $2 $1$"),
            Err(InvalidQuery::OtherParameter)
        );
        assert_eq!(
            postgres("SELECT $a$ $1 $A$"),
            Err(InvalidQuery::Unterminated)
        );
    }

    #[test]
    fn a_nul_is_refused_wherever_it_is() {
        for text in [
            "SELECT $1, ?\0",
            "SELECT $1, ?, '\0'",
            "SELECT $1, ? -- \0; DELETE",
        ] {
            assert_eq!(postgres(text), Err(InvalidQuery::Nul));
            assert_eq!(mysql(text), Err(InvalidQuery::Nul));
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

//! What `poolkeeper erase` is asked for.

use crate::error::Error;

/// What the command is to do.
pub(super) struct Request {
    pub(super) directory: String,
    pub(super) whom: Whom,
    pub(super) legacy: Vec<LegacyRow>,
    pub(super) yes: bool,
}

/// Who is erased.
pub(super) enum Whom {
    /// A user of a pool.
    User {
        user_pool: String,
        by: By,
        /// Leaves the user in the pool.
        keep: bool,
    },
    /// A subject of one of the vendor's sources, who need not be a user of any pool.
    Subject { source: String, subject: String },
}

/// What names a user.
pub(super) enum By {
    /// The user name, or an address by which the person signs in.
    Name(String),
    Sub(String),
}

/// A row of a legacy table.
pub(super) struct LegacyRow {
    pub(super) table: String,
    pub(super) column: String,
    pub(super) key: String,
}

impl Request {
    /// `None` where help is asked for.
    ///
    /// # Errors
    /// For arguments that there are not, that are missing or that do not go together.
    pub(super) fn read(mut parser: lexopt::Parser) -> Result<Option<Self>, Error> {
        use lexopt::{
            ValueExt as _,
            prelude::{Long, Short},
        };

        let (mut user_pool, mut directory) = (None, None);
        let (mut user, mut sub, mut subject) = (None, None, None);
        let (mut keep, mut yes, mut rows) = (false, false, Vec::new());
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(None),
                Long("user-pool") => user_pool = Some(parser.value()?.string()?),
                Long("directory") => directory = Some(parser.value()?.string()?),
                Long("user") => user = Some(parser.value()?.string()?),
                Long("sub") => sub = Some(parser.value()?.string()?),
                Long("subject") => subject = Some(parser.value()?.string()?),
                Long("keep-user") => keep = true,
                Long("legacy") => rows.push(legacy(&parser.value()?.string()?)?),
                Long("yes") => yes = true,
                other => return Err(other.unexpected().into()),
            }
        }
        let directory = directory.filter(|directory| !directory.is_empty());
        let directory = directory.ok_or_else(|| problem("directory", "is needed"))?;
        let whom = match (user, sub, subject) {
            (None, None, Some(subject)) => {
                if keep {
                    return Err(problem("keep-user", "is for a user of the pool"));
                }
                self::subject(&subject)?
            }
            (Some(name), None, None) => in_pool(user_pool, By::Name(name), keep)?,
            (None, Some(sub), None) => in_pool(user_pool, By::Sub(of_sub(sub)?), keep)?,
            _ => {
                let expected = "expected one of --user, --sub and --subject";
                return Err(problem("user", expected));
            }
        };
        Ok(Some(Self {
            directory,
            whom,
            legacy: rows,
            yes,
        }))
    }
}

fn in_pool(user_pool: Option<String>, by: By, keep: bool) -> Result<Whom, Error> {
    let user_pool = user_pool.filter(|pool| !pool.is_empty());
    let user_pool = user_pool.ok_or_else(|| problem("user-pool", "is needed"))?;
    Ok(Whom::User {
        user_pool,
        by,
        keep,
    })
}

/// It goes into a filter of ListUsers, between quotes.
fn of_sub(sub: String) -> Result<String, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    if sub.is_empty() || !sub.chars().all(plain) {
        return Err(problem("sub", "expected the `sub` of a user of the pool"));
    }
    Ok(sub)
}

fn subject(text: &str) -> Result<Whom, Error> {
    match text.split_once('=') {
        Some((source, subject)) if !source.is_empty() && !subject.is_empty() => Ok(Whom::Subject {
            source: source.to_owned(),
            subject: subject.to_owned(),
        }),
        _ => Err(problem("subject", "expected SOURCE=SUBJECT")),
    }
}

fn legacy(text: &str) -> Result<LegacyRow, Error> {
    let parts = text.split_once(':').and_then(|(table, rest)| {
        let (column, key) = rest.split_once('=')?;
        Some([table, column, key])
    });
    match parts {
        Some([table, column, key]) if ![table, column, key].contains(&"") => Ok(LegacyRow {
            table: table.to_owned(),
            column: column.to_owned(),
            key: key.to_owned(),
        }),
        _ => Err(problem("legacy", "expected TABLE:COLUMN=KEY")),
    }
}

fn problem(option: &'static str, problem: &str) -> Error {
    let problem = problem.to_owned();
    Error::Option { option, problem }
}

//! The settings of a pool before a change, in a file that only its owner reads.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use shared::user_pool::{MfaSettings, PoolSettings, Triggers};

use crate::error::Error;

/// What was there, and what was done to it.
pub(super) struct Backup {
    pub(super) pool: PoolSettings,
    pub(super) mfa: MfaSettings,
    /// The functions that were attached then.
    pub(super) attached: Triggers,
    /// The statements that were added to their policies.
    pub(super) statements: Vec<Statement>,
}

/// A statement of a function's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) function: String,
    pub(super) id: String,
}

impl Backup {
    /// Where it goes unless somebody says otherwise.
    pub(super) fn default_path(user_pool_id: &str) -> PathBuf {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        PathBuf::from(format!("{user_pool_id}-{}.json", now.as_secs()))
    }

    /// Writes it. The members are those of AWS's answers, so that other tools read it too.
    ///
    /// # Errors
    /// The file is there already, or cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let attached = self
            .attached
            .0
            .iter()
            .map(|(trigger, arn)| format!("{trigger}={arn}"));
        let statements = self.statements.iter();
        let statements = statements.map(|it| json!({ "function": it.function, "id": it.id }));
        let mut whole = self.pool.to_answer();
        if let Some(members) = whole.as_object_mut() {
            let own = json!({
                "attached": attached.collect::<Vec<_>>().join(","),
                "statements": statements.collect::<Vec<_>>(),
            });
            members.insert("UserPoolMfaConfig".to_owned(), self.mfa.to_answer());
            members.insert("Poolkeeper".to_owned(), own);
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path);
        let written = file.and_then(|mut file| {
            file.write_all(format!("{whole:#}\n").as_bytes())?;
            file.sync_all()
        });
        written.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => Error::Pool(format!(
                "{} is there already, and nothing is overwritten: name another --backup",
                path.display()
            )),
            _ => Error::File {
                path: path.to_owned(),
                source,
            },
        })
    }

    /// Reads what [`Backup::write`] wrote.
    ///
    /// # Errors
    /// The file cannot be read, or is no backup.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })?;
        let whole: Value = serde_json::from_str(&text).unwrap_or_default();
        Self::of(&whole).ok_or_else(|| Error::Option {
            option: "from",
            problem: "expected a file that `poolkeeper attach` wrote".to_owned(),
        })
    }

    fn of(whole: &Value) -> Option<Self> {
        let own = whole.get("Poolkeeper")?;
        let statement = |it: &Value| {
            Some(Statement {
                function: it.get("function")?.as_str()?.to_owned(),
                id: it.get("id")?.as_str()?.to_owned(),
            })
        };
        let statements = own.get("statements")?.as_array()?.iter().map(statement);
        Some(Self {
            pool: PoolSettings::of_answer(whole)?,
            mfa: MfaSettings::of_answer(whole.get("UserPoolMfaConfig")?)?,
            attached: own.get("attached")?.as_str()?.parse().ok()?,
            statements: statements.collect::<Option<_>>()?,
        })
    }
}

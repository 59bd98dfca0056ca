//! A connection to a database, with the query prepared on it.

use secrecy::SecretString;

#[cfg(feature = "mysql")]
use super::mysql::MySql;
#[cfg(feature = "postgres")]
use super::postgres::Postgres;
use super::{Driver, SqlError, SqlSettings, roots::Roots, row::Cells};

/// A connection with the query prepared on it. The session itself writes nothing: it is read-only by its own setting,
/// whatever the database grants.
pub(super) enum Session {
    #[cfg(feature = "postgres")]
    Postgres(Postgres),
    #[cfg(feature = "mysql")]
    MySql(Box<MySql>),
}

/// What a query found.
pub(super) struct Answer {
    /// The rows, two at most.
    pub(super) rows: Vec<Cells>,
    /// The session, if another question may be asked on it.
    pub(super) session: Option<Session>,
}

impl Session {
    /// Connects, over TLS, and prepares the query.
    ///
    /// # Errors
    /// [`SqlError`].
    pub(super) async fn open(
        settings: &SqlSettings,
        roots: &Roots,
        password: &SecretString,
    ) -> Result<Self, SqlError> {
        match settings.driver {
            #[cfg(feature = "postgres")]
            Driver::Postgres => {
                let opened = Postgres::open(settings, roots, password).await;
                opened.map(Self::Postgres)
            }
            #[cfg(feature = "mysql")]
            Driver::MySql => {
                let opened = MySql::open(settings, roots, password).await;
                opened.map(|session| Self::MySql(Box::new(session)))
            }
        }
    }

    /// Asks for `name`. A session that is given up in the middle, or fails, is lost with what it still carries.
    ///
    /// # Errors
    /// [`SqlError`].
    pub(super) async fn ask(self, name: &str) -> Result<Answer, SqlError> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(session) => {
                let (rows, session) = session.ask(name).await?;
                let session = session.map(Self::Postgres);
                Ok(Answer { rows, session })
            }
            #[cfg(feature = "mysql")]
            Self::MySql(session) => {
                let (rows, session) = session.ask(name).await?;
                let session = session.map(|session| Self::MySql(Box::new(session)));
                Ok(Answer { rows, session })
            }
        }
    }
}

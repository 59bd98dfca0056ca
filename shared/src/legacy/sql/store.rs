//! The database as a store of legacy users.

use std::sync::{Arc, Mutex, PoisonError};

use password::Password;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{
    SqlError, SqlSettings,
    roots::{self, Roots},
    row::Cells,
    session::Session,
};
use crate::{
    deadline::Deadline,
    legacy::{
        answer::{AMBIGUOUS_NAME, Authenticated, Found, StoreError, Times},
        hashes::Hashes,
        row::{Read, Row},
    },
    secrets::Secrets,
};

/// A row that nothing tells whose it is.
const NO_RECORD_ID: &str = "no-record-id";

/// What a connection that was kept may take of the time. It may be one that a firewall forgot while the function was
/// frozen: nobody would say so, and a new one must still come in time.
const SHARE_OF_KEPT: f32 = 0.4;

/// A database, ready to be asked.
pub(in crate::legacy) struct SqlStore {
    settings: SqlSettings,
    roots: Roots,
    hashes: Hashes,
    secrets: Arc<Secrets>,
    /// Taken out while it is used: two at once have two connections, of which one is kept.
    kept: Mutex<Option<Session>>,
}

/// A secret as RDS keeps it.
#[derive(Deserialize)]
struct RdsSecret {
    password: String,
}

impl SqlStore {
    /// Calls nobody.
    ///
    /// # Errors
    /// When the trusted certificates cannot be read.
    pub(in crate::legacy) fn new(
        settings: SqlSettings,
        hashes: Hashes,
        secrets: Arc<Secrets>,
    ) -> Result<Self, SqlError> {
        Ok(Self {
            roots: roots::read(settings.ca_bundle.as_deref())?,
            settings,
            hashes,
            secrets,
            kept: Mutex::new(None),
        })
    }

    pub(in crate::legacy) fn hashes(&self) -> &Hashes {
        &self.hashes
    }

    pub(in crate::legacy) async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        times: Times,
    ) -> Result<Authenticated, StoreError> {
        let read = self.read(login, times.ask).await?;
        let authenticated = read.authenticate(&self.hashes, password, times.verify);
        authenticated.await
    }

    pub(in crate::legacy) async fn find(
        &self,
        login: &str,
        deadline: Deadline,
    ) -> Result<Found, StoreError> {
        Ok(self.read(login, deadline).await?.found())
    }

    async fn read(&self, login: &str, deadline: Deadline) -> Result<Read, StoreError> {
        let mut found: Option<Row> = None;
        // No database holds a NUL in a text, and PostgreSQL refuses to be asked.
        let names = self.settings.lookup.keys(login).into_iter();
        for name in names.filter(|name| !name.contains('\0')) {
            let mut rows = self.rows(&name, deadline).await?.into_iter();
            let Some(cells) = rows.next() else {
                continue;
            };
            let Some(row) = Row::of_cells(&self.settings.columns, cells) else {
                return Ok(Read::Unusable(NO_RECORD_ID));
            };
            let other = |before: &Row| before.user.record_id != row.user.record_id;
            if rows.next().is_some() || found.as_ref().is_some_and(other) {
                return Ok(Read::Unusable(AMBIGUOUS_NAME));
            }
            found = Some(row);
        }
        Ok(found.map_or(Read::Nothing, |row| Read::Row(Box::new(row))))
    }

    /// The rows for `name`. Whatever fails on a connection that was kept is asked again on a new one: it may be the
    /// connection's fault, and asking changes nothing. Only what took the server too long would take it as long again.
    async fn rows(&self, name: &str, deadline: Deadline) -> Result<Vec<Cells>, StoreError> {
        let kept = self.lock().take();
        if let Some(session) = kept {
            let share = deadline.remaining().mul_f32(SHARE_OF_KEPT);
            match self.ask(session, name, deadline.at_most(share)).await {
                Ok(rows) => return Ok(rows),
                Err(ended @ SqlError::TookTooLong(_)) => return Err(ended.into()),
                Err(_) => {}
            }
        }
        let session = self.connect(deadline).await?;
        Ok(self.ask(session, name, deadline).await?)
    }

    async fn ask(
        &self,
        session: Session,
        name: &str,
        deadline: Deadline,
    ) -> Result<Vec<Cells>, SqlError> {
        let answered = deadline.bound(session.ask(name)).await;
        let answer = answered.map_err(|_| SqlError::DeadlineExceeded)??;
        *self.lock() = answer.session;
        Ok(answer.rows)
    }

    /// A new connection. Where the database refuses the password, Secrets Manager may have another by now.
    async fn connect(&self, deadline: Deadline) -> Result<Session, StoreError> {
        let name = &self.settings.password;
        let known = self.secrets.get(name, deadline).await?;
        match self.open(&known.current, deadline).await {
            Err(denied @ SqlError::Denied(_)) => {
                let now = self.secrets.renewed(name, deadline).await?;
                if now.current.expose_secret() == known.current.expose_secret() {
                    return Err(denied.into());
                }
                Ok(self.open(&now.current, deadline).await?)
            }
            opened => Ok(opened?),
        }
    }

    async fn open(&self, secret: &SecretString, deadline: Deadline) -> Result<Session, SqlError> {
        let password = password_in(secret);
        let opened = Session::open(&self.settings, &self.roots, &password);
        let opened = deadline.bound(opened).await;
        opened.map_err(|_| SqlError::DeadlineExceeded)?
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Session>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The secret itself, or the member `password` of what RDS keeps as JSON.
fn password_in(secret: &SecretString) -> SecretString {
    match serde_json::from_str::<RdsSecret>(secret.expose_secret()) {
        Ok(kept) => kept.password.into(),
        Err(_) => secret.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_secret_itself_or_what_rds_keeps() {
        for (secret, password) in [
            ("s3cret", "s3cret"),
            ("\"s3cret\"", "\"s3cret\""),
            (r#"{"username":"u","password":"s3cret"}"#, "s3cret"),
            (r#"{"username":"u"}"#, r#"{"username":"u"}"#),
        ] {
            let read = password_in(&secret.to_owned().into());
            assert_eq!(read.expose_secret(), password);
        }
    }
}

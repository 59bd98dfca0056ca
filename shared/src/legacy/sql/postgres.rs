//! PostgreSQL, by tokio-postgres.

use std::{error::Error, pin::pin, sync::Arc};

use futures_util::TryStreamExt;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinSet;
use tokio_postgres::{
    Client, Config, Row, Statement,
    config::SslMode,
    error::SqlState,
    types::{FromSql, Kind, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    SqlError, SqlSettings,
    bounds::{ENOUGH_ROWS, STATEMENT_TIMEOUT, shaped, unsaid},
    cell::Cell,
    roots::Roots,
    row::{Cells, check_columns},
};

/// A connection with the query that it has prepared.
pub(super) struct Postgres {
    client: Client,
    statement: Statement,
    /// The driver's side of the connection, which ends with this value. By itself it would wait for an answer that nobody
    /// waits for any more, and a database that hangs would run out of connections.
    _connection: JoinSet<()>,
}

impl Postgres {
    pub(super) async fn open(
        settings: &SqlSettings,
        roots: &Roots,
        password: &SecretString,
    ) -> Result<Self, SqlError> {
        let mut config = Config::new();
        config
            .host(&settings.host)
            .port(settings.port)
            .dbname(&settings.database)
            .user(&settings.user)
            .password(password.expose_secret())
            .application_name("poolkeeper")
            .ssl_mode(SslMode::Require);
        let connected = config.connect(MakeRustlsConnect::new(tls(roots)?)).await;
        let (client, connection) = connected.map_err(|error| meaning(&error))?;
        // What it ends with, the next question finds out.
        let mut driven = JoinSet::new();
        driven.spawn(async move { drop(connection.await) });
        // Not as options of the connection: RDS Proxy refuses those.
        let limits = format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {}",
            STATEMENT_TIMEOUT.as_millis()
        );
        let set = client.batch_execute(&limits).await;
        set.map_err(|error| meaning(&error))?;
        let query = settings.query.text();
        let prepared = client.prepare_typed(query, &[Type::TEXT]).await;
        let statement = prepared.map_err(|error| meaning(&error))?;
        if statement.params().len() != 1 {
            return Err(SqlError::Parameter);
        }
        let names = statement.columns().iter().map(|column| column.name());
        check_columns(&settings.columns, names)?;
        Ok(Self {
            client,
            statement,
            _connection: driven,
        })
    }

    pub(super) async fn ask(self, name: &str) -> Result<(Vec<Cells>, Option<Self>), SqlError> {
        let found = self.client.query_raw(&self.statement, [name]).await;
        let mut found = pin!(found.map_err(|error| meaning(&error))?);
        let mut rows = Vec::new();
        while let Some(row) = found.try_next().await.map_err(|error| meaning(&error))? {
            if rows.len() == ENOUGH_ROWS {
                // There may be any number more on their way.
                return Ok((rows, None));
            }
            rows.push(cells(&row));
        }
        Ok((rows, Some(self)))
    }
}

fn tls(roots: &Roots) -> Result<ClientConfig, SqlError> {
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(roots.iter().cloned());
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|_| SqlError::Connection)?;
    Ok(config.with_root_certificates(trusted).with_no_client_auth())
}

/// What a failure is, by the server's SQLSTATE if it said one (PostgreSQL manual, "PostgreSQL Error Codes").
fn meaning(error: &tokio_postgres::Error) -> SqlError {
    let Some(code) = error.code() else {
        return unsaid(error);
    };
    let shaped = shaped(code.code());
    if code.code().starts_with("28") {
        SqlError::Denied(shaped)
    } else if *code == SqlState::QUERY_CANCELED {
        SqlError::TookTooLong(shaped)
    } else {
        SqlError::Refused(shaped)
    }
}

fn cells(row: &Row) -> Cells {
    let columns = row.columns().iter().enumerate();
    let cells = columns.map(|(index, column)| {
        let cell = row.try_get::<_, Option<Cell>>(index);
        let cell = cell.ok().flatten().unwrap_or(Cell::Nothing);
        (column.name().to_owned(), cell)
    });
    cells.collect()
}

impl FromSql<'_> for Cell {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Self::Boolean(bool::from_sql(kind, raw)?),
            Type::INT2 => Self::Integer(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Octets(raw.to_vec()),
            Type::UUID => <[u8; 16]>::try_from(raw)
                .map_or(Self::Nothing, |octets| Self::Text(hyphenated(octets))),
            _ if <&str as FromSql>::accepts(kind) => {
                Self::Text(<&str as FromSql>::from_sql(kind, raw)?.to_owned())
            }
            _ if <Vec<String> as FromSql>::accepts(kind) => {
                Self::Texts(<Vec<String> as FromSql>::from_sql(kind, raw)?)
            }
            // An enumeration travels as its label.
            _ if matches!(kind.kind(), Kind::Enum(_)) => {
                String::from_utf8(raw.to_vec()).map_or(Self::Nothing, Self::Text)
            }
            _ => Self::Nothing,
        })
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// As PostgreSQL writes a `uuid`.
fn hyphenated(octets: [u8; 16]) -> String {
    let mut text = String::new();
    for (index, digit) in base16ct::lower::encode_string(&octets).chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type_and_others_are_nothing() {
        let read = |kind: Type, raw: &[u8]| Cell::from_sql(&kind, raw).unwrap();
        assert_eq!(read(Type::BOOL, &[1]), Cell::Boolean(true));
        assert_eq!(read(Type::INT8, &17_i64.to_be_bytes()), Cell::Integer(17));
        assert_eq!(read(Type::VARCHAR, b"ana"), Cell::Text("ana".to_owned()));
        assert_eq!(read(Type::BYTEA, &[0xff]), Cell::Octets(vec![0xff]));
        let uuid = read(Type::UUID, &[0xab; 16]);
        let written = "abababab-abab-abab-abab-abababababab".to_owned();
        assert_eq!(uuid, Cell::Text(written));
        assert_eq!(read(Type::UUID, b"short"), Cell::Nothing);
        assert_eq!(read(Type::TIMESTAMPTZ, &[0; 8]), Cell::Nothing);
        assert!(Cell::from_sql(&Type::TEXT, &[0xff]).is_err());
        assert!(Cell::from_sql(&Type::INT8, &[1]).is_err());
    }
}

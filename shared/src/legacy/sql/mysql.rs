//! MySQL and MariaDB, by mysql_async.

use mysql_async::{
    Conn, DriverError, Error, OptsBuilder, Params, Row, SslOpts, Statement, Value,
    consts::ColumnType, prelude::Queryable,
};
use secrecy::{ExposeSecret, SecretString};

use super::{
    SqlError, SqlSettings,
    bounds::{ENOUGH_ROWS, STATEMENT_TIMEOUT, shaped, unsaid},
    cell::Cell,
    roots::Roots,
    row::{Cells, check_columns},
};

/// Longest answer that is read, octets.
const MAX_PACKET: usize = 1024 * 1024;

/// Seconds after which the driver would give up a connection that rests: never, for its clock stands still while
/// Lambda has frozen the function.
const NEVER: usize = 31_536_000;

/// Access denied, in words and with a plug-in (MySQL error reference, "Server Error Message Reference").
const ACCESS_DENIED: [u16; 2] = [1045, 1698];

/// The statement took too long, in words of MySQL and of MariaDB (the same, ER_QUERY_TIMEOUT; MariaDB's knowledge base,
/// "MariaDB Error Codes").
const QUERY_TIMEOUT: [u16; 2] = [3024, 1969];

/// A connection with the query that it has prepared.
pub(super) struct MySql {
    conn: Kept,
    statement: Statement,
}

/// A connection that is closed when it is dropped. By itself it would wait for an answer that nobody waits for any more,
/// and a database that hangs would run out of connections.
struct Kept(Option<Conn>);

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(conn) = self.0.take() {
            // Where it finds a runtime, the driver spawns a task that reads on; where it finds none, it closes.
            let closing = std::thread::Builder::new().spawn(move || drop(conn));
            // Without a thread it has been dropped here, and reads on.
            let _ = closing.map(|closed| closed.join());
        }
    }
}

impl MySql {
    pub(super) async fn open(
        settings: &SqlSettings,
        roots: &Roots,
        password: &SecretString,
    ) -> Result<Self, SqlError> {
        let roots = roots.iter().map(|root| root.to_vec().into()).collect();
        let tls = SslOpts::default()
            .with_root_certs(roots)
            .with_disable_built_in_roots(true);
        let options = OptsBuilder::default()
            .ip_or_hostname(&settings.host)
            .tcp_port(settings.port)
            .db_name(Some(&settings.database))
            .user(Some(&settings.user))
            .pass(Some(password.expose_secret()))
            // Said here, they are not asked for.
            .prefer_socket(Some(false))
            .max_allowed_packet(Some(MAX_PACKET))
            .wait_timeout(Some(NEVER))
            .init(limits().to_vec())
            .ssl_opts(Some(tls));
        let connected = Conn::new(options).await;
        let mut conn = connected.map_err(|error| meaning(&error))?;
        let prepared = conn.prep(settings.query.text()).await;
        let statement = prepared.map_err(|error| meaning(&error))?;
        if statement.num_params() == 0 {
            return Err(SqlError::Parameter);
        }
        let columns = statement.columns();
        let names: Vec<_> = columns.iter().map(|column| column.name_str()).collect();
        check_columns(&settings.columns, names.iter().map(AsRef::as_ref))?;
        let conn = Kept(Some(conn));
        Ok(Self { conn, statement })
    }

    pub(super) async fn ask(mut self, name: &str) -> Result<(Vec<Cells>, Option<Self>), SqlError> {
        let parameters = vec![Value::from(name); self.statement.num_params().into()];
        let Some(conn) = &mut self.conn.0 else {
            return Err(SqlError::Connection);
        };
        let asked = conn.exec_iter(&self.statement, Params::Positional(parameters));
        let mut found = asked.await.map_err(|error| meaning(&error))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().await.map_err(|error| meaning(&error))? {
            if rows.len() == ENOUGH_ROWS {
                // There may be any number more on their way.
                return Ok((rows, None));
            }
            rows.push(cells(row));
        }
        drop(found);
        Ok((rows, Some(self)))
    }
}

/// The session reads only, and the server gives a statement up by itself: MySQL by one variable, MariaDB by another,
/// each in a comment that the other does not read.
fn limits() -> [String; 2] {
    let timeout = format!(
        "SET autocommit = 1 /*!50708 , max_execution_time = {} */ /*M!100101 , max_statement_time = {} */",
        STATEMENT_TIMEOUT.as_millis(),
        STATEMENT_TIMEOUT.as_secs_f32()
    );
    ["SET SESSION TRANSACTION READ ONLY".to_owned(), timeout]
}

/// What a failure is, by the server's error number if it said one.
fn meaning(error: &Error) -> SqlError {
    match error {
        Error::Server(said) => {
            let code = shaped(&said.code.to_string());
            if ACCESS_DENIED.contains(&said.code) {
                SqlError::Denied(code)
            } else if QUERY_TIMEOUT.contains(&said.code) {
                SqlError::TookTooLong(code)
            } else {
                SqlError::Refused(code)
            }
        }
        Error::Driver(DriverError::NoClientSslFlagFromServer) => SqlError::NoTls,
        other => unsaid(other),
    }
}

fn cells(row: Row) -> Cells {
    let columns = row.columns();
    let cells = columns.iter().zip(row.unwrap_raw());
    let cells = cells.map(|(column, value)| {
        let cell = value.map_or(Cell::Nothing, |value| cell(column.column_type(), value));
        (column.name_str().into_owned(), cell)
    });
    cells.collect()
}

fn cell(kind: ColumnType, value: Value) -> Cell {
    match value {
        // BIT(1), which many a schema has for a boolean.
        Value::Bytes(octets) if kind == ColumnType::MYSQL_TYPE_BIT => bits(&octets),
        Value::Bytes(octets) => match String::from_utf8(octets) {
            Ok(text) => Cell::Text(text),
            Err(no_text) => Cell::Octets(no_text.into_bytes()),
        },
        Value::Int(number) => Cell::Integer(number),
        Value::UInt(number) => {
            i64::try_from(number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Integer)
        }
        _ => Cell::Nothing,
    }
}

/// A number, the most significant octet first.
fn bits(octets: &[u8]) -> Cell {
    let number = octets.iter().try_fold(0_i64, |number, octet| {
        Some(number.checked_mul(256)? + i64::from(*octet))
    });
    number.map_or(Cell::Nothing, Cell::Integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_by_their_type_and_others_are_nothing() {
        let read = |value| cell(ColumnType::MYSQL_TYPE_VAR_STRING, value);
        assert_eq!(read(Value::NULL), Cell::Nothing);
        assert_eq!(read(Value::Int(1)), Cell::Integer(1));
        assert_eq!(read(Value::UInt(17)), Cell::Integer(17));
        let large = u64::MAX.to_string();
        assert_eq!(read(Value::UInt(u64::MAX)), Cell::Text(large));
        assert_eq!(read(Value::from("ana")), Cell::Text("ana".to_owned()));
        assert_eq!(read(Value::Bytes(vec![0xff])), Cell::Octets(vec![0xff]));
        assert_eq!(read(Value::Date(2026, 1, 1, 0, 0, 0, 0)), Cell::Nothing);
        let bit = |octets| cell(ColumnType::MYSQL_TYPE_BIT, Value::Bytes(octets));
        assert_eq!(bit(vec![1]), Cell::Integer(1));
        assert_eq!(bit(vec![1, 0]), Cell::Integer(256));
        assert_eq!(bit(vec![0xff; 9]), Cell::Nothing);
    }
}

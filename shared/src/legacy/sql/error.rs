//! Why a database cannot be asked.

use crate::https::CertificateFault;

/// Why a database cannot be asked. Holds nothing of what was asked or answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The file of trusted certificates cannot be used.
    #[error("the store's ca_bundle is no readable file of PEM certificates")]
    CaBundle,
    /// The operating system trusts nobody.
    #[error("the operating system has no trusted certificates: the store needs a ca_bundle")]
    NoSystemRoots,
    /// The time ran out.
    #[error("the database did not answer in time")]
    DeadlineExceeded,
    /// No connection, or it broke.
    #[error("no connection to the database, or it broke")]
    Connection,
    /// The server speaks no TLS.
    #[error("the database offers no TLS")]
    NoTls,
    /// The server's certificate is not believed.
    #[error("the database's certificate {0}")]
    Certificate(CertificateFault),
    /// The server refuses the user or the password, with this code.
    #[error("the database refuses the store's user or password ({0})")]
    Denied(String),
    /// The server refuses something else, with this code.
    #[error("the database refuses ({0})")]
    Refused(String),
    /// The server sees no parameter where this code saw one.
    #[error("the store's query has no parameter for the database")]
    Parameter,
    /// The query's answer lacks a column that every answer must have.
    #[error("the store's query answers without the column that the policy calls {0}")]
    Column(&'static str),
    /// It has the column under a name of other case: a database may fold names, and nothing here does.
    #[error("the store's query writes the column that the policy calls {0} in another case")]
    ColumnCase(&'static str),
    /// It has the column more than once: two tables were joined, and which of them is meant nobody can tell.
    #[error("the store's query answers with several columns for the one that the policy calls {0}")]
    Columns(&'static str),
    /// The server gave the statement up, with this code.
    #[error("the database ended the statement, which took too long ({0})")]
    TookTooLong(String),
}

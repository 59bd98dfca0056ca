//! A database of legacy users: what one query of the policy reads, in PostgreSQL or MySQL (and what speaks their
//! protocols).
//!
//! The drivers are features of Cargo, `postgres` and `mysql`: who has no such store ships none, and a policy that names
//! one does not load. Connections are TLS only and are kept between invocations. What was typed reaches a database as
//! a parameter and in no other way.

#[cfg(not(any(feature = "mysql", feature = "postgres")))]
mod absent;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod bounds;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod cell;
mod columns;
mod engine;
mod error;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod roots;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod row;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod session;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod store;

use std::path::PathBuf;

#[cfg(not(any(feature = "mysql", feature = "postgres")))]
pub(super) use self::absent::SqlStore;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) use self::store::SqlStore;
pub use self::{
    columns::{Column, SqlColumns},
    engine::{Driver, Engine},
    error::SqlError,
    query::{InvalidQuery, Query},
};
use super::{hashes::HashSettings, lookup::Lookup};

/// What a policy says of a database.
#[derive(Debug, Clone)]
pub struct SqlSettings {
    /// What speaks to it.
    pub driver: Driver,
    /// Its name or address, which its certificate has to bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database on it.
    pub database: String,
    /// Who asks.
    pub user: String,
    /// The name of the secret that is the user's password.
    pub password: String,
    /// The file of PEM certificates that may have issued the server's; without one, the operating system's.
    pub ca_bundle: Option<PathBuf>,
    /// What is asked.
    pub query: Query,
    /// How a name that was typed becomes the query's parameter.
    pub lookup: Lookup,
    /// What the query calls its columns.
    pub columns: SqlColumns,
    /// What the hashes are.
    pub hashes: HashSettings,
}

//! Which protocol a database speaks, and whether this build speaks it.

use serde::Deserialize;

/// Which protocol a database speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Engine {
    /// PostgreSQL, Aurora PostgreSQL. The query's parameter is `$1`.
    PostgreSql,
    /// MySQL, MariaDB, Aurora MySQL. The query's parameter is `?`.
    MySql,
}

/// What speaks to a database. A build without drivers has no value of this type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// tokio-postgres.
    #[cfg(feature = "postgres")]
    Postgres,
    /// mysql_async.
    #[cfg(feature = "mysql")]
    MySql,
}

impl Engine {
    /// The driver, where this build has it.
    pub fn driver(self) -> Option<Driver> {
        match self {
            #[cfg(feature = "postgres")]
            Self::PostgreSql => Some(Driver::Postgres),
            #[cfg(feature = "mysql")]
            Self::MySql => Some(Driver::MySql),
            #[cfg(not(all(feature = "mysql", feature = "postgres")))]
            _ => None,
        }
    }

    /// The feature of Cargo that brings the driver.
    pub fn feature(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgres",
            Self::MySql => "mysql",
        }
    }

    /// The port of a database that is given none.
    pub fn port(self) -> u16 {
        match self {
            Self::PostgreSql => 5432,
            Self::MySql => 3306,
        }
    }
}

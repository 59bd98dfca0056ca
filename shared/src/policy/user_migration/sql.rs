//! `[user-migration.stores.sql]`: a database of legacy users.

use std::num::NonZeroU16;

use password::{DummyHash, SchemeHint};
use rustls_pki_types::ServerName;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    legacy::{Driver, Engine, Lookup, Query, SqlColumns, SqlSettings},
    policy::{Findings, folder},
};

/// A database, asked by one query. The function must be built with its driver (docs/legacy-sql.md).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "SqlStore")
)]
pub(super) struct SqlSection {
    /// Which protocol it speaks.
    #[cfg_attr(feature = "schema", schemars(with = "Engine"))]
    engine: Spanned<Engine>,
    /// Its name or address, which its certificate has to bear.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    host: Spanned<String>,
    /// Its port. Left out, 5432 or 3306.
    port: Option<NonZeroU16>,
    /// The database.
    database: String,
    /// Who asks: a user who may read what the query needs, and nothing else.
    user: String,
    /// The name of the secret that is the user's password: as text, or as the JSON that RDS manages.
    password: String,
    /// The certificates of those who may have issued the server's: a file of PEM beside the policy. Left out, the
    /// operating system's.
    ca_bundle: Option<String>,
    /// The query: one statement that reads, with what was typed as its parameter, `$1` in PostgreSQL and `?` in MySQL.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    query: Spanned<String>,
    /// How a name that was typed becomes the parameter.
    #[serde(default)]
    lookup: Lookup,
    /// What the query calls its columns. The id and all that are not named here are attributes, by their names.
    #[serde(default)]
    columns: SqlColumns,
    /// What the hashes are, where they do not tell by themselves: a scheme, or a computation described. A
    /// row's own `hash_scheme` goes before it.
    #[cfg_attr(feature = "schema", schemars(with = "Option<SchemeHint>"))]
    hash: Option<Spanned<SchemeHint>>,
    /// What is computed for a user who does not exist, so that it is as much work as a wrong password:
    /// the costliest that the database mostly holds.
    #[serde(default = "super::dummy_hash")]
    #[cfg_attr(feature = "schema", schemars(with = "DummyHash"))]
    dummy_hash: Spanned<DummyHash>,
}

impl SqlSection {
    /// `driver` says what speaks to an engine in this build.
    pub(super) fn compile(
        self,
        driver: impl Fn(Engine) -> Option<Driver>,
        findings: &mut Findings,
    ) -> Option<SqlSettings> {
        let engine = *self.engine.get_ref();
        let driver = driver(engine);
        if driver.is_none() {
            let feature = engine.feature();
            let message = format!(
                "this build has no driver for such a database: build the functions with FEATURES={feature} \
                 tools/build-lambda.sh (docs/legacy-sql.md)"
            );
            findings.at(self.engine.span(), message);
        }
        if ServerName::try_from(self.host.get_ref().as_str()).is_err() {
            let message = "expected the name or the address of a host, without a port";
            findings.at(self.host.span(), message);
        }
        let query = Query::parse(engine, self.query.get_ref());
        if let Err(invalid) = &query {
            findings.at(self.query.span(), invalid.to_string());
        }
        let hashes = super::hashes(self.hash, &self.dummy_hash, findings);
        Some(SqlSettings {
            driver: driver?,
            host: self.host.into_inner(),
            port: self.port.map_or(engine.port(), NonZeroU16::get),
            database: self.database,
            user: self.user,
            password: self.password,
            ca_bundle: self.ca_bundle.map(|file| folder().join(file)),
            query: query.ok()?,
            lookup: self.lookup,
            columns: self.columns,
            hashes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
engine = "postgresql"
host = "shop.cluster-abc.eu-west-1.rds.amazonaws.com"
database = "shop"
user = "poolkeeper"
password = "shop-database"
ca_bundle = "rds-ca.pem"
query = "SELECT id, password_hash FROM users WHERE email = $1"
"#;

    /// The settings or what is wrong, with the drivers that every test has or with none.
    fn compiled(text: &str, has_drivers: bool) -> Result<SqlSettings, Vec<String>> {
        let section: SqlSection = toml::from_str(text).unwrap();
        let mut findings = Findings::default();
        let driver = |engine: Engine| engine.driver().filter(|_| has_drivers);
        let settings = section.compile(driver, &mut findings);
        let findings: Vec<String> = findings.into_iter().map(|(_, message)| message).collect();
        settings.filter(|_| findings.is_empty()).ok_or(findings)
    }

    #[test]
    fn what_is_left_out_is_the_engines_own() {
        let settings = compiled(GOOD, true).unwrap();
        assert_eq!(settings.port, 5432);
        assert!(settings.ca_bundle.unwrap().ends_with("rds-ca.pem"));
        let mysql = GOOD.replace("postgresql", "mysql").replace("$1", "?");
        let mysql = mysql.replace("ca_bundle = \"rds-ca.pem\"", "port = 3307");
        let settings = compiled(&mysql, true).unwrap();
        assert_eq!((settings.port, settings.ca_bundle), (3307, None));
    }

    #[test]
    fn a_store_whose_driver_is_not_built_is_refused_and_how_to_build_it_is_said() {
        for (engine, feature, parameter) in
            [("postgresql", "postgres", "$1"), ("mysql", "mysql", "?")]
        {
            let text = GOOD.replace("postgresql", engine).replace("$1", parameter);
            let refused = compiled(&text, false).unwrap_err();
            let [message] = refused.as_slice() else {
                panic!("{refused:?}");
            };
            let built = format!("FEATURES={feature} tools/build-lambda.sh");
            assert!(message.contains(&built), "{message}");
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_none_of_it_is_repeated() {
        let wrong = GOOD
            .replace("shop.cluster", "S3CRET:5432/")
            .replace("= $1", "= S3CRET");
        let refused = compiled(&wrong, true).unwrap_err();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert!(!refused.concat().contains("S3CRET"));
    }
}

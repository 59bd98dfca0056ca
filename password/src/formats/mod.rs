//! A file a family of formats: its exact syntax, where that comes from, and what it computes.

pub(crate) mod argon2;
pub(crate) mod aspnet;
pub(crate) mod bcrypt;
pub(crate) mod database;
pub(crate) mod des_crypt;
pub(crate) mod digest;
pub(crate) mod django;
pub(crate) mod dovecot;
pub(crate) mod firebase;
pub(crate) mod generic;
pub(crate) mod keycloak;
pub(crate) mod ldap;
pub(crate) mod md5_crypt;
pub(crate) mod ory;
pub(crate) mod pbkdf2;
pub(crate) mod phpass;
pub(crate) mod scram;
pub(crate) mod scrypt;
pub(crate) mod sha_crypt;
pub(crate) mod shop;
pub(crate) mod spring;
pub(crate) mod symfony;
pub(crate) mod werkzeug;
pub(crate) mod yescrypt;

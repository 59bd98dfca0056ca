//! What every format is made of: costs, errors, encodings, hash functions, and what becomes of a parsed string.

pub(crate) mod cost;
pub(crate) mod crypt64;
pub(crate) mod des;
pub(crate) mod error;
pub(crate) mod hash_function;
pub(crate) mod parsed;
pub(crate) mod prepare;
pub(crate) mod scheme;
pub(crate) mod secret;
pub(crate) mod secret_value;
pub(crate) mod text;

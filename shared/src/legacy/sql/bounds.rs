//! What a session is held to, and what may be repeated of what a database says.

use std::{error::Error, time::Duration};

use super::SqlError;
use crate::{deadline::TRIGGER_BUDGET, https::CertificateFault};

/// As many rows tell that a name is several users'.
pub(super) const ENOUGH_ROWS: usize = 2;

/// After this the database gives a statement up by itself: nobody waits for it any more.
pub(super) const STATEMENT_TIMEOUT: Duration = TRIGGER_BUDGET;

/// A code comes from the network: what is not shaped like one is not repeated.
pub(super) fn shaped(code: &str) -> String {
    let is_code = code.len() <= 12 && code.bytes().all(|octet| octet.is_ascii_alphanumeric());
    if is_code { code } else { "unprintable" }.to_owned()
}

/// What a failure is of which the database said nothing.
pub(super) fn unsaid(error: &(dyn Error + 'static)) -> SqlError {
    CertificateFault::of(error).map_or(SqlError::Connection, SqlError::Certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_is_none_is_not_repeated() {
        assert_eq!(shaped("28P01"), "28P01");
        assert_eq!(shaped("secretofsomebody"), "unprintable");
    }
}

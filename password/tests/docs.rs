//! What docs/passwords.md shows names everything that the crate reads and refuses.

use poolkeeper_password::{Reason, Refused, Scheme};

const PAGE: &str = include_str!("../../docs/passwords.md");

#[test]
fn every_scheme_and_every_reason_code_is_named() {
    for scheme in Scheme::ALL {
        assert!(PAGE.contains(&format!("`{scheme}`")), "{scheme}");
    }
    let refused = Refused::ALL.iter().map(|refused| refused.reason_code());
    for code in Reason::ALL
        .iter()
        .map(|reason| reason.code())
        .chain(refused)
    {
        assert!(PAGE.contains(&format!("`{code}`")), "{code}");
    }
}

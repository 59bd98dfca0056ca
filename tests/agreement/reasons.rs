//! Reason codes: what the code says is what LOGGING.md lists, in kebab case.

use std::collections::BTreeSet;

use password::{Reason, Refused};

use super::suite::Suite;
use crate::common::reasons::listed;

/// Where decisions get their reasons.
const SAYING: [&str; 8] = [
    "functions/",
    "shared/src/invocation/",
    "shared/src/jwt/",
    "shared/src/legacy/",
    "shared/src/limit/",
    "shared/src/record/",
    "shared/src/trigger/",
    "shared/src/user_pool/",
];

/// Texts in kebab case that are no reasons: functions, HTTP headers, services, ids of events.
const NO_REASONS: &[&str] = &[
    // Error codes of CAPTCHA services.
    "already-seen-response",
    "bad-request",
    "internal-error",
    "invalid-input-secret",
    "invalid-or-already-seen-response",
    "missing-input-secret",
    "timeout-or-duplicate",
    // Our own.
    "cognito-idp",
    "content-type",
    "grant-type",
    "identity-vendor",
    "no-cache",
    "pool-watch",
    "trigger-permission",
    "case-sensitive",
    "clients-not-looked-at",
    "existence-told",
    "password-hidden",
    "sign-up-closed",
    "password-reset",
    "poolkeeper-signature",
    "post-confirmation",
    "pre-sign-up",
    "user-confirmed",
    "user-migration",
    "x-forwarded-for",
    "reconcile-run",
];

/// Two words or more, of letters and digits, with hyphens between them.
fn is_kebab(text: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit())
    };
    text.split('-').all(word)
}

/// Every text of the files that say reasons.
fn said() -> BTreeSet<String> {
    let suite = Suite::shipped();
    let saying = |path: &&String| SAYING.iter().any(|folder| path.starts_with(folder));
    let no_test = |path: &&String| !path.ends_with("/tests.rs");
    let paths = suite.sources.keys().filter(saying).filter(no_test);
    let texts = paths.flat_map(|path| suite.tokens(path).iter().filter_map(|token| token.text()));
    let mut said: BTreeSet<String> = texts.map(str::to_owned).collect();
    said.extend(Reason::ALL.iter().map(|reason| reason.code().to_owned()));
    said.extend(Refused::ALL.iter().map(|refused| refused.code().to_owned()));
    said
}

#[test]
fn every_reason_that_the_code_says_is_listed() {
    let listed = listed();
    let compound = |text: &&String| text.contains('-') && is_kebab(text);
    let unlisted: Vec<String> = said()
        .iter()
        .filter(compound)
        .filter(|text| !listed.contains(*text) && !NO_REASONS.contains(&text.as_str()))
        .cloned()
        .collect();
    assert!(
        unlisted.is_empty(),
        "not under \"Reasons\" in LOGGING.md: {unlisted:?}"
    );
}

#[test]
fn every_reason_that_is_listed_is_said_and_in_kebab_case() {
    let said = said();
    let listed = listed();
    assert!(listed.len() > 40, "{listed:?}");
    let idle: Vec<&String> = listed.iter().filter(|code| !said.contains(*code)).collect();
    assert!(idle.is_empty(), "nothing says {idle:?}");
    let odd: Vec<&String> = listed.iter().filter(|code| !is_kebab(code)).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

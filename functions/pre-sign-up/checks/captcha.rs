//! `captcha`: the token that came with the sign-up, verified by the service that made it.
//!
//! A token passes once, and Cognito may ask three times. So the sign-up that a token let in is remembered for some
//! minutes, by a digest of both: the same sign-up passes with it again, another does not. A crash between the
//! service's word and the mark costs the person another token (not with Turnstile, which knows retries).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use shared::{
    aws::ServiceError,
    deadline::Deadline,
    https::{Https, Request},
    policy::{Captcha, CaptchaProvider},
    state::{EphemeralKey, Item, digest, number, read_number, text},
    trigger::Attributes,
};
use time::OffsetDateTime;

use crate::{Applicant, judge::Finding, services::Services};

/// What the validation data, or the client metadata, call the token.
const SENT_AS: &str = "captcha";

/// Longest token that is sent on, octets: services document 2048 at most, or nothing.
const MAX_TOKEN: usize = 8192;
/// Longest answer that is read, octets.
const MAX_ANSWER: usize = 16 * 1024;

/// How long a passed token lets its sign-up in again.
const REMEMBERED: i64 = 600;
/// Between the looks for the mark of another delivery, which is being verified at the same time.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(150),
    Duration::from_millis(350),
];

/// The answer of all three services (their documentation of `siteverify`).
#[derive(Deserialize)]
struct Verified {
    success: bool,
    #[serde(default, rename = "error-codes")]
    error_codes: Vec<String>,
    hostname: Option<String>,
    score: Option<f64>,
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Passed,
    Refused,
    /// It was used before, or is too old.
    UsedOrOld,
    /// The secret is not the one that the service has.
    WrongSecret,
    /// The service cannot say.
    Unsaid,
}

/// Why the service's word is not known.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error("the service answered with status {0}")]
    Status(u16),
    #[error("the service does not accept the secret")]
    WrongSecret,
    #[error("the service cannot say")]
    Unsaid,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the service says of the token.
pub(super) async fn look(
    rules: &Captcha,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Finding {
    let Some(token) = applicant.sent(SENT_AS) else {
        return Finding::Objection("captcha-missing");
    };
    if token.len() > MAX_TOKEN {
        return Finding::Objection("captcha-refused");
    }
    let Some(https) = &services.https else {
        return Finding::undecided("not-examined");
    };
    let parts = sign_up(rules, applicant);
    let parts = parts.each_ref().map(String::as_str);
    let mark = EphemeralKey::passed("captcha", &parts);
    let retry = digest("captcha_retry", &parts);
    match verify(rules, token, &retry, services, https, deadline).await {
        Ok(Word::Passed) => {
            // What is not remembered costs a retry its token, and nobody else anything.
            let _ = remember(&mark, services, deadline).await;
            Finding::Clear
        }
        Ok(Word::UsedOrOld) => match passed_before(&mark, services, deadline).await {
            Ok(true) => Finding::Clear,
            Ok(false) => Finding::Objection("captcha-refused"),
            Err(error) => Finding::unanswered("captcha-unavailable", error),
        },
        Ok(_) => Finding::Objection("captcha-refused"),
        Err(cause) => Finding::unanswered("captcha-unavailable", cause),
    }
}

/// What makes this sign-up this one: everything that Cognito sends again when it asks again. With another invitation,
/// say, the same token is another sign-up's.
fn sign_up(rules: &Captcha, applicant: &Applicant<'_>) -> [String; 6] {
    let request = applicant.request;
    let of = |attributes: &Attributes| {
        let members = attributes.iter().flat_map(|(name, value)| [name, value]);
        digest("captcha_request", &members.collect::<Vec<_>>())
    };
    [
        rules.secret.as_str().to_owned(),
        applicant.user_pool_id.unwrap_or_default().to_owned(),
        applicant.user_name.unwrap_or_default().to_owned(),
        of(&request.user_attributes),
        of(&request.validation_data),
        of(&request.client_metadata),
    ]
}

/// The service's word, under the current secret or the one before.
async fn verify(
    rules: &Captcha,
    token: &str,
    retry: &str,
    services: &Services,
    https: &Https,
    deadline: Deadline,
) -> Result<Word, Failed> {
    let secrets = services.secrets.get(&rules.secret, deadline).await?;
    let versions = [Some(&secrets.current), secrets.previous.as_ref()];
    for secret in versions.into_iter().flatten() {
        let word = ask(rules, secret, token, retry, https, deadline).await?;
        match word {
            Word::WrongSecret => {}
            Word::Unsaid => return Err(Unknown::Unsaid.into()),
            said => return Ok(said),
        }
    }
    Err(Unknown::WrongSecret.into())
}

async fn ask(
    rules: &Captcha,
    secret: &SecretString,
    token: &str,
    retry: &str,
    https: &Https,
    deadline: Deadline,
) -> Result<Word, Failed> {
    let retry = uuid_of(retry);
    let mut fields = vec![("secret", secret.expose_secret()), ("response", token)];
    // "Idempotency" of Turnstile's documentation: the same token passes again with the same key.
    if rules.provider == CaptchaProvider::Turnstile {
        fields.push(("idempotency_key", &retry));
    }
    let request = Request::post_form(&rules.url, &fields);
    let answer = https.send(request, MAX_ANSWER, deadline).await?;
    if answer.status != 200 {
        return Err(Unknown::Status(answer.status).into());
    }
    Ok(word(rules, &answer.json()?))
}

/// What an answer comes to. Pure.
fn word(rules: &Captcha, verified: &Verified) -> Word {
    let codes = |of: &[&str]| {
        verified
            .error_codes
            .iter()
            .any(|it| of.contains(&it.as_str()))
    };
    if !verified.success {
        return if codes(&[
            "timeout-or-duplicate",
            "already-seen-response",
            "invalid-or-already-seen-response",
        ]) {
            Word::UsedOrOld
        } else if codes(&["missing-input-secret", "invalid-input-secret"]) {
            Word::WrongSecret
        } else if codes(&["internal-error", "bad-request"]) {
            Word::Unsaid
        } else {
            Word::Refused
        };
    }
    let hostname = verified.hostname.as_deref().unwrap_or_default();
    let elsewhere = |hosts: &Vec<String>| !hosts.iter().any(|it| it.eq_ignore_ascii_case(hostname));
    let too_low = |least: u32| {
        let least = f64::from(least) / 100.0;
        verified.score.is_none_or(|score| score < least)
    };
    if rules.hostnames.as_ref().is_some_and(elsewhere) || rules.min_score.is_some_and(too_low) {
        Word::Refused
    } else {
        Word::Passed
    }
}

/// 32 hexadecimal digits as a UUID of version 4.
fn uuid_of(digest: &str) -> String {
    let part = |from, to| digest.get(from..to).unwrap_or_default();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(13, 16),
        part(17, 20),
        part(20, 32),
    ];
    let [a, b, c, d, e] = parts;
    format!("{a}-{b}-4{c}-8{d}-{e}")
}

async fn remember(
    mark: &EphemeralKey,
    services: &Services,
    deadline: Deadline,
) -> Result<(), ServiceError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let expires_at = now.saturating_add(REMEMBERED);
    let item = Item::from([text("pk", &mark.0), number("expires_at", expires_at)]);
    services.put_ephemeral(item, deadline).await
}

/// Whether this sign-up has passed with this token, or does while we look.
async fn passed_before(
    mark: &EphemeralKey,
    services: &Services,
    deadline: Deadline,
) -> Result<bool, ServiceError> {
    for pause in PAUSES {
        if pause > deadline.remaining() {
            break;
        }
        tokio::time::sleep(pause).await;
        let item = services.ephemeral_item(mark, deadline).await?;
        let expires_at = item.and_then(|item| read_number(&item, "expires_at"));
        let now = OffsetDateTime::now_utc().unix_timestamp();
        if expires_at.is_some_and(|expires_at| expires_at > now) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(more: &str, answer: &str) -> Word {
        let written = format!(
            "version = 1\n[[pre-sign-up.checks]]\nname = \"c\"\n\
             captcha = {{ provider = \"turnstile\", secret = \"captcha\"{more} }}\n"
        );
        let policy = shared::policy::PolicyFile::parse("policy.toml", written);
        let policy: shared::policy::PreSignUp = policy.section().unwrap();
        let shared::policy::CheckKind::Captcha(rules) = &policy.checks[0].kind else {
            unreachable!("a captcha");
        };
        word(rules, &serde_json::from_str(answer).unwrap())
    }

    #[test]
    fn an_answer_comes_to_what_the_services_document() {
        let host = ", hostnames = [\"app.example.com\"]";
        let score = ", min_score = 50";
        let code = |code: &str| format!("{{\"success\":false,\"error-codes\":[\"{code}\"]}}");
        for (more, answer, word) in [
            (
                "",
                "{\"success\":true,\"more\":[1]}".to_owned(),
                Word::Passed,
            ),
            ("", "{\"success\":false}".to_owned(), Word::Refused),
            ("", code("invalid-input-response"), Word::Refused),
            ("", code("timeout-or-duplicate"), Word::UsedOrOld),
            ("", code("already-seen-response"), Word::UsedOrOld),
            ("", code("invalid-input-secret"), Word::WrongSecret),
            ("", code("internal-error"), Word::Unsaid),
            (
                host,
                "{\"success\":true,\"hostname\":\"App.example.com\"}".to_owned(),
                Word::Passed,
            ),
            (
                host,
                "{\"success\":true,\"hostname\":\"evil.example\"}".to_owned(),
                Word::Refused,
            ),
            (host, "{\"success\":true}".to_owned(), Word::Refused),
            (
                score,
                "{\"success\":true,\"score\":0.5}".to_owned(),
                Word::Passed,
            ),
            (
                score,
                "{\"success\":true,\"score\":0.4}".to_owned(),
                Word::Refused,
            ),
            (score, "{\"success\":true}".to_owned(), Word::Refused),
        ] {
            assert_eq!(said(more, &answer), word, "{more} {answer}");
        }
    }

    #[test]
    fn a_retry_s_key_is_a_uuid() {
        let digest = "0123456789abcdef0123456789abcdef0123";
        assert_eq!(uuid_of(digest), "01234567-89ab-4def-8123-456789abcdef");
    }
}

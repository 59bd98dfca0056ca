//! The audit line: one JSON object on one line for each decision.
//!
//! Its JSON Schema is docs/audit-line.schema.json, kept true by a test. Metric filters, alarms and the
//! dashboard in template.yaml read these fields: a change that is no addition is a new version.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    principal::{LogKey, Principal},
    session::Session,
};
use crate::{deadline::Deadline, trigger::TriggerEvent};

/// Version of the audit line's format.
pub const AUDIT_VERSION: u8 = 1;

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// pre-sign-up lets the account be created.
    Allowed,
    /// pre-sign-up refused it.
    Refused,
    /// post-confirmation stored what it had to.
    Recorded,
    /// post-confirmation could not, let the user through and left the rest to be healed. Alarm on it.
    Deferred,
    /// user-migration vouched for the user.
    Migrated,
    /// user-migration gave the event back as it came: unknown, wrong, or not to be decided.
    Untouched,
    /// identity-vendor issued a token or credentials.
    Issued,
    /// identity-vendor refused the caller.
    Denied,
    /// The function said that it is there; nobody asked for anything.
    Answered,
    /// A trigger source that the function does not know.
    PassedThrough,
    /// reconcile did what it could in its time.
    Reconciled,
    /// pool-watch found the user pool as it should be.
    InOrder,
    /// pool-watch found that it is not. Alarm on it.
    Drifted,
    /// pool-watch put the triggers back. Alarm on it: what took them off will do so again.
    Healed,
    /// The function could not do its work. Alarm on it.
    Failed,
}

impl Outcome {
    /// Whether an operator must look at it.
    pub fn is_failure(self) -> bool {
        matches!(
            self,
            Self::Deferred | Self::Drifted | Self::Healed | Self::Failed
        )
    }
}

/// One decision, as the log keeps it. Holds no name, address, password, token, key or code in clear.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AuditLine {
    /// Always `poolkeeper.audit`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Version of this format.
    version: u8,
    /// Always `INFO`: Lambda's own level filter reads it.
    level: &'static str,
    /// When the decision was settled, RFC 3339, UTC.
    timestamp: String,
    /// The function.
    function: &'static str,
    /// Lambda's request id.
    request_id: String,
    /// What the decision came to.
    outcome: Outcome,
    /// A stable code for the reason.
    reason: &'static str,
    /// The rule of the policy that decided, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    /// What checks would have refused, had they been enforced or able to decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<Report>>"))]
    reports: Vec<Report>,
    /// `triggerSource`; `unknown` where it is not shaped as Cognito shapes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    trigger_source: Option<String>,
    /// The user pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_pool_id: Option<String>,
    /// The app client.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// Whom it was about, by keyed hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Principal>,
    /// The source that the proof names, by its name in the policy. A proof that was rejected names one too.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// The alias of the role that was asked for or given.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// SHA-256 of the JWT that was shown, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof_sha256: Option<String>,
    /// Whose word was believed: the issuer's URL, or the name of the back end's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    vouched_by: Option<String>,
    /// What was asked of AWS for the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Session>,
    /// SHA-256 of the token that was issued, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_sha256: Option<String>,
    /// The legacy store that knew the user, by its name in the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// The scheme of the legacy hash that was verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
    /// What became of each thing that post-confirmation does, in one word.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<BTreeMap<String, String>>")
    )]
    items: BTreeMap<&'static str, &'static str>,
    /// What a run of reconcile did, counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<BTreeMap<String, u64>>"))]
    counts: BTreeMap<&'static str, u64>,
    /// Milliseconds that were left of the budget.
    remaining_ms: u64,
}

/// One rule that objected and was not enforced.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Report {
    /// The rule's name.
    rule: String,
    /// A stable code for the reason.
    reason: &'static str,
}

/// Identifiers that come from outside are cut to this many characters.
const MAX_IDENTIFIER: usize = 128;

impl AuditLine {
    /// A line of `function` for the invocation `request_id`; [`Outcome::Failed`] until it is decided.
    pub fn new(function: &'static str, request_id: &str) -> Self {
        Self {
            kind: "poolkeeper.audit",
            version: AUDIT_VERSION,
            level: "INFO",
            timestamp: String::new(),
            function,
            request_id: request_id.to_owned(),
            outcome: Outcome::Failed,
            reason: "undecided",
            rule: None,
            reports: Vec::new(),
            trigger_source: None,
            user_pool_id: None,
            client_id: None,
            principal: None,
            source: None,
            role: None,
            proof_sha256: None,
            vouched_by: None,
            session: None,
            token_sha256: None,
            store: None,
            scheme: None,
            items: BTreeMap::new(),
            counts: BTreeMap::new(),
            remaining_ms: 0,
        }
    }

    /// The trigger event that it is about. A user is named by pool and user name.
    pub fn about_event(&mut self, event: &TriggerEvent, key: &LogKey) {
        let pool = event.user_pool_id().ok();
        self.trigger_source = Some(event.source().to_string());
        self.user_pool_id = pool.and_then(identifier);
        self.client_id = event.caller().client_id.as_deref().and_then(identifier);
        self.principal = pool
            .zip(event.user_name().ok())
            .map(|(pool, name)| Principal::new(key, pool, name));
    }

    /// The source that a proof names, before it is verified.
    pub fn about_source(&mut self, source: &str) {
        self.source = Some(source.to_owned());
    }

    /// The caller of the vendor: `subject` at the source called `source` in the policy.
    pub fn about_subject(&mut self, source: &str, subject: &str, key: &LogKey) {
        self.source = Some(source.to_owned());
        self.principal = Some(Principal::new(key, source, subject));
    }

    /// The legacy store that knew the user, and the scheme of the hash that was verified, if one was.
    pub fn of_store(&mut self, name: &str, scheme: Option<&'static str>) {
        self.store = Some(name.to_owned());
        self.scheme = scheme;
    }

    /// The rule `rule` would have refused for `reason`, but only reports.
    pub fn reported(&mut self, rule: &str, reason: &'static str) {
        let rule = rule.to_owned();
        self.reports.push(Report { rule, reason });
    }

    /// What became of one thing that there was to do.
    pub fn item(&mut self, name: &'static str, became: &'static str) {
        self.items.insert(name, became);
    }

    /// The user pool, and what was counted of it.
    pub fn of_pool(&mut self, user_pool_id: &str, counts: BTreeMap<&'static str, u64>) {
        self.user_pool_id = identifier(user_pool_id);
        self.counts = counts;
    }

    /// The role's alias, once the policy knows it.
    pub fn for_role(&mut self, alias: &str) {
        self.role = Some(alias.to_owned());
    }

    /// The JWT that the caller shows, whether it verifies or not. Nothing that is none: a digest of a password is worth
    /// the password.
    pub fn proof(&mut self, jwt: &str) {
        self.proof_sha256 = Some(sha256(jwt));
    }

    /// Whose word is believed, as policy and wiring name them.
    pub fn vouched_by(&mut self, name: &str) {
        self.vouched_by = Some(name.to_owned());
    }

    /// What is asked of AWS for the caller, before it is asked.
    pub fn session(&mut self, session: Session) {
        self.session = Some(session);
    }

    /// The token that was issued.
    pub fn issued(&mut self, token: &str) {
        self.token_sha256 = Some(sha256(token));
    }

    /// The decision.
    pub fn decided(&mut self, outcome: Outcome, reason: &'static str, rule: Option<String>) {
        self.outcome = outcome;
        self.reason = reason;
        self.rule = rule;
    }

    /// Stamped now, with what is left of `deadline`.
    pub fn at(mut self, deadline: Deadline) -> Self {
        let now = OffsetDateTime::now_utc();
        self.timestamp = now.format(&Rfc3339).unwrap_or_default();
        self.remaining_ms = u64::try_from(deadline.remaining().as_millis()).unwrap_or(u64::MAX);
        self
    }
}

/// In hex.
fn sha256(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text))
}

/// `text` if it is shaped as AWS shapes identifiers: what is not may be anything, an address even.
fn identifier(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    (text.len() <= MAX_IDENTIFIER && text.chars().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_that_is_none_stays_out_of_the_line() {
        assert_eq!(
            identifier("us-east-1_Abc123").as_deref(),
            Some("us-east-1_Abc123")
        );
        assert_eq!(identifier("canary@example.com"), None);
        assert_eq!(identifier(&"x".repeat(129)), None);
    }
}

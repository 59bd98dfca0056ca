//! Temporary credentials, as the vendor gives them, as they are kept, and as SDKs read them.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::state::rfc3339;
use time::OffsetDateTime;

/// The shortest that any caller can still use: SDKs take credentials for expired before they are.
const USABLE: i64 = 60;
/// The earliest at which kept credentials are replaced, in seconds before they expire: botocore asks for new ones from
/// 900 s before on, and must not be given the same again (botocore/credentials.py, advisory and mandatory refresh).
const EARLY: i64 = 1200;
/// STS's longest session; more is nobody's.
const LONGEST: i64 = 43_200;
/// By how much a clock may go back without anybody noticing.
const CLOCK_STEP: i64 = 5;

/// Credentials with the time in which they are good, in seconds of this machine's clock. SDKs compare with that clock,
/// so it counts from the request on, and not by the time that the vendor read on another.
#[derive(Debug)]
pub(super) struct Session {
    access_key_id: String,
    secret_access_key: SecretString,
    session_token: SecretString,
    account_id: Option<String>,
    obtained_at: i64,
    expires_at: i64,
}

/// What is kept, and what the vendor answers, share these.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Members {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    account_id: Option<String>,
}

/// An answer of `POST /token` that has credentials.
#[derive(Deserialize)]
pub(super) struct Answer {
    expires_in: i64,
    credentials: Members,
}

/// What a cache holds.
#[derive(Deserialize)]
pub(super) struct Kept {
    obtained_at: i64,
    expires_at: i64,
    /// The digest of the proof, where it has to be the same.
    pub(super) proof: Option<String>,
    #[serde(flatten)]
    members: Members,
}

impl Session {
    /// Of the vendor's answer to a request of that moment. `None` for what nobody could use.
    pub(super) fn of_answer(answer: Answer, asked_at: i64) -> Option<Self> {
        let expires_at = asked_at.checked_add(answer.expires_in)?;
        Self::new(answer.credentials, asked_at, expires_at)
    }

    /// Of a cache. `None` for what this program does not write.
    pub(super) fn of_cache(kept: Kept) -> Option<Self> {
        Self::new(kept.members, kept.obtained_at, kept.expires_at)
    }

    fn new(members: Members, obtained_at: i64, expires_at: i64) -> Option<Self> {
        let lifetime = expires_at.checked_sub(obtained_at)?;
        let texts = [
            &members.access_key_id,
            &members.secret_access_key,
            &members.session_token,
        ];
        let good = |text: &&String| !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic());
        if !(USABLE..=LONGEST).contains(&lifetime) || !texts.iter().all(good) {
            return None;
        }
        Some(Self {
            access_key_id: members.access_key_id,
            secret_access_key: members.secret_access_key.into(),
            session_token: members.session_token.into(),
            account_id: members.account_id,
            obtained_at,
            expires_at,
        })
    }

    /// Whether they may be given to an SDK without asking anew: more than `refresh_before` seconds are left, by default
    /// 1200, or half of a session that is shorter than 2400.
    pub(super) fn is_fresh(&self, now: i64, refresh_before: Option<i64>) -> bool {
        let half = (self.expires_at - self.obtained_at) / 2;
        let margin = refresh_before.unwrap_or(EARLY.min(half)).max(USABLE);
        self.left(now) > margin
    }

    /// Whether they serve if nothing better is to be had.
    pub(super) fn is_usable(&self, now: i64) -> bool {
        self.left(now) > USABLE
    }

    /// Seconds. None are left where the clock has gone back: nobody knows by how much it was wrong before.
    fn left(&self, now: i64) -> i64 {
        if now.saturating_add(CLOCK_STEP) < self.obtained_at {
            return 0;
        }
        self.expires_at.saturating_sub(now)
    }

    /// When they expire, RFC 3339.
    pub(super) fn expiration(&self) -> String {
        let time = OffsetDateTime::from_unix_timestamp(self.expires_at);
        time.map(rfc3339).unwrap_or_default()
    }

    /// What `credential_process` prints. (AWS SDKs and tools reference guide, "Process credential provider".)
    pub(super) fn for_process(&self) -> Value {
        let mut printed = self.members();
        if let Some(printed) = printed.as_object_mut() {
            printed.insert("Version".to_owned(), json!(1));
            printed.insert("Expiration".to_owned(), json!(self.expiration()));
        }
        printed
    }

    /// What the cache holds.
    pub(super) fn for_cache(&self, proof: Option<&str>) -> Value {
        let mut kept = self.members();
        if let Some(kept) = kept.as_object_mut() {
            kept.insert("obtained_at".to_owned(), json!(self.obtained_at));
            kept.insert("expires_at".to_owned(), json!(self.expires_at));
            kept.insert("proof".to_owned(), json!(proof));
        }
        kept
    }

    fn members(&self) -> Value {
        let mut members = json!({
            "AccessKeyId": self.access_key_id,
            "SecretAccessKey": self.secret_access_key.expose_secret(),
            "SessionToken": self.session_token.expose_secret(),
        });
        if let (Some(account_id), Some(members)) = (&self.account_id, members.as_object_mut()) {
            members.insert("AccountId".to_owned(), json!(account_id));
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(lifetime: i64) -> Option<Session> {
        let answer = json!({
            "expires_in": lifetime,
            "credentials": { "AccessKeyId": "ASIA", "SecretAccessKey": "canary", "SessionToken": "canary" },
        });
        Session::of_answer(serde_json::from_value(answer).unwrap(), 1000)
    }

    #[test]
    fn they_are_replaced_before_botocore_would_ask_again() {
        let hour = session(3600).unwrap();
        assert!(hour.is_fresh(1000 + 2399, None));
        assert!(!hour.is_fresh(1000 + 2400, None));
        assert!(hour.is_fresh(1000 + 2999, Some(600)));
        // Half of a session that is too short for that.
        let quarter = session(900).unwrap();
        assert!(quarter.is_fresh(1000 + 449, None));
        assert!(!quarter.is_fresh(1000 + 450, None));
        // Never in the last minute, whatever anybody says.
        assert!(!quarter.is_fresh(1000 + 840, Some(0)));
        assert!(!quarter.is_usable(1000 + 840));
        assert!(quarter.is_usable(1000 + 839));
    }

    #[test]
    fn a_clock_that_has_gone_back_makes_them_worthless() {
        let hour = session(3600).unwrap();
        assert!(hour.is_fresh(1000 - CLOCK_STEP, None));
        assert!(!hour.is_fresh(999 - CLOCK_STEP, None));
        assert!(!hour.is_usable(i64::MIN));
        assert!(!hour.is_usable(i64::MAX));
    }

    #[test]
    fn what_nobody_could_use_is_not_credentials() {
        for (lifetime, good) in [
            (59, false),
            (60, true),
            (43_200, true),
            (43_201, false),
            (-1, false),
            (i64::MAX, false),
        ] {
            assert_eq!(session(lifetime).is_some(), good, "{lifetime}");
        }
        assert!(!format!("{:?}", session(60)).contains("canary"));
    }

    #[test]
    fn what_is_kept_is_what_comes_back() {
        let kept = session(3600).unwrap().for_cache(Some("digest"));
        let read: Kept = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(
            Session::of_cache(read).unwrap().for_cache(Some("digest")),
            kept
        );
    }
}

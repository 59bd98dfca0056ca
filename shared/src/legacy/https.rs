//! An HTTPS endpoint of the old system, which verifies passwords by itself.
//!
//! The contract is docs/legacy-store.openapi.yaml: one `POST` with a JSON document, one JSON document back.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use password::Password;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{Authenticated, Found, LegacyUser, StoreError, Times};
use crate::{
    deadline::Deadline,
    https::{Https, HttpsError, HttpsUrl, Request, Response, SIGNATURE, signature},
    secrets::Secrets,
    trigger::Attributes,
};

/// Longest answer that is read, octets.
const MAX_ANSWER: usize = 64 * 1024;
/// Longest id of a record, octets.
const MAX_ID: usize = 256;

/// What a policy says of an endpoint.
#[derive(Debug, Clone)]
pub struct HttpsSettings {
    /// Where it is.
    pub url: HttpsUrl,
    /// How it knows that we ask.
    pub proof: Proof,
}

/// How an endpoint knows that the function asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// It does not. For an endpoint on this machine.
    Nothing,
    /// `Authorization: Bearer` with the secret of this name.
    Bearer(String),
    /// `Poolkeeper-Signature: t=…,v1=…` under the secret of this name, and under its former version while it rotates.
    Hmac(String),
}

/// An endpoint, ready to be asked.
pub(super) struct HttpsStore {
    settings: HttpsSettings,
    client: Https,
    secrets: Arc<Secrets>,
}

#[derive(Serialize)]
struct Question<'a> {
    operation: &'static str,
    login: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    status: Status,
    user: Option<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Verified,
    Found,
    WrongPassword,
    Unknown,
    Disabled,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    email_verified: bool,
    #[serde(default)]
    phone_number_verified: bool,
    #[serde(default)]
    groups: BTreeSet<String>,
    #[serde(default)]
    mfa: bool,
}

impl HttpsStore {
    pub(super) fn new(settings: HttpsSettings, client: Https, secrets: Arc<Secrets>) -> Self {
        Self {
            settings,
            client,
            secrets,
        }
    }

    pub(super) async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        times: Times,
    ) -> Result<Authenticated, StoreError> {
        let question = Question {
            operation: "authenticate",
            login,
            password: Some(password.expose()),
        };
        let Answer { status, user } = self.ask(&question, times.ask).await?;
        match (status, user) {
            (Status::Verified, Some(user)) => Ok(Authenticated::Verified(user.read()?)),
            (Status::WrongPassword, _) => Ok(Authenticated::WrongPassword(None)),
            (Status::Unknown, _) => Ok(Authenticated::Unknown),
            (Status::Disabled, _) => Ok(Authenticated::Disabled),
            (Status::Verified | Status::Found, _) => Err(StoreError::Answer),
        }
    }

    pub(super) async fn find(&self, login: &str, deadline: Deadline) -> Result<Found, StoreError> {
        let question = Question {
            operation: "find",
            login,
            password: None,
        };
        let Answer { status, user } = self.ask(&question, deadline).await?;
        match (status, user) {
            (Status::Found, Some(user)) => Ok(Found::User(user.read()?)),
            (Status::Unknown, _) => Ok(Found::Unknown),
            (Status::Disabled, _) => Ok(Found::Disabled),
            _ => Err(StoreError::Answer),
        }
    }

    /// Asks, and once more if nobody answered: asking changes nothing.
    async fn ask(&self, question: &Question<'_>, deadline: Deadline) -> Result<Answer, StoreError> {
        let body = serde_json::to_vec(question).map_err(|_| StoreError::Answer)?;
        let first = deadline.at_most(deadline.remaining().mul_f32(0.6));
        let answered = match self.post(&body, first).await {
            Ok(answer) if !matches!(answer.status, 502..=504) => answer,
            Err(error @ StoreError::Secret(_)) => return Err(error),
            _ => self.post(&body, deadline).await?,
        };
        match answered.status {
            200 => Ok(answered.json::<Answer>()?),
            status => Err(StoreError::Status(status)),
        }
    }

    async fn post(&self, body: &[u8], deadline: Deadline) -> Result<Response, StoreError> {
        let mut request = Request::post_json(&self.settings.url, body.to_vec());
        match &self.settings.proof {
            Proof::Nothing => {}
            Proof::Bearer(name) => {
                let secret = self.secrets.get(name, deadline).await?;
                let value = format!("Bearer {}", secret.current.expose_secret());
                request = request.header("authorization", value);
            }
            Proof::Hmac(name) => {
                let secret = self.secrets.get(name, deadline).await?;
                let now = OffsetDateTime::now_utc().unix_timestamp();
                let value = signature(&secret.keys(), now, body).ok_or(StoreError::Answer)?;
                request = request.header(SIGNATURE, value);
            }
        }
        Ok(self.client.send(request, MAX_ANSWER, deadline).await?)
    }

    /// An allowance for an answer over the network, with its verification.
    pub(super) const ALLOWANCE: Duration = Duration::from_millis(500);
}

impl User {
    fn read(self) -> Result<LegacyUser, StoreError> {
        if self.id.is_empty() || self.id.len() > MAX_ID {
            return Err(StoreError::Answer);
        }
        let attributes = self.attributes.iter();
        let attributes: BTreeMap<String, String> = attributes
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(LegacyUser {
            record_id: self.id,
            attributes,
            email_verified: self.email_verified,
            phone_number_verified: self.phone_number_verified,
            groups: self.groups,
            mfa: self.mfa,
            scheme: None,
        })
    }
}

impl From<HttpsError> for StoreError {
    fn from(error: HttpsError) -> Self {
        Self::Https(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_far_as_the_contract_goes() {
        let text = r#"{"status":"verified","more":1,"user":{"id":"17","email_verified":true,
            "attributes":{"email":"ana@example.com","age":7,"vip":true,"tags":["x"],"gone":null}}}"#;
        let answer: Answer = serde_json::from_str(text).unwrap();
        let user = answer.user.unwrap().read().unwrap();
        assert_eq!(user.record_id, "17");
        assert!(user.email_verified && !user.phone_number_verified);
        let attributes: Vec<_> = user.attributes.keys().map(String::as_str).collect();
        assert_eq!(attributes, ["age", "email", "vip"]);
    }

    #[test]
    fn a_user_without_an_id_is_no_answer() {
        for id in ["", &"x".repeat(257)] {
            let user: User = serde_json::from_value(serde_json::json!({ "id": id })).unwrap();
            assert!(matches!(user.read(), Err(StoreError::Answer)));
        }
        assert!(serde_json::from_str::<User>("{}").is_err());
        assert!(serde_json::from_str::<Answer>(r#"{"status":"match"}"#).is_err());
    }
}

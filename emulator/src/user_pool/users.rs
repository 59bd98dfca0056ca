//! A user of the pool.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::{Duration, Instant};

use super::{
    attributes::Attributes,
    mailbox::Purpose,
    password::PasswordHash,
    settings::{Contact, Settings},
};
use crate::iam::JsonError;

#[derive(Serialize, Deserialize)]
pub(super) struct User {
    pub(super) username: String,
    pub(super) sub: String,
    pub(super) attributes: Attributes,
    pub(super) status: Status,
    pub(super) password: Option<PasswordHash>,
    #[serde(skip)]
    pub(super) codes: BTreeMap<Purpose, Code>,
    pub(super) groups: BTreeSet<String>,
    /// Who of other providers signs in as this user.
    pub(super) links: Vec<Link>,
    /// Unix seconds.
    pub(super) created: i64,
}

/// `UserStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Status {
    Unconfirmed,
    Confirmed,
    ForceChangePassword,
    ResetRequired,
    ExternalProvider,
}

/// A user of another provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    provider: String,
    subject: String,
}

impl Link {
    pub(super) fn new(provider: &str, subject: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            subject: subject.to_owned(),
        }
    }

    /// Social providers have fixed names; here any other is an OIDC provider.
    fn provider_type(&self) -> &str {
        match self.provider.as_str() {
            "Google" | "Facebook" | "LoginWithAmazon" | "SignInWithApple" => &self.provider,
            _ => "OIDC",
        }
    }
}

/// A code that was sent, and what it proves.
pub(super) struct Code {
    pub(super) digits: String,
    pub(super) contact: Contact,
    pub(super) expires: Instant,
}

impl User {
    pub(super) fn new(
        (pool_id, username): (&str, &str),
        sub: &str,
        attributes: Attributes,
        status: Status,
        password: Option<&str>,
    ) -> Self {
        Self {
            username: username.to_owned(),
            sub: sub.to_owned(),
            attributes,
            status,
            password: password.map(|password| PasswordHash::new((pool_id, username), password)),
            codes: BTreeMap::new(),
            groups: BTreeSet::new(),
            links: Vec::new(),
            created: time::OffsetDateTime::now_utc().unix_timestamp(),
        }
    }

    /// The attribute `identities`: JSON, as text; none for a user without any.
    fn identities(&self) -> Option<String> {
        let identity = |link: &Link| {
            json!({
                "userId": link.subject,
                "providerName": link.provider,
                "providerType": link.provider_type(),
                "issuer": null,
                "primary": self.status == Status::ExternalProvider,
                "dateCreated": self.created.saturating_mul(1000),
            })
        };
        let identities: Vec<Value> = self.links.iter().map(identity).collect();
        (!identities.is_empty()).then(|| Value::from(identities).to_string())
    }

    pub(super) fn answers_to(&self, settings: &Settings, name: &str) -> bool {
        let has = |contact: &Contact| {
            let value = self.attributes.get(contact.attribute());
            value.is_some_and(|value| value.eq_ignore_ascii_case(name))
        };
        self.username.eq_ignore_ascii_case(name)
            || settings.username_attributes.iter().any(has)
            || settings
                .alias_attributes
                .iter()
                .any(|contact| has(contact) && self.is_verified(*contact))
    }

    pub(super) fn is_verified(&self, contact: Contact) -> bool {
        self.attributes.get(contact.verified_attribute()) == Some("true")
    }

    /// What a code proves if it is the one that was sent, in time.
    pub(super) fn proof(&self, purpose: Purpose, digits: &str) -> Result<Contact, JsonError> {
        let Some(code) = self.codes.get(&purpose) else {
            return Err(JsonError::expired_code());
        };
        if code.expires <= Instant::now() {
            return Err(JsonError::expired_code());
        }
        if code.digits != digits {
            return Err(JsonError::code_mismatch());
        }
        Ok(code.contact)
    }

    /// `userAttributes` of an event about an existing user. `cognito:email_alias` and its like are
    /// in recorded events of pools that sign in by that attribute; AWS does not document them.
    pub(super) fn event_attributes(&self, settings: &Settings) -> Value {
        let mut attributes = self.attributes.to_map();
        attributes.insert("sub".into(), self.sub.clone().into());
        attributes.insert("cognito:user_status".into(), self.status.name().into());
        let names = [&settings.username_attributes, &settings.alias_attributes];
        for contact in names.into_iter().flatten() {
            if let Some(value) = self
                .attributes
                .get(contact.attribute())
                .filter(|_| self.is_verified(*contact))
            {
                attributes.insert(
                    format!("cognito:{}_alias", contact.attribute()),
                    value.into(),
                );
            }
        }
        Value::Object(attributes)
    }

    /// The user as the operations describe one; they differ in how they name the attributes.
    pub(super) fn describe(&self, attributes: &str) -> Map<String, Value> {
        let mut list = vec![json!({ "Name": "sub", "Value": self.sub })];
        if let Some(identities) = self.identities() {
            list.push(json!({ "Name": "identities", "Value": identities }));
        }
        list.extend(
            self.attributes
                .iter()
                .map(|(name, value)| json!({ "Name": name, "Value": value })),
        );
        Map::from_iter([
            ("Username".into(), self.username.clone().into()),
            (attributes.into(), list.into()),
            ("Enabled".into(), true.into()),
            ("UserStatus".into(), self.status.name().into()),
            ("UserCreateDate".into(), self.created.into()),
            ("UserLastModifiedDate".into(), self.created.into()),
        ])
    }
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ExternalProvider => "EXTERNAL_PROVIDER",
        }
    }
}

impl Purpose {
    /// How long the code is good (API reference, ConfirmSignUp and ForgotPassword).
    pub(super) fn lifetime(self) -> Duration {
        match self {
            Self::ForgotPassword => Duration::from_secs(3600),
            Self::ConfirmSignUp | Self::Invitation | Self::VerifyAttribute => {
                Duration::from_secs(24 * 3600)
            }
        }
    }
}

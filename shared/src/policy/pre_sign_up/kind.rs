//! What a check can look at. A new kind is a variant here, a key in `check.rs`, and a file in
//! `functions/pre-sign-up/checks/`.

use serde::Deserialize;

use super::{
    Attribute, Captcha, DomainPattern, EmailDomain, Federation, HttpsCheck, Invitation, LegacyUser,
    PhoneNumber, SignUpKind, UserName, Velocity,
};

/// What a check looks at.
#[derive(Debug, Clone)]
pub enum CheckKind {
    /// The domain of the e-mail address, against lists in the policy.
    EmailDomain(EmailDomain),
    /// The domain of the e-mail address, against the list of disposable ones.
    DisposableDomain(DisposableDomain),
    /// The user name.
    UserName(UserName),
    /// One attribute.
    Attribute(Attribute),
    /// The phone number's prefix.
    PhoneNumber(PhoneNumber),
    /// The invitation that came with the sign-up.
    Invitation(Invitation),
    /// Whether another user of the pool holds the mailbox.
    UniqueEmail,
    /// How often people sign up.
    Velocity(Velocity),
    /// The provider that a user comes from.
    Federation(Federation),
    /// A token of a service that tells people from machines.
    Captcha(Captcha),
    /// A check of the deployment's own, behind an endpoint.
    Https(HttpsCheck),
    /// Whether the address is that of a legacy user.
    LegacyUser(LegacyUser),
    /// Whether the address, its domain or the phone number is blocked.
    Blocked,
}

impl CheckKind {
    /// The keys that say what a check looks at.
    pub(super) const KEYS: [&'static str; 13] = [
        "email_domain",
        "disposable_domain",
        "user_name",
        "attribute",
        "phone_number",
        "invitation",
        "unique_email",
        "velocity",
        "federation",
        "captcha",
        "https",
        "legacy_user",
        "blocked",
    ];

    /// Whether the check asks a service, and does not decide by the event and the policy alone.
    pub fn asks_a_service(&self) -> bool {
        match self {
            Self::EmailDomain(_)
            | Self::DisposableDomain(_)
            | Self::UserName(_)
            | Self::Attribute(_)
            | Self::PhoneNumber(_) => false,
            Self::Blocked | Self::Invitation(_) | Self::UniqueEmail | Self::Velocity(_) => true,
            Self::Captcha(_) | Self::Https(_) | Self::LegacyUser(_) => true,
            Self::Federation(federation) => federation.links(),
        }
    }

    /// Whether the check asks a host that is not AWS's.
    pub fn asks_a_host(&self) -> bool {
        matches!(self, Self::Captcha(_) | Self::Https(_))
    }

    /// The ways into the pool that such a check looks at if it does not say. The user name of a federated
    /// user is the provider's, and nothing can be sent with one; what an administrator creates is checked
    /// for its attributes only.
    pub(super) fn applies_to(&self) -> Vec<SignUpKind> {
        use SignUpKind::{AdminCreateUser, ExternalProvider, SignUp};
        match self {
            Self::UserName(_) | Self::Invitation(_) | Self::Captcha(_) | Self::LegacyUser(_) => {
                vec![SignUp]
            }
            Self::Federation(_) => vec![ExternalProvider],
            Self::Attribute(_) => vec![SignUp, ExternalProvider, AdminCreateUser],
            _ => vec![SignUp, ExternalProvider],
        }
    }
}

/// That nothing of the applicant is blocked. It has no keys of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Blocked {}

/// That no other user of the pool holds the mailbox. It has no keys of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct UniqueEmail {}

/// Domains whose addresses anybody can read, or that forward for a few minutes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DisposableDomain {
    /// The list: a file beside the policy, one domain a line.
    #[serde(default = "disposable_domains")]
    pub list: String,
    /// Not these, whatever the list says.
    #[serde(default)]
    pub allow: Vec<DomainPattern>,
}

fn disposable_domains() -> String {
    "disposable-domains.txt".to_owned()
}

//! `[[pre-sign-up.checks]]`: what every check has, whatever it looks at.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{
    super::{Findings, Name, bounded::Message},
    Attribute, CheckKind, Clients, DisposableDomain, EmailDomain, Invitation, LegacyUser,
    PhoneNumber, SignUpKind, UserName, captcha, clients, federation, https, invitation,
    kind::{Blocked, UniqueEmail},
    legacy_user, text, velocity,
};

/// One check.
#[derive(Debug, Clone)]
pub struct Check {
    /// What audit lines call it.
    pub name: Name,
    /// Whether its word counts.
    pub mode: Mode,
    /// What it comes to when it cannot decide.
    pub on_undecided: Undecided,
    /// The ways into the pool that it looks at.
    pub applies_to: Vec<SignUpKind>,
    /// The app clients that it looks at.
    pub clients: Clients,
    /// What the person reads.
    pub message: Option<Message>,
    /// What it looks at.
    pub kind: CheckKind,
}

/// Whether a check's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What it refuses is refused.
    Enforce,
    /// What it would refuse is let through and noted in the audit line.
    Report,
}

/// What a check comes to when it cannot decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Undecided {
    /// It objects.
    #[default]
    Refuse,
    /// It lets through, noted in the audit line.
    Allow,
}

/// `mode` as it is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Mode")
)]
pub(super) enum WrittenMode {
    /// What it refuses is refused.
    #[default]
    Enforce,
    /// What it would refuse is let through and noted in the audit line.
    Report,
    /// It is not run.
    Off,
}

/// One check. Exactly one of the keys that say what it looks at is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Check")
)]
pub(super) struct WrittenCheck {
    /// What audit lines call it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    pub(super) name: Spanned<Name>,
    /// Whether its word counts.
    #[serde(default)]
    mode: WrittenMode,
    /// What it comes to when it cannot decide: nothing to look at, nothing that can be read, or a
    /// service that does not answer.
    #[serde(default)]
    on_undecided: Undecided,
    /// The ways into the pool that it looks at. Left out: `sign_up` and `external_provider`; for
    /// `user_name`, `invitation`, `captcha` and `legacy_user` `sign_up` alone; for `federation`
    /// `external_provider`; for `attribute` all three.
    applies_to: Option<Vec<SignUpKind>>,
    /// The app clients that it looks at, by their names under `pre-sign-up.clients`; `unknown` is every
    /// client without one, and calls without a client. Left out: all.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<Name>>"))]
    clients: Option<Vec<Spanned<Name>>>,
    /// What the person reads. Cognito puts "PreSignUp failed with error " before it, the function the
    /// reason's code in brackets behind it.
    message: Option<Message>,
    /// Looks at the domain of the e-mail address.
    email_domain: Option<EmailDomain>,
    /// Looks for the domain of the e-mail address, and the domains above it, in the list of disposable
    /// ones.
    disposable_domain: Option<DisposableDomain>,
    /// Looks at the user name.
    user_name: Option<text::WrittenUserName>,
    /// Looks at one attribute.
    attribute: Option<text::WrittenAttribute>,
    /// Looks at the phone number's prefix.
    phone_number: Option<PhoneNumber>,
    /// Asks for an invitation.
    invitation: Option<invitation::WrittenInvitation>,
    /// Objects where another user of the pool was confirmed with the mailbox of the e-mail address. It only
    /// reports until reconcile has seen the whole pool once.
    unique_email: Option<UniqueEmail>,
    /// Looks for blocks of the address, its domain and the phone number.
    blocked: Option<Blocked>,
    /// Counts sign-ups.
    velocity: Option<velocity::WrittenVelocity>,
    /// Lets in the users of some providers, and joins them to the accounts that they have.
    federation: Option<federation::WrittenFederation>,
    /// Asks for the token of a service that tells people from machines.
    captcha: Option<captcha::WrittenCaptcha>,
    /// Asks an endpoint of your own.
    https: Option<https::WrittenHttpsCheck>,
    /// Looks for the address among the users of the legacy stores who have not moved in yet.
    legacy_user: Option<legacy_user::WrittenLegacyUser>,
}

impl WrittenCheck {
    /// The check; `None` when it is off, or when a finding says why.
    pub(super) fn compile(
        self,
        known: &BTreeMap<Name, clients::Client>,
        findings: &mut Findings,
    ) -> Option<Check> {
        let at = self.name.span();
        let name = self.name.into_inner();
        let nothing = |findings: &mut Findings, expected: &str| {
            let text = format!("the check {name} looks at nothing: expected {expected}");
            findings.at(at.clone(), text);
        };
        let mut kinds: Vec<CheckKind> = Vec::new();
        if let Some(domains) = self.email_domain {
            if domains.allow.is_none() && domains.deny.is_empty() {
                nothing(findings, "allow or deny");
            }
            kinds.push(CheckKind::EmailDomain(domains));
        }
        kinds.extend(self.disposable_domain.map(CheckKind::DisposableDomain));
        if let Some(user_name) = self.user_name {
            let user_name = UserName::from(user_name);
            if user_name.is_empty() {
                nothing(findings, "pattern, min_length, max_length or reserved");
            }
            kinds.push(CheckKind::UserName(user_name));
        }
        if let Some(attribute) = self.attribute {
            let attribute = Attribute::from(attribute);
            if attribute.is_empty() {
                let expected = "required, pattern, values, min_length or max_length";
                nothing(findings, expected);
            }
            kinds.push(CheckKind::Attribute(attribute));
        }
        if let Some(phone_number) = self.phone_number {
            if phone_number.allow.is_none() && phone_number.deny.is_empty() {
                nothing(findings, "allow or deny");
            }
            kinds.push(CheckKind::PhoneNumber(phone_number));
        }
        let invitation = self.invitation.map(Invitation::from);
        kinds.extend(invitation.map(CheckKind::Invitation));
        kinds.extend(self.blocked.map(|Blocked {}| CheckKind::Blocked));
        let unique = self.unique_email;
        kinds.extend(unique.map(|UniqueEmail {}| CheckKind::UniqueEmail));
        let velocity = self.velocity;
        let velocity = velocity.map(|velocity| velocity.compile(clients::ids(known)));
        kinds.extend(velocity.map(CheckKind::Velocity));
        let federation = self.federation;
        let federation = federation.map(|federation| federation.compile(&at, findings));
        kinds.extend(federation.map(CheckKind::Federation));
        let captcha = self.captcha.and_then(captcha::WrittenCaptcha::compile);
        kinds.extend(captcha.map(CheckKind::Captcha));
        let https = self.https.map(|https| https.compile(&at, findings));
        kinds.extend(https.map(CheckKind::Https));
        let legacy_user = self.legacy_user.map(LegacyUser::from);
        kinds.extend(legacy_user.map(CheckKind::LegacyUser));
        let clients = Clients::compile(self.clients, known, findings);
        let mode = match self.mode {
            WrittenMode::Enforce => Some(Mode::Enforce),
            WrittenMode::Report => Some(Mode::Report),
            WrittenMode::Off => None,
        };
        let count = kinds.len();
        let kind = kinds.pop().filter(|_| count == 1);
        if kind.is_none() {
            let keys = CheckKind::KEYS.join(", ");
            findings.at(at, format!("expected exactly one of {keys}"));
        }
        let (mode, kind) = (mode?, kind?);
        Some(Check {
            name,
            mode,
            on_undecided: self.on_undecided,
            applies_to: self.applies_to.unwrap_or_else(|| kind.applies_to()),
            clients,
            message: self.message,
            kind,
        })
    }
}

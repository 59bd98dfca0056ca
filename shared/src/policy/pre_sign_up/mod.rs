//! `[pre-sign-up]`: who may create an account.

mod auto_confirm;
mod captcha;
mod check;
mod clients;
mod email_domain;
mod federation;
mod https;
mod invitation;
mod kind;
mod legacy_user;
mod phone_number;
mod sign_up_kind;
mod text;
mod velocity;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::{
    auto_confirm::AutoConfirm,
    captcha::{Captcha, CaptchaProvider},
    check::{Check, Mode, Undecided},
    clients::Clients,
    email_domain::{DomainPattern, EmailDomain},
    federation::{Federation, Provider, ProviderOf, ProviderUser},
    https::HttpsCheck,
    invitation::Invitation,
    kind::{CheckKind, DisposableDomain},
    legacy_user::LegacyUser,
    phone_number::{PhoneNumber, PhoneNumbers, PhonePrefix},
    sign_up_kind::SignUpKind,
    text::{Attribute, Pattern, TextRules, UserName},
    velocity::{Velocity, VelocityBy},
};
use super::{Findings, Name, Rules};

/// The rules of pre-sign-up.
#[derive(Debug, Clone)]
pub struct PreSignUp {
    /// The checks that are not off, in order.
    pub checks: Vec<Check>,
    /// Who is confirmed without a code of Cognito's; the first that holds decides.
    pub auto_confirm: Vec<AutoConfirm>,
}

impl PreSignUp {
    /// Whether a check asks a host that is not AWS's.
    pub fn asks_a_host(&self) -> bool {
        self.checks.iter().any(|check| check.kind.asks_a_host())
    }

    /// Whether a check asks a service.
    pub fn asks_a_service(&self) -> bool {
        let verifies = |rule: &AutoConfirm| rule.verify_email || rule.verify_phone_number;
        self.checks.iter().any(|check| check.kind.asks_a_service())
            || self.auto_confirm.iter().any(verifies)
    }

    /// Whether a check asks the legacy stores, which are part of user-migration's section.
    pub fn asks_legacy_stores(&self) -> bool {
        let asks = |check: &Check| matches!(check.kind, CheckKind::LegacyUser(_));
        self.checks.iter().any(asks)
    }
}

/// Who may create an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "PreSignUp")
)]
pub struct Section {
    /// The app clients that checks can name, by a name of their own.
    #[serde(default)]
    clients: BTreeMap<Name, clients::Client>,
    /// The checks, in order. The first that refuses decides.
    #[serde(default)]
    checks: Vec<check::WrittenCheck>,
    /// Who is confirmed without a code of Cognito's.
    #[serde(default)]
    auto_confirm: Vec<auto_confirm::WrittenAutoConfirm>,
}

impl Rules for PreSignUp {
    const SECTION: &'static str = "pre-sign-up";

    type Section = Section;

    fn compile(section: Section, findings: &mut Findings) -> Option<Self> {
        let mut seen = Vec::new();
        let mut checks = Vec::new();
        clients::check(&section.clients, findings);
        for written in section.checks {
            let name = written.name.get_ref().clone();
            if seen.contains(&name) {
                let span = written.name.span();
                findings.at(span, format!("a second check is called {name}"));
            }
            checks.extend(written.compile(&section.clients, findings));
            seen.push(name);
        }
        let invites = |check: &Check| {
            matches!(check.kind, CheckKind::Invitation(_)) && check.mode == Mode::Enforce
        };
        let invited = checks.iter().any(invites);
        let rules = section.auto_confirm.into_iter();
        let rules = rules.map(|rule| rule.compile(&section.clients, invited, findings));
        let auto_confirm = rules.collect();
        Some(Self {
            checks,
            auto_confirm,
        })
    }
}

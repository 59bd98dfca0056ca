//! `[[pre-sign-up.auto_confirm]]`: who is confirmed without a code of Cognito's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use toml::Spanned;

use super::{
    super::{Findings, Name},
    clients::Client,
};

/// Who is confirmed without a code of Cognito's. Never by what the person says of themselves: an address of
/// the right domain is nobody's proof of anything.
#[derive(Debug, Clone)]
pub struct AutoConfirm {
    /// What audit lines call it.
    pub name: Name,
    /// The confidential app clients whose sign-ups it is about; any where there is no list.
    pub clients: Option<BTreeSet<String>>,
    /// Whether the sign-up must hold an invitation that is for its address alone.
    pub bound_invitation: bool,
    /// Whether the e-mail address counts as verified.
    pub verify_email: bool,
    /// Whether the phone number counts as verified.
    pub verify_phone_number: bool,
}

/// A rule by which somebody is confirmed without a code of Cognito's. The first that holds decides. At least
/// one of `clients` and `bound_invitation`; where both are given, both must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "AutoConfirm")
)]
pub(super) struct WrittenAutoConfirm {
    /// What audit lines call it.
    #[cfg_attr(feature = "schema", schemars(with = "Name"))]
    name: Spanned<Name>,
    /// The app clients whose sign-ups it is about, each with `confidential = true`.
    #[cfg_attr(feature = "schema", schemars(with = "Option<Vec<Name>>"))]
    clients: Option<Vec<Spanned<Name>>>,
    /// The sign-up holds an invitation that is for its address alone: who has the code reads the mailbox.
    #[serde(default)]
    bound_invitation: bool,
    /// Whether the e-mail address counts as verified.
    #[serde(default)]
    verify_email: bool,
    /// Whether the phone number counts as verified: on the word of a confidential client only.
    #[serde(default)]
    verify_phone_number: bool,
}

impl WrittenAutoConfirm {
    /// `invited` is whether a check asks for an invitation and enforces it.
    pub(super) fn compile(
        self,
        known: &BTreeMap<Name, Client>,
        invited: bool,
        findings: &mut Findings,
    ) -> AutoConfirm {
        let at = self.name.span();
        if self.clients.is_none() && !self.bound_invitation {
            let text =
                "expected clients or bound_invitation = true: who is confirmed must be vouched for";
            findings.at(at.clone(), text);
        }
        if self.bound_invitation && !invited {
            let text =
                "expected a check with invitation and mode = \"enforce\": else nobody is invited";
            findings.at(at.clone(), text);
        }
        if self.verify_phone_number && self.clients.is_none() {
            let text = "expected clients: an invitation says nothing of a phone number";
            findings.at(at, text);
        }
        let clients = self.clients.map(|names| {
            let mut ids = BTreeSet::new();
            for name in names {
                match known.get(name.get_ref()) {
                    Some(client) if client.confidential => ids.extend(client.ids()),
                    Some(_) => {
                        let text = "expected a client with confidential = true: the id of another is public";
                        findings.at(name.span(), text);
                    }
                    None => findings.at(name.span(), "expected a name under pre-sign-up.clients"),
                }
            }
            ids
        });
        AutoConfirm {
            name: self.name.into_inner(),
            clients,
            bound_invitation: self.bound_invitation,
            verify_email: self.verify_email,
            verify_phone_number: self.verify_phone_number,
        }
    }
}

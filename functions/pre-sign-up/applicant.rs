//! Who wants an account, and how: what a check may look at.

use serde::Deserialize;
use shared::{
    email::EmailAddress,
    policy::SignUpKind,
    trigger::{Attributes, TriggerEvent},
};

use crate::judge::Finding;

/// Who wants an account, and how. Everything but `kind` comes from outside.
#[derive(Debug)]
pub struct Applicant<'a> {
    /// The way in.
    pub kind: SignUpKind,
    /// `userPoolId`, where there is one.
    pub user_pool_id: Option<&'a str>,
    /// `userName`, where there is one.
    pub user_name: Option<&'a str>,
    /// The app client, where there is one.
    pub client_id: Option<&'a str>,
    /// `request`.
    pub request: &'a Request,
}

/// `request` of a pre-sign-up event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request {
    /// What the account would have.
    pub user_attributes: Attributes,
    /// What the app sent for checking, and Cognito does not keep.
    pub validation_data: Attributes,
    /// What the app sent for the triggers.
    pub client_metadata: Attributes,
}

impl<'a> Applicant<'a> {
    /// Of an event, coming in by `kind`.
    pub fn new(event: &'a TriggerEvent, request: &'a Request, kind: SignUpKind) -> Self {
        Self {
            kind,
            user_pool_id: event.user_pool_id().ok(),
            user_name: event.user_name().ok(),
            client_id: event.caller().client_id.as_deref(),
            request,
        }
    }

    /// An attribute that is not empty.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let value = self.request.user_attributes.get(name);
        value.filter(|value| !value.is_empty())
    }

    /// What the app sent under `name` for the checks, without the space around it: in `validationData`, or
    /// else in `clientMetadata`.
    pub fn sent(&self, name: &str) -> Option<&'a str> {
        let Request {
            validation_data,
            client_metadata,
            ..
        } = self.request;
        let given = |from: &'a Attributes| from.get(name).map(str::trim);
        let given = [validation_data, client_metadata].into_iter().map(given);
        given.flatten().find(|text| !text.is_empty())
    }

    /// The e-mail address.
    ///
    /// # Errors
    /// The finding of a check that needs one, where there is none that can be read.
    pub fn email(&self) -> Result<EmailAddress, Finding> {
        let text = self
            .attribute("email")
            .ok_or(Finding::undecided("no-email"))?;
        text.parse()
            .map_err(|_| Finding::undecided("invalid-email"))
    }
}

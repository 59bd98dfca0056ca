//! Sends codes, or pretends to.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    UserPool,
    error::Answer,
    mailbox::{Delivery, Purpose, code_delivery_details},
    settings::Contact,
    users::Code,
};
use crate::{iam::JsonError, random};

/// Which addresses a code may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Those that are proven.
    Verified,
    /// Those that the pool verifies at a sign-up.
    AutoVerified,
}

impl UserPool {
    /// Where a code can be sent: e-mail first.
    pub(super) fn reachable_by(&self, username: &str, reach: Reach) -> Option<Contact> {
        let settings = self.settings();
        let state = self.state();
        let user = state.users.get(username)?;
        Contact::ALL.into_iter().find(|contact| {
            user.attributes.get(contact.attribute()).is_some()
                && match reach {
                    Reach::Verified => user.is_verified(*contact),
                    Reach::AutoVerified => settings.auto_verified.contains(contact),
                }
        })
    }

    /// A new code; the last one sent is the one that counts. Answers `CodeDeliveryDetails`.
    pub(super) fn send_code(&self, username: &str, contact: Contact, purpose: Purpose) -> Answer {
        let digits = random::code()?;
        let delivery = {
            let mut state = self.state();
            let user = state
                .users
                .get_mut(username)
                .ok_or_else(JsonError::user_not_found)?;
            let destination = user
                .attributes
                .get(contact.attribute())
                .unwrap_or_default()
                .to_owned();
            let expires = Instant::now() + purpose.lifetime();
            user.codes.insert(
                purpose,
                Code {
                    digits: digits.clone(),
                    contact,
                    expires,
                },
            );
            Delivery {
                destination,
                medium: contact,
                code: digits,
                purpose,
                username: username.to_owned(),
            }
        };
        let details = code_delivery_details(contact, &delivery.destination);
        self.mailbox().deliver(delivery);
        Ok(details)
    }

    /// What an unknown user sees: a delivery that did not happen, to an address made from the name.
    pub(super) fn simulate_delivery(&self, name: &str) -> Answer {
        if !self.settings().prevent_user_existence_errors {
            let message = "Username/client id combination not found.";
            return Err(JsonError::new("UserNotFoundException", message));
        }
        let (contact, destination) = match Contact::of(name) {
            Some(contact) => (contact, name.to_owned()),
            None => (Contact::Email, format!("{name}@{name}")),
        };
        Ok(json!({ "CodeDeliveryDetails": code_delivery_details(contact, &destination) }))
    }

    /// The answer about a user who is not there: as if it were `disguise`, unless the client may
    /// learn the truth.
    pub(super) fn unknown_user(&self, disguise: JsonError) -> JsonError {
        if self.settings().prevent_user_existence_errors {
            disguise
        } else {
            JsonError::user_not_found()
        }
    }

    /// Tells a person of an account that someone else made.
    pub(super) fn invite(&self, username: &str, mediums: &[Contact], password: &str) {
        let state = self.state();
        let Some(user) = state.users.get(username) else {
            return;
        };
        for &medium in mediums {
            if let Some(destination) = user.attributes.get(medium.attribute()) {
                self.mailbox().deliver(Delivery {
                    destination: destination.to_owned(),
                    medium,
                    code: password.to_owned(),
                    purpose: Purpose::Invitation,
                    username: username.to_owned(),
                });
            }
        }
    }
}

/// The mediums of a request or a response. Unset means SMS, as AWS documents for AdminCreateUser.
pub(super) fn mediums(names: Option<&Value>) -> Vec<Contact> {
    match names.and_then(Value::as_array) {
        Some(names) => Contact::ALL
            .into_iter()
            .filter(|contact| names.iter().any(|name| name == contact.medium()))
            .collect(),
        None => vec![Contact::PhoneNumber],
    }
}

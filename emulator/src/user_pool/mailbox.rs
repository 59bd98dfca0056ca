//! Where codes go instead of people's inboxes.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::settings::Contact;

/// A message that the service would have sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The full e-mail address or phone number.
    pub destination: String,
    /// Which of the two.
    pub medium: Contact,
    /// Six digits; for an invitation the temporary password, if the person needs one.
    pub code: String,
    /// What the code is for.
    pub purpose: Purpose,
    /// The pool's name for the user.
    pub username: String,
}

/// Why a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Confirms a sign-up.
    ConfirmSignUp,
    /// Sets a forgotten password.
    ForgotPassword,
    /// Proves an address that was changed.
    VerifyAttribute,
    /// Tells a person of the account that an administrator or a migration made.
    Invitation,
}

/// Every delivery so far, and the next ones as they happen.
#[derive(Debug, Clone)]
pub struct Mailbox {
    deliveries: Arc<Mutex<Vec<Delivery>>>,
    news: broadcast::Sender<Delivery>,
}

impl Mailbox {
    pub(super) fn new() -> Self {
        let (news, _) = broadcast::channel(64);
        let deliveries = Arc::default();
        Self { deliveries, news }
    }

    /// All deliveries, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Deliveries from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Delivery> {
        self.news.subscribe()
    }

    pub(super) fn deliver(&self, delivery: Delivery) {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery.clone());
        // Nobody need be listening.
        let _ = self.news.send(delivery);
    }
}

/// `CodeDeliveryDetails`, masked as in the examples of the API reference.
pub(super) fn code_delivery_details(contact: Contact, destination: &str) -> Value {
    json!({
        "AttributeName": contact.attribute(),
        "DeliveryMedium": contact.medium(),
        "Destination": mask(contact, destination),
    })
}

fn mask(contact: Contact, destination: &str) -> String {
    match contact {
        Contact::Email => {
            let (local, domain) = destination.split_once('@').unwrap_or((destination, ""));
            let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
            format!("{}***@{}***", first(local), first(domain))
        }
        Contact::PhoneNumber => {
            let hidden = destination.chars().count().saturating_sub(5);
            let shown: String = destination.chars().skip(hidden + 1).collect();
            format!("+{}{shown}", "*".repeat(hidden))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_keeps_its_first_letters_or_its_last_four_digits() {
        assert_eq!(mask(Contact::Email, "jo@example.com"), "j***@e***");
        assert_eq!(mask(Contact::PhoneNumber, "+12065550100"), "+*******0100");
        assert_eq!(mask(Contact::PhoneNumber, "+1"), "+1");
    }
}

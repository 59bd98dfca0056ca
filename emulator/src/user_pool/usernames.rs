//! Which names a new user may have.

use super::{UserPool, attributes::Attributes, settings::Contact};
use crate::iam::JsonError;

impl UserPool {
    /// The pool's own name for a new user. Where an attribute replaces the user name, that is `sub`.
    pub(super) fn new_username(
        &self,
        submitted: &str,
        attributes: &mut Attributes,
        sub: &str,
    ) -> Result<String, JsonError> {
        let settings = self.settings();
        let (replacing, aliases) = (&settings.username_attributes, &settings.alias_attributes);
        if submitted.is_empty() {
            return Err(JsonError::invalid_parameter(
                "1 validation error detected: Value at 'username' failed to satisfy constraint: \
                 Member must have length greater than or equal to 1",
            ));
        }
        match Contact::of(submitted) {
            Some(contact) if replacing.contains(&contact) => {
                attributes.set_if_absent(contact.attribute(), submitted);
                Ok(sub.to_owned())
            }
            _ if replacing.len() > 1 => Err(JsonError::invalid_parameter(
                "Username should be either an email or a phone number.",
            )),
            _ if replacing.contains(&Contact::Email) => {
                Err(JsonError::invalid_parameter("Username should be an email."))
            }
            _ if replacing.contains(&Contact::PhoneNumber) => Err(JsonError::invalid_parameter(
                "Username should be a phone number.",
            )),
            Some(Contact::Email) if aliases.contains(&Contact::Email) => {
                Err(JsonError::invalid_parameter(
                    "Username cannot be of email format, since user pool is configured for email alias.",
                ))
            }
            Some(Contact::PhoneNumber) if aliases.contains(&Contact::PhoneNumber) => {
                Err(JsonError::invalid_parameter(
                    "Username cannot be of phone number format, since user pool is configured for phone number alias.",
                ))
            }
            _ => Ok(submitted.to_owned()),
        }
    }
}

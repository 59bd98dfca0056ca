//! SignUp: a person makes an account.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    UserPool,
    attributes::{Attribute, Attributes},
    delivery::Reach,
    error::Answer,
    events::{Metadata, ValidationDatum},
    mailbox::Purpose,
    settings::Contact,
    trigger::{Call, Source, flag},
    users::{Status, User},
};
use crate::{iam::JsonError, random};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SignUp {
    client_id: String,
    username: String,
    password: String,
    #[serde(default)]
    user_attributes: Vec<Attribute>,
    validation_data: Option<Vec<ValidationDatum>>,
    client_metadata: Option<Metadata>,
}

/// What pre sign-up decided.
#[derive(Default)]
struct Verdict {
    confirm: bool,
    verified: Vec<Contact>,
}

impl UserPool {
    pub(super) async fn sign_up(&self, request: SignUp) -> Answer {
        self.check_client(&request.client_id)?;
        if self.settings().admin_creates_only {
            let message = "SignUp is not permitted for this user pool";
            return Err(JsonError::not_authorized(message));
        }
        self.settings().password.check(&request.password)?;
        let mut attributes = Attributes::from_request(&self.settings(), request.user_attributes)?;
        for contact in Contact::ALL {
            if attributes.get(contact.verified_attribute()).is_some() {
                let message = format!(
                    "Cannot modify the non-mutable attribute {}",
                    contact.verified_attribute()
                );
                return Err(JsonError::not_authorized(message));
            }
        }
        let sub = random::uuid()?;
        // Whether the service refuses a duplicate before or after it asks the function is not
        // documented.
        let username = self.new_username(&request.username, &mut attributes, &sub)?;
        self.state()
            .refuse_duplicate(&self.settings(), &username, &attributes)?;

        let client_id = request.client_id.as_str();
        let metadata = request.client_metadata.as_ref();
        let question = Call::pre_sign_up(
            Source::PreSignUpSignUp,
            &username,
            Some(client_id),
            &attributes,
            request.validation_data,
            metadata,
        );
        let verdict = match self.call(question).await? {
            Some(response) => Verdict::from_response(&response, &attributes)?,
            None => Verdict::default(),
        };

        let status = if verdict.confirm {
            Status::Confirmed
        } else {
            Status::Unconfirmed
        };
        let user = User::new(
            (&self.settings().pool_id, &username),
            &sub,
            attributes,
            status,
            Some(&request.password),
        );
        {
            let mut state = self.state();
            // Another sign-up may have come first while the function ran.
            state.refuse_duplicate(&self.settings(), &username, &user.attributes)?;
            state.users.insert(username.clone(), user);
            for contact in verdict.verified {
                // An attribute that is verified automatically takes its alias from whoever had it.
                state.verify(&self.settings(), &username, contact, true)?;
            }
        }
        if verdict.confirm {
            let source = Source::PostConfirmationConfirmSignUp;
            self.tell_post_confirmation(source, &username, Some(client_id), metadata)
                .await?;
            return Ok(json!({ "UserConfirmed": true, "UserSub": sub }));
        }
        let Some(contact) = self.reachable_by(&username, Reach::AutoVerified) else {
            return Ok(json!({ "UserConfirmed": false, "UserSub": sub }));
        };
        let details = self.send_code(&username, contact, Purpose::ConfirmSignUp)?;
        Ok(json!({ "UserConfirmed": false, "UserSub": sub, "CodeDeliveryDetails": details }))
    }
}

impl Verdict {
    fn from_response(
        response: &Map<String, Value>,
        attributes: &Attributes,
    ) -> Result<Self, JsonError> {
        let mut verdict = Self {
            confirm: flag(response, "autoConfirmUser")?,
            ..Self::default()
        };
        for (contact, name) in [
            (Contact::Email, "autoVerifyEmail"),
            (Contact::PhoneNumber, "autoVerifyPhone"),
        ] {
            if !flag(response, name)? {
                continue;
            }
            if attributes.get(contact.attribute()).is_none() {
                let message = format!(
                    "{name} was set, but the user has no {}",
                    contact.attribute()
                );
                return Err(JsonError::invalid_parameter(message));
            }
            verdict.verified.push(contact);
        }
        Ok(verdict)
    }
}

//! Federated users: a first sign-in through another provider, and AdminLinkProviderForUser, which joins
//! such a user to an account that exists.
//!
//! Source: Cognito user pools API reference, AdminLinkProviderForUser and AdminDisableProviderForUser;
//! developer guide, "Linking federated users to an existing user profile".

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    UserPool,
    attributes::Attributes,
    error::Answer,
    settings::Contact,
    trigger::{Call, Source, flag},
    users::{Link, Status, User},
};
use crate::{iam::JsonError, random};

/// "Linked identities per user".
const MAX_LINKS: usize = 5;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminLinkProviderForUser {
    user_pool_id: String,
    destination_user: Provider,
    source_user: Provider,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminDisableProviderForUser {
    user_pool_id: String,
    user: Provider,
}

/// `ProviderUserIdentifierType`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Provider {
    provider_name: String,
    #[serde(default)]
    provider_attribute_name: String,
    provider_attribute_value: String,
}

/// Somebody whom another provider vouches for, as its assertion reaches the pool.
#[derive(Debug, Clone)]
pub struct FederatedUser<'a> {
    /// The provider's name in the pool: `Google`, or what the pool calls an OIDC or SAML provider.
    pub provider: &'a str,
    /// The user's id there.
    pub subject: &'a str,
    /// Attributes as the pool maps them.
    pub attributes: &'a [(&'a str, &'a str)],
}

impl UserPool {
    /// What the hosted pages do when a provider sends somebody back: whoever is linked signs in to the
    /// account; anybody else gets one of their own, if pre sign-up lets them. Answers as InitiateAuth.
    ///
    /// # Errors
    /// Pre sign-up refuses, or the attributes do not fit.
    pub async fn federated_sign_in(&self, user: FederatedUser<'_>) -> Result<Value, JsonError> {
        let link = Link::new(user.provider, user.subject);
        if let Some(username) = self.linked_to(&link) {
            return self.authentication_result(&username);
        }
        let username = format!("{}_{}", user.provider, user.subject);
        if self.state().users.contains_key(&username) {
            return self.authentication_result(&username);
        }
        let given: Map<String, Value> = user
            .attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let mut attributes = Attributes::from_response(&self.settings(), given)?;
        let settings = self.settings();
        let question = Call::pre_sign_up(
            Source::PreSignUpExternalProvider,
            &username,
            Some(&settings.client_id),
            &attributes,
            None,
            None,
        );
        let response = self.call(question).await?.unwrap_or_default();
        // The function may have linked this very user to an account.
        if let Some(username) = self.linked_to(&link) {
            return self.authentication_result(&username);
        }
        for (contact, name) in [
            (Contact::Email, "autoVerifyEmail"),
            (Contact::PhoneNumber, "autoVerifyPhone"),
        ] {
            if flag(&response, name)? {
                attributes.set(contact.verified_attribute(), "true");
            }
        }
        let sub = random::uuid()?;
        let mut account = User::new(
            (&self.settings().pool_id, &username),
            &sub,
            attributes,
            Status::ExternalProvider,
            None,
        );
        account.links.push(link);
        self.state().users.insert(username.clone(), account);
        let source = Source::PostConfirmationConfirmSignUp;
        let client_id = self.settings().client_id.clone();
        self.tell_post_confirmation(source, &username, Some(&client_id), None)
            .await?;
        self.authentication_result(&username)
    }

    pub(super) async fn admin_link_provider_for_user(
        &self,
        request: AdminLinkProviderForUser,
    ) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let (source, destination) = (request.source_user, request.destination_user);
        if source.provider_name == "Cognito" || source.provider_attribute_name != "Cognito_Subject"
        {
            return Err(JsonError::invalid_parameter(
                "Only identities of a provider can be linked, by Cognito_Subject.",
            ));
        }
        let link = Link::new(&source.provider_name, &source.provider_attribute_value);
        let mut state = self.state();
        let username = match destination.provider_name.as_str() {
            "Cognito" => destination.provider_attribute_value,
            provider => format!("{provider}_{}", destination.provider_attribute_value),
        };
        if let Some(owner) = state.users.values().find(|user| user.links.contains(&link)) {
            let message = if owner.status == Status::ExternalProvider {
                "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
            } else {
                "SourceUser is already linked to DestinationUser"
            };
            return Err(JsonError::invalid_parameter(message));
        }
        let user = state
            .users
            .get_mut(&username)
            .ok_or_else(JsonError::user_not_found)?;
        if user.links.len() >= MAX_LINKS {
            let message = "User has reached the maximum number of linked identities.";
            return Err(JsonError::new("LimitExceededException", message));
        }
        user.links.push(link);
        Ok(json!({}))
    }

    pub(super) async fn admin_disable_provider_for_user(
        &self,
        request: AdminDisableProviderForUser,
    ) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let link = Link::new(
            &request.user.provider_name,
            &request.user.provider_attribute_value,
        );
        let mut state = self.state();
        let owner = state
            .users
            .values_mut()
            .find(|user| user.links.contains(&link))
            .ok_or_else(JsonError::user_not_found)?;
        owner.links.retain(|other| *other != link);
        Ok(json!({}))
    }

    fn linked_to(&self, link: &Link) -> Option<String> {
        let state = self.state();
        let owner = state.users.values().find(|user| user.links.contains(link));
        owner.map(|user| user.username.clone())
    }
}

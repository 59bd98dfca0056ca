//! Another Cognito user pool, in this account and Region or in others, which verifies passwords by itself.
//!
//! AdminGetUser comes first: it alone tells an unknown user from a wrong password, whatever the old app
//! client's `PreventUserExistenceErrors` says. Then AdminInitiateAuth, whose tokens nobody looks at.

mod answers;
mod assumed_role;
mod pool;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aws_config::{Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_cognitoidentityprovider::{
    Client,
    config::Builder,
    types::{AuthFlowType, UserStatusType},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use password::Password;
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

pub use self::pool::{LegacyUserPool, UserPoolArn};
use self::{
    answers::{Tried, challenged, refused},
    assumed_role::AssumedRole,
};
use super::{Authenticated, Found, LegacyUser, StoreError, Times};
use crate::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    secrets::Secrets,
};

/// Longest user name (user pools API reference, AdminGetUser).
const MAX_NAME: usize = 128;

/// What a policy says of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CognitoSettings {
    /// The name of the secret that is the app client's, if it has one.
    pub client_secret: Option<String>,
}

/// A pool, ready to be asked.
pub(super) struct CognitoStore {
    client: Client,
    pool: LegacyUserPool,
    client_secret: Option<String>,
    secrets: Arc<Secrets>,
    with_groups: bool,
}

/// A user, as the old pool describes them.
struct Described {
    username: String,
    user: LegacyUser,
    standing: Standing,
}

/// Whether a user may sign in, before a password is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    May,
    Disabled,
    /// For this reason.
    Cannot(&'static str),
}

impl CognitoStore {
    /// `pool`, reached from `aws`. Groups are asked for only where the policy maps some.
    pub(super) fn new(
        aws: &SdkConfig,
        pool: LegacyUserPool,
        settings: CognitoSettings,
        secrets: Arc<Secrets>,
        with_groups: bool,
    ) -> Self {
        let mut config = aws.to_builder();
        config.set_region(Some(Region::new(pool.arn.region.clone())));
        if let Some(role_arn) = pool.role_arn.clone() {
            let role = AssumedRole::new(aws, role_arn, pool.external_id.clone());
            config.set_credentials_provider(Some(SharedCredentialsProvider::new(role)));
        }
        Self {
            client: Client::new(&config.build()),
            pool,
            client_secret: settings.client_secret,
            secrets,
            with_groups,
        }
    }

    pub(super) async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        times: Times,
    ) -> Result<Authenticated, StoreError> {
        // Read for everybody, or its time would tell.
        let secret = self.client_secret(times.ask).await?;
        let Some(mut described) = self.describe(login, times.ask).await? else {
            return Ok(Authenticated::Unknown);
        };
        match described.standing {
            Standing::May => {}
            Standing::Disabled => return Ok(Authenticated::Disabled),
            Standing::Cannot(reason) => return Ok(Authenticated::Unsupported(reason)),
        }
        let hash = secret.map(|secret| self.secret_hash(&secret, &described.username));
        let tried = self.sign_in(&described.username, password, hash, times.ask);
        match tried.await.map_err(StoreError::of_a_user)? {
            Tried::Right => {}
            Tried::RightWithMfa => described.user.mfa = true,
            Tried::Refused(Authenticated::WrongPassword(_)) => {
                return Ok(Authenticated::WrongPassword(Some(described.user.record_id)));
            }
            Tried::Refused(said) => return Ok(said),
        }
        let groups = self.groups(&described.username, times.ask).await;
        described.user.groups = groups.map_err(StoreError::of_a_user)?;
        Ok(Authenticated::Verified(described.user))
    }

    pub(super) async fn find(&self, login: &str, deadline: Deadline) -> Result<Found, StoreError> {
        let Some(mut described) = self.describe(login, deadline).await? else {
            return Ok(Found::Unknown);
        };
        Ok(match described.standing {
            Standing::May | Standing::Cannot(answers::RESET_REQUIRED) => {
                let groups = self.groups(&described.username, deadline).await;
                described.user.groups = groups.map_err(StoreError::of_a_user)?;
                Found::User(described.user)
            }
            Standing::Disabled => Found::Disabled,
            Standing::Cannot(reason) => Found::Unsupported(reason),
        })
    }

    async fn describe(
        &self,
        login: &str,
        deadline: Deadline,
    ) -> Result<Option<Described>, StoreError> {
        let Some(name) = user_name(login) else {
            return Ok(None);
        };
        let sent = self
            .client
            .admin_get_user()
            .user_pool_id(&self.pool.arn.id)
            .username(name)
            .customize()
            .config_override(call(deadline))
            .send()
            .await;
        let output = match sent {
            Ok(output) => output,
            Err(error) => {
                return match error.as_service_error() {
                    Some(known) if known.is_user_not_found_exception() => Ok(None),
                    _ => Err(ServiceError::new("cognito-idp:AdminGetUser", &error).into()),
                };
            }
        };
        let attributes = output.user_attributes.unwrap_or_default().into_iter();
        let attributes =
            attributes.filter_map(|attribute| Some((attribute.name, attribute.value?)));
        let mut attributes: BTreeMap<String, String> = attributes.collect();
        attributes.insert("cognito:username".to_owned(), output.username.clone());
        let verified = |flag: &str| attributes.get(flag).is_some_and(|is| is == "true");
        let kinds = output.user_mfa_setting_list;
        // The `sub` never changes, and no other user gets it; a user name may be given again.
        let sub = attributes.get("sub").filter(|sub| !sub.is_empty());
        let user = LegacyUser {
            record_id: sub.cloned().ok_or(StoreError::Answer)?,
            email_verified: verified("email_verified"),
            phone_number_verified: verified("phone_number_verified"),
            mfa: kinds.is_some_and(|kinds| !kinds.is_empty()),
            attributes,
            ..LegacyUser::default()
        };
        Ok(Some(Described {
            username: output.username,
            user,
            standing: standing(output.enabled, output.user_status.as_ref()),
        }))
    }

    async fn sign_in(
        &self,
        username: &str,
        password: &Password,
        secret_hash: Option<String>,
        deadline: Deadline,
    ) -> Result<Tried, StoreError> {
        let parameters = [("USERNAME", username), ("PASSWORD", password.expose())];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let hash = secret_hash.map(|hash| ("SECRET_HASH".to_owned(), hash));
        let sent = self
            .client
            .admin_initiate_auth()
            .user_pool_id(&self.pool.arn.id)
            .client_id(&self.pool.client_id)
            .auth_flow(AuthFlowType::AdminUserPasswordAuth)
            .set_auth_parameters(Some(parameters.into_iter().chain(hash).collect()))
            .customize()
            .config_override(call(deadline))
            .send()
            .await;
        match sent {
            Ok(output) if output.authentication_result.is_some() => Ok(Tried::Right),
            Ok(output) => challenged(output.challenge_name.as_ref()),
            Err(error) => match error.as_service_error().and_then(refused) {
                Some(said) => Ok(Tried::Refused(said)),
                None => Err(ServiceError::new("cognito-idp:AdminInitiateAuth", &error).into()),
            },
        }
    }

    /// An allowance for two or three calls, one of which verifies a password, into another Region.
    pub(super) const ALLOWANCE: Duration = Duration::from_millis(1200);

    async fn client_secret(&self, deadline: Deadline) -> Result<Option<SecretString>, StoreError> {
        let Some(name) = &self.client_secret else {
            return Ok(None);
        };
        let secret = self.secrets.get(name, deadline).await?;
        Ok(Some(secret.current.clone()))
    }

    fn secret_hash(&self, secret: &SecretString, username: &str) -> String {
        let key = secret.expose_secret().as_bytes();
        secret_hash(key, username, &self.pool.client_id)
    }

    async fn groups(
        &self,
        username: &str,
        deadline: Deadline,
    ) -> Result<BTreeSet<String>, StoreError> {
        if !self.with_groups {
            return Ok(BTreeSet::new());
        }
        let output = self
            .client
            .admin_list_groups_for_user()
            .user_pool_id(&self.pool.arn.id)
            .username(username)
            .customize()
            .config_override(call(deadline))
            .send()
            .await
            .map_err(|error| ServiceError::new("cognito-idp:AdminListGroupsForUser", &error))?;
        let groups = output.groups.unwrap_or_default().into_iter();
        Ok(groups.filter_map(|group| group.group_name).collect())
    }
}

fn call(deadline: Deadline) -> Builder {
    Builder::new().timeout_config(timeouts(deadline))
}

/// What was typed, if a pool can hold it: `[\p{L}\p{M}\p{S}\p{N}\p{P}]+` (user pools API reference,
/// AdminGetUser). The pool compares names and aliases itself, as it is set to.
fn user_name(typed: &str) -> Option<&str> {
    let name = typed.trim();
    let possible = |c: char| !c.is_whitespace() && !c.is_control();
    let count = name.chars().count();
    ((1..=MAX_NAME).contains(&count) && name.chars().all(possible)).then_some(name)
}

fn standing(enabled: bool, status: Option<&UserStatusType>) -> Standing {
    if !enabled {
        return Standing::Disabled;
    }
    match status {
        Some(UserStatusType::Confirmed) => Standing::May,
        Some(UserStatusType::Unconfirmed) => Standing::Cannot(answers::NOT_CONFIRMED),
        Some(UserStatusType::ResetRequired) => Standing::Cannot(answers::RESET_REQUIRED),
        Some(UserStatusType::ForceChangePassword) => Standing::Cannot(answers::TEMPORARY_PASSWORD),
        Some(UserStatusType::ExternalProvider) => Standing::Cannot("federated-user"),
        _ => Standing::Disabled,
    }
}

/// `SECRET_HASH`: base64 of HMAC-SHA-256 over user name and client id, under the client's secret (Amazon
/// Cognito developer guide, "Computing secret hash values").
fn secret_hash(key: &[u8], username: &str, client_id: &str) -> String {
    let text = [username.as_bytes(), client_id.as_bytes()].concat();
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    STANDARD.encode(hmac::sign(&key, &text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_pool_can_hold_is_nobody_s() {
        assert_eq!(user_name(" Ana@example.com "), Some("Ana@example.com"));
        let long = "x".repeat(129);
        for typed in ["", "  ", "a b", "a\0b", long.as_str()] {
            assert_eq!(user_name(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn only_a_confirmed_and_enabled_user_may_try_a_password() {
        assert_eq!(
            standing(true, Some(&UserStatusType::Confirmed)),
            Standing::May
        );
        let disabled = standing(false, Some(&UserStatusType::Confirmed));
        assert_eq!(disabled, Standing::Disabled);
        assert_eq!(standing(true, None), Standing::Disabled);
        for (status, reason) in [
            (UserStatusType::Unconfirmed, "not-confirmed"),
            (UserStatusType::ResetRequired, "reset-required"),
            (UserStatusType::ForceChangePassword, "temporary-password"),
            (UserStatusType::ExternalProvider, "federated-user"),
        ] {
            assert_eq!(standing(true, Some(&status)), Standing::Cannot(reason));
        }
    }

    #[test]
    fn the_secret_hash_is_that_of_name_and_client() {
        // printf 'anaclient' | openssl dgst -sha256 -hmac key -binary | base64
        let hash = secret_hash(b"key", "ana", "client");
        assert_eq!(hash, "b3NDmHICGNPraSLWYgXZYJ6Hn77NowFkNRGeKh5bQc8=");
    }
}

//! One address for every AWS API: requests are told apart as AWS's own front ends do, by `X-Amz-Target`
//! or `Action`.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::user_pools::UserPools;
use crate::{
    dynamodb::{self, DynamoDb},
    event_bus::{self, EventBus},
    iam::{Context, Iam, JsonError},
    identity_pool::{self, IdentityPools},
    secrets_manager::{self, SecretsManager},
    sqs::{self, Sqs},
    sts::Sts,
    user_pool,
};

const USER_POOL_TARGET: &str = "AWSCognitoIdentityProviderService.";

/// User-pool operations that clients call without AWS credentials (Amazon Cognito user pools API
/// reference, "Unauthenticated and token-authorized operations").
const PUBLIC_OPERATIONS: [&str; 16] = [
    "ChangePassword",
    "ConfirmForgotPassword",
    "ConfirmSignUp",
    "DeleteUser",
    "ForgotPassword",
    "GetTokensFromRefreshToken",
    "GetUser",
    "GetUserAttributeVerificationCode",
    "GlobalSignOut",
    "InitiateAuth",
    "ResendConfirmationCode",
    "RespondToAuthChallenge",
    "RevokeToken",
    "SignUp",
    "UpdateUserAttributes",
    "VerifyUserAttribute",
];

pub(super) struct Services {
    pub(super) iam: Arc<Iam>,
    pub(super) dynamodb: Arc<DynamoDb>,
    pub(super) secrets: SecretsManager,
    pub(super) sqs: Arc<Sqs>,
    pub(super) events: Arc<EventBus>,
    pub(super) sts: Sts,
    pub(super) identity_pools: Arc<IdentityPools>,
    pub(super) user_pools: UserPools,
}

pub(super) async fn dispatch(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    match target {
        None => services.sts.handle(&headers, &body),
        Some(target) => {
            if target.starts_with(dynamodb::TARGET_PREFIX)
                || target.starts_with(dynamodb::STREAMS_TARGET_PREFIX)
            {
                services.dynamodb.handle(&headers, body).await
            } else if target.starts_with(secrets_manager::TARGET_PREFIX) {
                services.secrets.handle(&headers, body).await
            } else if target.starts_with(sqs::TARGET_PREFIX) {
                services.sqs.handle(&headers, body).await
            } else if target.starts_with(event_bus::TARGET_PREFIX) {
                services.events.handle(&headers, body).await
            } else if target.starts_with(identity_pool::TARGET_PREFIX) {
                services.identity_pools.handle(&headers, body).await
            } else if let Some(operation) = target.strip_prefix(USER_POOL_TARGET) {
                match services.admit(operation, &headers, &body) {
                    Ok(()) => {
                        let pool = services.user_pools.of_request(&body);
                        pool.handle(operation, &body).await
                    }
                    Err(error) => error.into_response("1.1"),
                }
            } else {
                let message = "this service is not part of the local stack";
                (StatusCode::NOT_FOUND, message).into_response()
            }
        }
    }
}

impl Services {
    /// Whether the caller may do this operation of the user pool.
    fn admit(&self, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), JsonError> {
        if PUBLIC_OPERATIONS.contains(&operation) {
            return Ok(());
        }
        if !user_pool::knows(operation) {
            return Err(JsonError::unknown_operation(operation));
        }
        let caller = self.iam.authenticate(headers, body)?;
        let action = format!("cognito-idp:{operation}");
        let arn = self.user_pools.of_request(body).settings().pool_arn.clone();
        self.iam
            .authorize(&caller, &action, &arn, &Context::new())?;
        Ok(())
    }
}

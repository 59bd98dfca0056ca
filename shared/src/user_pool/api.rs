//! The user pools API and Lambda's, as far as triggers go: raw JSON, signed.

use serde_json::{Value, json};

use super::{FunctionArn, MfaSettings, PoolSettings};
use crate::{
    aws::{ServiceError, SignedClient, SignedError, SignedRequest},
    deadline::Deadline,
};

const TARGET: &str = "AWSCognitoIdentityProviderService";

/// One user pool, and the functions that it calls.
#[derive(Debug, Clone)]
pub struct PoolApi {
    cognito: SignedClient,
    lambda: SignedClient,
    user_pool_id: String,
}

/// App clients that were described, and how many there are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AppClients {
    /// Those that were.
    pub described: Vec<AppClient>,
    /// All that the pool has, if that is known.
    pub listed: Option<usize>,
}

/// An app client, as DescribeUserPoolClient tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct AppClient(pub Value);

impl PoolApi {
    /// Of the pool `user_pool_id`, whose Region is in the id.
    pub fn new(cognito: SignedClient, lambda: SignedClient, user_pool_id: &str) -> Self {
        Self {
            cognito,
            lambda,
            user_pool_id: user_pool_id.to_owned(),
        }
    }

    /// The pool's id.
    pub fn user_pool_id(&self) -> &str {
        &self.user_pool_id
    }

    /// Every setting of the pool.
    ///
    /// # Errors
    /// No answer by `deadline`, or one that says no.
    pub async fn describe(&self, deadline: Deadline) -> Result<PoolSettings, SignedError> {
        let body = json!({ "UserPoolId": self.user_pool_id });
        let request = self.pool_request(&body);
        let answer = self
            .cognito
            .signed("cognito-idp:DescribeUserPool", request, deadline);
        PoolSettings::of_answer(&answer.await?)
            .ok_or_else(|| incomplete("cognito-idp:DescribeUserPool"))
    }

    /// The second factors and passkeys of the pool.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn mfa(&self, deadline: Deadline) -> Result<MfaSettings, SignedError> {
        let body = json!({ "UserPoolId": self.user_pool_id });
        let request = self.pool_request(&body);
        let answer = self
            .cognito
            .signed("cognito-idp:GetUserPoolMfaConfig", request, deadline);
        MfaSettings::of_answer(&answer.await?)
            .ok_or_else(|| incomplete("cognito-idp:GetUserPoolMfaConfig"))
    }

    /// Replaces every setting of the pool by those of `request`.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn update(&self, request: &Value, deadline: Deadline) -> Result<(), SignedError> {
        let request = self.pool_request(request);
        let answer = self
            .cognito
            .signed("cognito-idp:UpdateUserPool", request, deadline);
        answer.await.map(drop)
    }

    /// Sets second factors and passkeys.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn set_mfa(&self, to: &MfaSettings, deadline: Deadline) -> Result<(), SignedError> {
        let body = to.set_request(&self.user_pool_id);
        let request = self.pool_request(&body);
        let answer = self
            .cognito
            .signed("cognito-idp:SetUserPoolMfaConfig", request, deadline);
        answer.await.map(drop)
    }

    /// The pool's app clients, all of them.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn clients(&self, deadline: Deadline) -> Result<AppClients, SignedError> {
        self.some_clients(usize::MAX, 0, deadline).await
    }

    /// At most `most` of the pool's app clients: there is a call for each, and a pool may have a thousand. The clients
    /// of each `turn` follow those of the one before.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn some_clients(
        &self,
        most: usize,
        turn: usize,
        deadline: Deadline,
    ) -> Result<AppClients, SignedError> {
        let ids = self.client_ids(deadline).await?;
        let listed = ids.len();
        let from = turn
            .wrapping_mul(most)
            .checked_rem(listed)
            .unwrap_or_default();
        let mut described = Vec::new();
        for id in ids.into_iter().cycle().skip(from).take(most.min(listed)) {
            let body = json!({ "UserPoolId": self.user_pool_id, "ClientId": id });
            let request = self.pool_request(&body);
            let answer =
                self.cognito
                    .signed("cognito-idp:DescribeUserPoolClient", request, deadline);
            let client = answer.await?.get("UserPoolClient").cloned();
            described.push(AppClient(client.unwrap_or_default()));
        }
        let listed = Some(listed);
        Ok(AppClients { described, listed })
    }

    async fn client_ids(&self, deadline: Deadline) -> Result<Vec<Value>, SignedError> {
        let mut ids = Vec::new();
        let mut next = Value::Null;
        loop {
            let body = match next {
                Value::Null => json!({ "UserPoolId": self.user_pool_id, "MaxResults": 60 }),
                next => {
                    json!({ "UserPoolId": self.user_pool_id, "MaxResults": 60, "NextToken": next })
                }
            };
            let request = self.pool_request(&body);
            let page = self
                .cognito
                .signed("cognito-idp:ListUserPoolClients", request, deadline);
            let page = page.await?;
            let listed = page.get("UserPoolClients").and_then(Value::as_array);
            let listed = listed.into_iter().flatten();
            ids.extend(listed.filter_map(|listed| listed.get("ClientId").cloned()));
            next = page.get("NextToken").cloned().unwrap_or_default();
            if next.is_null() {
                return Ok(ids);
            }
        }
    }

    /// The resource policy of a function under the alias that is called; none where nobody may invoke it.
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn policy_of(
        &self,
        function: &FunctionArn,
        deadline: Deadline,
    ) -> Result<Option<Value>, SignedError> {
        let path = function_path(function, "/policy");
        let request = lambda_request(function, "GET", &path, &Value::Null);
        match self
            .lambda
            .signed("lambda:GetPolicy", request, deadline)
            .await
        {
            Ok(answer) => {
                let text = answer.get("Policy").and_then(Value::as_str);
                Ok(text.and_then(|text| serde_json::from_str(text).ok()))
            }
            Err(error) if error.error.code == "ResourceNotFoundException" => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn pool_request<'a>(&'a self, body: &'a Value) -> SignedRequest<'a> {
        SignedRequest {
            region: self.user_pool_id.split('_').next().unwrap_or_default(),
            method: "POST",
            path: "/",
            target: Some(TARGET),
            body,
        }
    }
}

impl AppClient {
    /// A setting.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Whether the client may sign in by `flow`, `ALLOW_USER_PASSWORD_AUTH` say.
    pub fn allows(&self, flow: &str) -> bool {
        let flows = self.0.get("ExplicitAuthFlows").and_then(Value::as_array);
        flows.into_iter().flatten().any(|allowed| allowed == flow)
    }
}

/// A request of Lambda's REST API about a function.
pub fn lambda_request<'a>(
    function: &'a FunctionArn,
    method: &'a str,
    path: &'a str,
    body: &'a Value,
) -> SignedRequest<'a> {
    SignedRequest {
        region: function.region(),
        method,
        path,
        target: None,
        body,
    }
}

/// The path of a function's `what`, under its alias.
pub fn function_path(function: &FunctionArn, what: &str) -> String {
    let name = function.unqualified().replace(':', "%3A");
    let alias = function.alias();
    let query = alias.map_or_else(String::new, |alias| format!("?Qualifier={alias}"));
    format!("/2015-03-31/functions/{name}{what}{query}")
}

fn incomplete(action: &'static str) -> SignedError {
    SignedError {
        error: ServiceError::incomplete(action),
        message: String::new(),
    }
}

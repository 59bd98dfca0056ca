//! Who may invoke a function, and under which alias: Lambda's API, signed.
//!
//! Source: Lambda API reference, AddPermission, RemovePermission, GetAlias, GetFunctionConfiguration,
//! GetAccountSettings.

use serde_json::{Value, json};
use shared::{
    aws::{SignedError, SignedRequest},
    user_pool::{FunctionArn, function_path, lambda_request, statement_id},
    wiring::Bindings,
};

use super::session::Session;

impl Session {
    /// Lets the pool invoke the function. It may be let already.
    pub(super) async fn add_permission(
        &self,
        function: &FunctionArn,
        pool_arn: &str,
    ) -> Result<(), SignedError> {
        let path = function_path(function, "/policy");
        let body = json!({
            "StatementId": statement_id(pool_arn, function.as_str()),
            "Action": "lambda:InvokeFunction",
            "Principal": "cognito-idp.amazonaws.com",
            "SourceArn": pool_arn,
            "SourceAccount": pool_arn.split(':').nth(4),
        });
        let request = lambda_request(function, "POST", &path, &body);
        let added = self
            .lambda
            .signed("lambda:AddPermission", request, self.deadline);
        unless("ResourceConflictException", added.await)
    }

    /// Takes the permission away. It may be gone already.
    pub(super) async fn remove_permission(
        &self,
        function: &FunctionArn,
        statement: &str,
    ) -> Result<(), SignedError> {
        let path = function_path(function, &format!("/policy/{statement}"));
        let request = lambda_request(function, "DELETE", &path, &Value::Null);
        let removed = self
            .lambda
            .signed("lambda:RemovePermission", request, self.deadline);
        unless("ResourceNotFoundException", removed.await)
    }

    /// Whether the function has the alias that it is called by. Without one it is asked for itself.
    pub(super) async fn exists(&self, function: &FunctionArn) -> Result<bool, SignedError> {
        let found = self.configuration(function).await;
        match found {
            Ok(_) => Ok(true),
            Err(error) if error.error.code == "ResourceNotFoundException" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What the function believes of the pool's password policy, if it is told.
    pub(super) async fn password_policy(
        &self,
        function: &FunctionArn,
    ) -> Result<Option<Bindings>, SignedError> {
        let text = self.variable(function, "PASSWORD_POLICY").await?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    /// An environment variable of the function, if it is set.
    pub(super) async fn variable(
        &self,
        function: &FunctionArn,
        name: &str,
    ) -> Result<Option<String>, SignedError> {
        let configuration = self.configuration(function).await?;
        let variable = configuration.pointer(&format!("/Environment/Variables/{name}"));
        Ok(variable.and_then(Value::as_str).map(str::to_owned))
    }

    /// How many environments the account may have at once.
    pub(super) async fn concurrency_limit(&self, region: &str) -> Result<Option<u64>, SignedError> {
        let request = SignedRequest {
            region,
            method: "GET",
            path: "/2016-08-19/account-settings/",
            target: None,
            body: &Value::Null,
        };
        let answer = self
            .lambda
            .signed("lambda:GetAccountSettings", request, self.deadline)
            .await?;
        Ok(answer
            .pointer("/AccountLimit/ConcurrentExecutions")
            .and_then(Value::as_u64))
    }

    async fn configuration(&self, function: &FunctionArn) -> Result<Value, SignedError> {
        let path = function_path(function, "/configuration");
        let request = lambda_request(function, "GET", &path, &Value::Null);
        self.lambda
            .signed("lambda:GetFunctionConfiguration", request, self.deadline)
            .await
    }
}

fn unless(code: &str, settled: Result<Value, SignedError>) -> Result<(), SignedError> {
    match settled {
        Err(error) if error.error.code != code => Err(error),
        _ => Ok(()),
    }
}

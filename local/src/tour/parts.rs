//! What the tour's steps are made of: requests by real clients, expectations, and the telling.

use std::error::Error;

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentityprovider::{
    error::{ProvideErrorMetadata, SdkError},
    operation::initiate_auth::{InitiateAuthError, InitiateAuthOutput},
    types::{AttributeType, AuthFlowType},
};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sts::Client as StsClient;
use emulator::{
    http_client::{self, Answer},
    stack::Stack,
    user_pool::{Delivery, Purpose},
};
use serde_json::Value;

use super::{EVA, LUIS, NEW_PASSWORD, OLD_PASSWORD, TOKEN_EXCHANGE, Tour, TourError};

impl Tour<'_> {
    pub(super) async fn fill_the_legacy_table(&mut self) -> Result<(), TourError> {
        let hash = bcrypt::hash(OLD_PASSWORD, 10).map_err(|error| error.to_string());
        let hash = self.good(hash)?;
        for (name, full_name) in [(LUIS, "Luis Ortega"), (EVA, "Eva Lindqvist")] {
            let known = [("email", name), ("full_name", full_name)].map(attribute);
            let row = self
                .tables
                .put_item()
                .table_name(self.stack.physical_name("LegacyUsersTable"))
                .item("username", AttributeValue::S(name.to_owned()))
                .item("password_hash", AttributeValue::S(hash.clone()))
                .item("email_verified", AttributeValue::Bool(true))
                .item("attributes", AttributeValue::M(known.into()))
                .send()
                .await;
            self.good(row.map_err(|error| text_of(&error)))?;
        }
        Ok(())
    }

    /// The new user's `sub`.
    pub(super) async fn sign_up(
        &self,
        email: &str,
    ) -> Result<String, SdkError<aws_sdk_cognitoidentityprovider::operation::sign_up::SignUpError>>
    {
        // An attribute without a name cannot be built; this one has one.
        let email_attribute = AttributeType::builder()
            .name("email")
            .value(email)
            .build()
            .ok();
        let output = self
            .pool
            .sign_up()
            .client_id(&self.stack.user_pool.settings().client_id)
            .username(email)
            .password(NEW_PASSWORD)
            .set_user_attributes(email_attribute.map(|attribute| vec![attribute]))
            .send()
            .await?;
        Ok(output.user_sub)
    }

    pub(super) async fn sign_in(
        &self,
        username: &str,
        password: &str,
    ) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
        self.pool
            .initiate_auth()
            .client_id(&self.stack.user_pool.settings().client_id)
            .auth_flow(AuthFlowType::UserPasswordAuth)
            .auth_parameters("USERNAME", username)
            .auth_parameters("PASSWORD", password)
            .send()
            .await
    }

    /// The last code that went to `email`.
    pub(super) fn delivered(&self, email: &str, purpose: Purpose) -> Result<String, TourError> {
        let deliveries = self.stack.user_pool.mailbox().deliveries();
        let to_them =
            |delivery: &&Delivery| delivery.destination == email && delivery.purpose == purpose;
        let code = deliveries
            .iter()
            .rev()
            .find(to_them)
            .map(|delivery| delivery.code.clone());
        code.ok_or_else(|| self.unexpected("a code in the mailbox", "none"))
    }

    /// The sort keys of a user's items in the directory table.
    pub(super) async fn rows_of(&self, sub: &str) -> Result<Vec<String>, TourError> {
        let pool_id = self.stack.user_pool.settings().pool_id.clone();
        let rows = self
            .tables
            .query()
            .table_name(self.stack.physical_name("DirectoryTable"))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("USER#{pool_id}#{sub}")))
            .send()
            .await;
        let rows = self.good(rows.map_err(|error| text_of(&error)))?;
        let keys: Vec<String> = rows
            .items()
            .iter()
            .filter_map(|item| item.get("sk")?.as_s().ok().cloned())
            .collect();
        self.expect(keys.len() == 2, "profile and event", &keys.join(", "))?;
        Ok(keys)
    }

    /// How many decisions a function has logged.
    pub(super) fn decisions(&self, function: &str) -> usize {
        let lines = self.stack.lambda.logs().into_iter();
        let lines = lines.filter_map(|line| serde_json::from_str::<Value>(&line.text).ok());
        lines
            .filter(|line| line["type"] == "poolkeeper.audit" && line["function"] == function)
            .count()
    }

    pub(super) fn mint(&self, claims: Value) -> Result<String, TourError> {
        self.good(
            self.stack
                .issuer
                .mint(claims)
                .map_err(|error| error.to_string()),
        )
    }

    pub(super) async fn exchange(&self, jwt: &str) -> Result<Value, TourError> {
        let body = format!("{TOKEN_EXCHANGE}&subject_token={jwt}");
        let url = format!("{}/token", self.stack.api_url);
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = http_client::send("POST", &url, &form, &body).await;
        let answer = self.good(answer.map_err(|error| error.to_string()))?;
        self.expect(
            answer.status == 200,
            "HTTP 200",
            &String::from_utf8_lossy(&answer.body),
        )?;
        Ok(answer.json())
    }

    pub(super) async fn get_credentials(&self, jwt: &str, role: &str) -> Result<Answer, TourError> {
        let url = format!("{}/credentials{role}", self.stack.api_url);
        let bearer = format!("Bearer {jwt}");
        let answer = http_client::send("GET", &url, &[("authorization", &bearer)], "").await;
        self.good(answer.map_err(|error| error.to_string()))
    }

    pub(super) async fn caller(&self, credentials: &Credentials) -> Result<String, TourError> {
        let sts = StsClient::new(&self.stack.sdk_config(credentials.clone()));
        let caller = sts.get_caller_identity().send().await;
        let caller = self.good(caller.map_err(|error| text_of(&error)))?;
        Ok(caller.arn.unwrap_or_default())
    }

    /// Tries a role with a token, as its holder could.
    pub(super) async fn assume(&self, role: &str, token: &str) -> Result<(), String> {
        let place = self.stack.template.place();
        let role = format!(
            "arn:aws:iam::{}:role/{}",
            place.account_id,
            self.stack.physical_name(role)
        );
        let sts = StsClient::new(&self.stack.sdk_config(Stack::admin()));
        let assumed = sts
            .assume_role_with_web_identity()
            .role_arn(role)
            .role_session_name("thief")
            .web_identity_token(token)
            .send()
            .await;
        assumed.map(drop).map_err(|error| text_of(&error))
    }

    pub(super) fn good<T>(&self, result: Result<T, String>) -> Result<T, TourError> {
        result.map_err(|error| self.unexpected("success", &error))
    }

    pub(super) fn error<T>(
        &self,
        expected: &str,
        result: Result<T, String>,
    ) -> Result<String, TourError> {
        match result {
            Ok(_) => Err(self.unexpected(expected, "success")),
            Err(error) => Ok(error),
        }
    }

    pub(super) fn expect(&self, holds: bool, expected: &str, got: &str) -> Result<(), TourError> {
        if holds {
            Ok(())
        } else {
            Err(self.unexpected(expected, got))
        }
    }

    pub(super) fn unexpected(&self, expected: &str, got: &str) -> TourError {
        TourError::Unexpected {
            step: self.step + 1,
            expected: expected.to_owned(),
            got: got.to_owned(),
        }
    }

    pub(super) fn chapter(&mut self, title: &str) -> Result<(), TourError> {
        Ok(writeln!(self.out, "\n{title}")?)
    }

    pub(super) fn tell(&mut self, asked: &str, answered: &str, why: &str) -> Result<(), TourError> {
        self.step += 1;
        let number = self.step;
        writeln!(
            self.out,
            "{number:>4}. {asked}\n      → {answered}\n        {why}"
        )?;
        Ok(self.out.flush()?)
    }
}

/// `Code: message`, as AWS's command line shows an error.
pub(super) fn text_of<E, R>(error: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    let service = error.as_service_error();
    match service.and_then(|service| service.code().zip(service.message())) {
        Some((code, message)) => format!("{code}: {message}"),
        None => shared::telemetry::error_chain(&std::io::Error::other(error.to_string())),
    }
}

pub(super) fn describe_tokens(output: &InitiateAuthOutput) -> String {
    let result = output.authentication_result();
    let kinds = [
        ("ID", result.and_then(|result| result.id_token())),
        ("access", result.and_then(|result| result.access_token())),
        ("refresh", result.and_then(|result| result.refresh_token())),
    ];
    let present: Vec<&str> = kinds
        .iter()
        .filter(|(_, token)| token.is_some())
        .map(|(kind, _)| *kind)
        .collect();
    format!("{} token", present.join(", "))
}

pub(super) fn credentials_of(answer: &Value) -> Credentials {
    let (id, secret) = (text(answer, "AccessKeyId"), text(answer, "SecretAccessKey"));
    Credentials::new(id, secret, Some(text(answer, "Token")), None, "vended")
}

pub(super) fn attribute((name, value): (&str, &str)) -> (String, AttributeValue) {
    (name.to_owned(), AttributeValue::S(value.to_owned()))
}

pub(super) fn text(value: &Value, member: &str) -> String {
    value
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

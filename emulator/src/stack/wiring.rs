//! The template's functions, triggers and routes, as the services want them.

use std::{sync::Arc, time::Duration};

use super::{Options, StartError};
use crate::{
    iam::Iam,
    lambda::{FunctionSpec, HostOptions, LambdaHost, http_api::HttpApiSpec},
    template::Template,
    user_pool::{self, TriggerOutcome, Triggers, UserPool},
};

pub(super) fn host(
    template: &Template,
    iam: &Iam,
    options: &Options,
    aws_url: &str,
) -> Result<LambdaHost, StartError> {
    let mut specs = Vec::new();
    for function in template.functions() {
        let session = iam
            .session_for_role(&function.role_arn, &function.name)
            .map_err(|error| StartError::FunctionRole(function.logical_id.clone(), error))?;
        let mut environment = function.environment.clone();
        environment.extend(
            [
                ("AWS_ACCESS_KEY_ID", session.access_key_id.as_str()),
                ("AWS_SECRET_ACCESS_KEY", &session.secret_access_key),
                ("AWS_SESSION_TOKEN", &session.session_token),
                ("AWS_ENDPOINT_URL", aws_url),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        environment.extend(options.function_environment.clone());
        let own = options.environment.get(&function.logical_id);
        environment.extend(own.cloned().unwrap_or_default());
        specs.push(FunctionSpec {
            name: function.name.clone(),
            binary: options.binaries.join(&function.binary),
            environment,
            timeout: Duration::from_secs(function.timeout),
            memory_mb: u32::try_from(function.memory_mb).unwrap_or(u32::MAX),
        });
    }
    let place = template.place();
    let host = HostOptions {
        region: place.region.clone(),
        account_id: place.account_id.clone(),
        log_sink: options.log_sink.clone(),
        ..HostOptions::default()
    };
    Ok(LambdaHost::new(specs, host))
}

pub(super) fn user_pool(
    template: &Template,
    lambda: &LambdaHost,
    aws_url: &str,
) -> Result<UserPool, StartError> {
    let pool = template
        .user_pool()
        .ok_or(StartError::Missing("user pool"))?;
    let client_id = pool
        .client_id
        .as_deref()
        .ok_or(StartError::Missing("user pool client"))?;
    let function = |trigger: &str| {
        let logical_id = pool.triggers.get(trigger)?;
        let mut functions = template.functions().iter();
        let function = functions.find(|function| function.logical_id == *logical_id)?;
        Some(function.name.clone())
    };
    let mut settings = user_pool::Settings::new(&pool.id, client_id, aws_url);
    settings.triggers = Triggers {
        pre_sign_up: function("PreSignUp"),
        post_confirmation: function("PostConfirmation"),
        user_migration: function("UserMigration"),
    };
    let lambda = lambda.clone();
    let invoke: user_pool::Invoke = Arc::new(move |function, event| {
        let lambda = lambda.clone();
        Box::pin(async move {
            match lambda.invoke(&function, event).await {
                Ok(done) if done.function_error.is_some() => {
                    TriggerOutcome::FunctionError(done.payload)
                }
                Ok(done) => TriggerOutcome::Answered(done.payload),
                Err(error) => TriggerOutcome::Unreachable(error.to_string()),
            }
        })
    });
    Ok(UserPool::new(settings, invoke)?)
}

/// The routes of the template's HTTP API, all of which one function answers.
pub(super) fn http_api(template: &Template) -> Result<HttpApiSpec, StartError> {
    let integrations = template.resources("AWS::ApiGatewayV2::Integration");
    let uris: Vec<&str> = integrations
        .filter_map(|integration| integration.properties.get("IntegrationUri")?.as_str())
        .collect();
    let mut functions = template.functions().iter();
    let target = functions.find(|function| uris.iter().any(|uri| uri.contains(&function.arn)));
    let function = target
        .ok_or(StartError::Missing("integration of the HTTP API"))?
        .name
        .clone();
    let keys = template.resources("AWS::ApiGatewayV2::Route");
    let keys = keys.filter_map(|route| route.properties.get("RouteKey")?.as_str());
    let routes = keys.filter_map(|key| key.split_once(' '));
    let routes = routes.map(|(method, path)| (method.to_owned(), path.to_owned()));
    Ok(HttpApiSpec {
        function,
        routes: routes.collect(),
        cors: None,
    })
}

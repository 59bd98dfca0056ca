//! The template's functions, triggers and routes, as the services want them.

use std::{path::Path, sync::Arc, time::Duration};

use serde_json::Value;

use super::{Options, StartError, user_pools::UserPools};
use crate::{
    iam::Iam,
    lambda::{
        Cors, FunctionSpec, HostOptions, HttpApiSpec, LambdaHost, RouteSpec,
        permissions::{Permission, Source},
    },
    template::{Resource, Template, TemplateError, UserPoolDefinition},
    user_pool::{self, TriggerOutcome, UserPool},
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
        for value in environment.values_mut() {
            *value = reachable(value, template, aws_url);
        }
        specs.push(FunctionSpec {
            name: function.name.clone(),
            binary: options.binaries.join(&function.binary),
            environment,
            timeout: Duration::from_secs(function.timeout),
            alias: function.alias.clone(),
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

/// A variable's value in which the URL of one of the template's user pools, as issuer, is the one that answers here.
fn reachable(value: &str, template: &Template, aws_url: &str) -> String {
    let deployed = format!(
        "https://cognito-idp.{}.amazonaws.com",
        template.place().region
    );
    let mut value = value.to_owned();
    for pool in template.resources("AWS::Cognito::UserPool") {
        let id = &pool.reference;
        value = value.replace(&format!("{deployed}/{id}"), &format!("{aws_url}/{id}"));
    }
    value
}

/// Every pool, those with triggers first.
///
/// # Errors
/// There is none, or one is not usable.
pub(super) fn user_pools(
    template: &Template,
    lambda: &LambdaHost,
    aws_url: &str,
) -> Result<UserPools, StartError> {
    let pools = template.user_pools().iter();
    let pools = pools.map(|pool| user_pool(pool, template, lambda, aws_url));
    let pools = UserPools::new(pools.collect::<Result<_, _>>()?);
    pools.ok_or(StartError::Missing("user pool"))
}

fn user_pool(
    pool: &UserPoolDefinition,
    template: &Template,
    lambda: &LambdaHost,
    aws_url: &str,
) -> Result<UserPool, StartError> {
    let of_pool = |resource: &&Resource| {
        resource.properties.get("UserPoolId") == Some(&Value::from(pool.id.as_str()))
    };
    let client = template
        .resources("AWS::Cognito::UserPoolClient")
        .find(of_pool);
    let groups = template
        .resources("AWS::Cognito::UserPoolGroup")
        .filter(of_pool);
    let groups = groups.map(|group| group.properties.clone()).collect();
    let mut settings = user_pool::Settings::of_template(pool, client, groups, aws_url)?;
    settings.pool_arn = pool.arn.clone();
    let lambda = lambda.clone();
    let (pool_arn, account) = (pool.arn.clone(), template.place().account_id.clone());
    let invoke: user_pool::Invoke = Arc::new(move |function, event| {
        let lambda = lambda.clone();
        let source = Source {
            service: "cognito-idp.amazonaws.com",
            arn: &pool_arn,
            account: Some(&account),
        };
        let permitted = lambda.permissions().allow(&function, source);
        Box::pin(async move {
            if !permitted {
                return TriggerOutcome::Unreachable("AccessDeniedException".to_owned());
            }
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

/// # Errors
/// The first function without a binary.
pub(super) fn check_binaries(template: &Template, folder: &Path) -> Result<(), StartError> {
    for function in template.functions() {
        let binary = folder.join(&function.binary);
        if !binary.is_file() {
            return Err(StartError::Binary {
                function: function.logical_id.clone(),
                binary,
            });
        }
    }
    Ok(())
}

/// The names of the queues.
pub(super) fn queues(template: &Template) -> Vec<String> {
    let queues = template.resources("AWS::SQS::Queue");
    let name = |url: &str| url.rsplit('/').next().unwrap_or(url).to_owned();
    queues.map(|queue| name(&queue.reference)).collect()
}

/// The names of the event buses.
pub(super) fn buses(template: &Template) -> Vec<String> {
    let buses = template.resources("AWS::Events::EventBus");
    buses.map(|bus| bus.reference.clone()).collect()
}

/// Who may invoke, as the template grants it; for a function's own event of type Cognito SAM grants it.
pub(super) fn permit(template: &Template, lambda: &LambdaHost) {
    for pool in template.user_pools() {
        for (trigger, function) in &pool.events {
            lambda.permissions().add(
                function,
                None,
                Permission {
                    statement_id: format!("{trigger}Permission"),
                    action: "lambda:InvokeFunction".to_owned(),
                    principal: "cognito-idp.amazonaws.com".to_owned(),
                    source_arn: Some(pool.arn.clone()),
                    source_account: None,
                },
            );
        }
    }
    for permission in template.resources("AWS::Lambda::Permission") {
        let text = |name: &str| {
            let value = permission.properties.get(name)?.as_str()?;
            Some(value.to_owned())
        };
        let (Some(function), Some(principal)) = (text("FunctionName"), text("Principal")) else {
            continue;
        };
        lambda.permissions().add(
            &function,
            None,
            Permission {
                statement_id: permission.logical_id.clone(),
                action: text("Action").unwrap_or_default(),
                principal,
                source_arn: text("SourceArn"),
                source_account: text("SourceAccount"),
            },
        );
    }
}

/// The routes of the template's HTTP API, each with its target.
pub(super) fn http_api(template: &Template, iam: &Arc<Iam>) -> Result<HttpApiSpec, TemplateError> {
    let Some(api) = template.resources("AWS::ApiGatewayV2::Api").next() else {
        return Ok(HttpApiSpec {
            iam: None,
            arn: None,
            routes: Vec::new(),
            cors: None,
        });
    };
    let mut routes = Vec::new();
    for route in template.resources("AWS::ApiGatewayV2::Route") {
        let text = |name: &str| route.properties.get(name).and_then(Value::as_str);
        let fault = |reason: &str| TemplateError::new(&route.logical_id, reason);
        if text("ApiId") != Some(&api.reference) {
            return Err(fault("is of another API than the one that is served here"));
        }
        let key = text("RouteKey").ok_or_else(|| fault("expected a RouteKey"))?;
        let (method, path) = key.split_once(' ').unwrap_or((key, ""));
        let id = text("Target").and_then(|target| target.strip_prefix("integrations/"));
        let integration = template
            .resources("AWS::ApiGatewayV2::Integration")
            .find(|integration| Some(integration.reference.as_str()) == id);
        let integration =
            integration.ok_or_else(|| fault("expected Target: integrations/<integration>"))?;
        routes.push(RouteSpec {
            method: method.to_owned(),
            path: path.to_owned(),
            function: integrated_function(template, integration)?,
            by_iam: match text("AuthorizationType") {
                None | Some("NONE") => false,
                Some("AWS_IAM") => true,
                Some(_) => return Err(fault("expected AuthorizationType NONE or AWS_IAM")),
            },
        });
    }
    let place = template.place();
    let stage = template.resources("AWS::ApiGatewayV2::Stage").next();
    let stage = stage.and_then(|stage| stage.properties.get("StageName")?.as_str());
    let stage = stage.unwrap_or("$default");
    Ok(HttpApiSpec {
        iam: Some(Arc::clone(iam)),
        arn: Some(place.arn("execute-api", &format!("{}/{stage}", api.reference))),
        routes,
        cors: api.properties.get("CorsConfiguration").map(cors),
    })
}

/// `IntegrationUri` is a function's ARN, or the invocation URI of one.
fn integrated_function(
    template: &Template,
    integration: &Resource,
) -> Result<String, TemplateError> {
    let fault = |reason: &str| TemplateError::new(&integration.logical_id, reason);
    let uri = integration.properties.get("IntegrationUri");
    let uri = uri.and_then(Value::as_str).unwrap_or_default();
    let uri = match uri.split_once("/functions/") {
        Some((_, arn)) => arn.trim_end_matches("/invocations"),
        None => uri,
    };
    let mut functions = template.functions().iter();
    let known = functions.any(|function| {
        uri.strip_prefix(function.arn.as_str())
            .is_some_and(|qualifier| qualifier.is_empty() || qualifier.starts_with(':'))
    });
    if known {
        Ok(uri.to_owned())
    } else {
        Err(fault(
            "expected IntegrationUri to be a function of this template",
        ))
    }
}

fn cors(configuration: &Value) -> Cors {
    let list = |name: &str| -> Vec<String> {
        let entries = configuration.get(name).and_then(Value::as_array);
        let entries = entries.into_iter().flatten().filter_map(Value::as_str);
        entries.map(str::to_owned).collect()
    };
    let number = configuration.get("MaxAge").and_then(Value::as_u64);
    Cors {
        allow_origins: list("AllowOrigins"),
        allow_methods: list("AllowMethods"),
        allow_headers: list("AllowHeaders"),
        expose_headers: list("ExposeHeaders"),
        allow_credentials: configuration.get("AllowCredentials") == Some(&Value::Bool(true)),
        max_age: number.and_then(|seconds| u32::try_from(seconds).ok()),
    }
}

//! The template's functions, tables and pools, as the embedded services want them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    Place, Resource, Resources, TemplateError,
    intrinsics::{dynamic_value, text_of},
    of_kind,
};

/// A Lambda function.
#[derive(Debug, Clone)]
pub struct FunctionDefinition {
    /// The key under `Resources`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// `arn:aws:lambda:…:function:<name>`.
    pub arn: String,
    /// The last part of `CodeUri`, which is the binary's name.
    pub binary: String,
    /// The environment variables, with `AWS_LAMBDA_LOG_FORMAT` and `AWS_LAMBDA_LOG_LEVEL` as Lambda
    /// sets them from `LoggingConfig`.
    pub environment: BTreeMap<String, String>,
    /// Seconds.
    pub timeout: u64,
    /// Megabytes.
    pub memory_mb: u64,
    /// The role whose credentials the function gets.
    pub role_arn: String,
    /// `AutoPublishAlias`.
    pub alias: Option<String>,
}

/// A DynamoDB table.
#[derive(Debug, Clone)]
pub struct TableDefinition {
    /// The key under `Resources`.
    pub logical_id: String,
    /// The physical name.
    pub name: String,
    /// The request for DynamoDB's CreateTable.
    pub create_table: Value,
    /// The attribute by which items expire, if any.
    pub ttl_attribute: Option<String>,
}

/// A secret.
#[derive(Debug, Clone)]
pub struct SecretDefinition {
    /// The physical name.
    pub name: String,
    /// What `Ref` gives.
    pub arn: String,
    /// `SecretString`, or what a dynamic reference to a generated secret stands for.
    pub value: String,
}

/// A user pool.
#[derive(Debug, Clone)]
pub struct UserPoolDefinition {
    /// The key under `Resources`.
    pub logical_id: String,
    /// Say `us-east-1_Examplepl`.
    pub id: String,
    /// `arn:aws:cognito-idp:…:userpool/<id>`.
    pub arn: String,
    /// Its first app client's id.
    pub client_id: Option<String>,
    /// ARNs of functions, qualified or not, by trigger, as `LambdaConfig` names it: `PreSignUp`,
    /// `UserMigration`…
    pub triggers: BTreeMap<String, String>,
    /// Those of them that come from a function's event of type `Cognito`.
    pub events: BTreeMap<String, String>,
    /// The pool's resolved properties.
    pub properties: Value,
}

pub(super) fn functions(
    resources: &Resources,
    globals: &Value,
    place: &Place,
) -> Result<Vec<FunctionDefinition>, TemplateError> {
    of_kind(resources, "AWS::Serverless::Function")
        .map(|resource| function(resource, globals, place))
        .collect()
}

fn function(
    resource: &Resource,
    globals: &Value,
    place: &Place,
) -> Result<FunctionDefinition, TemplateError> {
    let fault = |expected: &str| TemplateError::new(&resource.logical_id, expected);
    let properties = merged(globals.clone(), &resource.properties);
    let code_uri = properties.get("CodeUri").and_then(Value::as_str);
    let binary = code_uri
        .and_then(|uri| uri.trim_end_matches('/').rsplit('/').next())
        .filter(|binary| !binary.is_empty())
        .ok_or_else(|| fault("expected CodeUri: target/lambda/<binary>/"))?;
    let number = |name: &str, default: u64| match properties.get(name) {
        None => Ok(default),
        Some(value) => text_of(value)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| fault(&format!("expected {name} as a whole number"))),
    };
    let mut environment = BTreeMap::new();
    let variables = properties
        .pointer("/Environment/Variables")
        .and_then(Value::as_object);
    for (name, value) in variables.into_iter().flatten() {
        let value = text_of(value).ok_or_else(|| fault(&format!("expected {name} as text")))?;
        environment.insert(name.clone(), value);
    }
    for (pointer, name) in [
        ("/LoggingConfig/LogFormat", "AWS_LAMBDA_LOG_FORMAT"),
        ("/LoggingConfig/ApplicationLogLevel", "AWS_LAMBDA_LOG_LEVEL"),
    ] {
        if let Some(value) = properties.pointer(pointer).and_then(text_of) {
            environment.insert(name.to_owned(), value);
        }
    }
    let name = resource.reference.clone();
    let role_arn = match properties.get("Role").and_then(Value::as_str) {
        Some(role_arn) => role_arn.to_owned(),
        None => super::roles::generated_role_arn(resource, place),
    };
    Ok(FunctionDefinition {
        logical_id: resource.logical_id.clone(),
        arn: place.arn("lambda", &format!("function:{name}")),
        name,
        binary: binary.to_owned(),
        environment,
        // Lambda's own defaults.
        timeout: number("Timeout", 3)?,
        memory_mb: number("MemorySize", 128)?,
        role_arn,
        alias: properties.get("AutoPublishAlias").and_then(text_of),
    })
}

/// SAM's merge of `Globals`: maps are united, lists appended, anything else overridden.
fn merged(mut global: Value, own: &Value) -> Value {
    match (&mut global, own) {
        (Value::Object(all), Value::Object(own)) => {
            for (key, value) in own {
                let below = all.remove(key).unwrap_or_default();
                all.insert(key.clone(), merged(below, value));
            }
            global
        }
        (Value::Array(all), Value::Array(own)) => {
            all.extend(own.iter().cloned());
            global
        }
        _ => own.clone(),
    }
}

pub(super) fn tables(resources: &Resources) -> Result<Vec<TableDefinition>, TemplateError> {
    of_kind(resources, "AWS::DynamoDB::Table")
        .map(table)
        .collect()
}

fn table(resource: &Resource) -> Result<TableDefinition, TemplateError> {
    let properties = &resource.properties;
    let mut request = Map::new();
    request.insert("TableName".to_owned(), json!(resource.reference));
    for required in ["AttributeDefinitions", "KeySchema"] {
        let value = properties.get(required).ok_or_else(|| {
            TemplateError::new(&resource.logical_id, format!("expected {required}"))
        })?;
        request.insert(required.to_owned(), value.clone());
    }
    for optional in [
        "BillingMode",
        "ProvisionedThroughput",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
    ] {
        if let Some(value) = properties.get(optional) {
            request.insert(optional.to_owned(), value.clone());
        }
    }
    if let Some(view) = properties.pointer("/StreamSpecification/StreamViewType") {
        let stream = json!({ "StreamEnabled": true, "StreamViewType": view });
        request.insert("StreamSpecification".to_owned(), stream);
    }
    let ttl = properties.get("TimeToLiveSpecification");
    let ttl_attribute = ttl
        .filter(|ttl| ttl.get("Enabled") != Some(&json!(false)))
        .and_then(|ttl| ttl.get("AttributeName")?.as_str())
        .map(str::to_owned);
    Ok(TableDefinition {
        logical_id: resource.logical_id.clone(),
        name: resource.reference.clone(),
        create_table: Value::Object(request),
        ttl_attribute,
    })
}

pub(super) fn secrets(resources: &Resources) -> Vec<SecretDefinition> {
    let secret = |resource: &Resource| {
        let arn = resource.reference.clone();
        let text = resource.properties.get("SecretString");
        let value = text.and_then(Value::as_str).map(str::to_owned);
        let name = arn.rsplit("secret:").next().unwrap_or_default();
        let name = name.rsplit_once('-').map_or(name, |(name, _)| name);
        SecretDefinition {
            name: name.to_owned(),
            value: value
                .unwrap_or_else(|| dynamic_value(&format!("secretsmanager:{arn}:SecretString"))),
            arn,
        }
    };
    of_kind(resources, "AWS::SecretsManager::Secret")
        .map(secret)
        .collect()
}

/// Those with triggers come first.
pub(super) fn user_pools(resources: &Resources, place: &Place) -> Vec<UserPoolDefinition> {
    let pools = of_kind(resources, "AWS::Cognito::UserPool");
    let mut pools: Vec<_> = pools
        .map(|pool| user_pool(pool, resources, place))
        .collect();
    pools.sort_by_key(|pool| pool.triggers.is_empty());
    pools
}

fn user_pool(pool: &Resource, resources: &Resources, place: &Place) -> UserPoolDefinition {
    let of_pool =
        |properties: &Value, name: &str| properties.get(name) == Some(&json!(pool.reference));
    let mut clients = of_kind(resources, "AWS::Cognito::UserPoolClient");
    let client = clients.find(|client| of_pool(&client.properties, "UserPoolId"));
    let mut triggers = BTreeMap::new();
    let mut from_events = BTreeMap::new();
    for function in of_kind(resources, "AWS::Serverless::Function") {
        let arn = place.attribute(&function.kind, &function.reference, "Arn");
        let config = pool
            .properties
            .get("LambdaConfig")
            .and_then(Value::as_object);
        for (trigger, value) in config.into_iter().flatten() {
            // With an alias, its name follows the function's ARN.
            let value = value.as_str().unwrap_or_default();
            if value == arn || value.starts_with(&format!("{arn}:")) {
                triggers.insert(trigger.clone(), value.to_owned());
            }
        }
        let events = function.properties.get("Events").and_then(Value::as_object);
        for event in events.into_iter().flat_map(Map::values) {
            let properties = event.get("Properties").unwrap_or(&Value::Null);
            if event.get("Type") != Some(&json!("Cognito")) || !of_pool(properties, "UserPool") {
                continue;
            }
            let named = match properties.get("Trigger") {
                Some(Value::Array(named)) => named.clone(),
                Some(named) => vec![named.clone()],
                None => Vec::new(),
            };
            for trigger in named.iter().filter_map(Value::as_str) {
                triggers.insert(trigger.to_owned(), arn.clone());
                from_events.insert(trigger.to_owned(), arn.clone());
            }
        }
    }
    UserPoolDefinition {
        logical_id: pool.logical_id.clone(),
        id: pool.reference.clone(),
        arn: place.attribute(&pool.kind, &pool.reference, "Arn"),
        client_id: client.map(|client| client.reference.clone()),
        triggers,
        events: from_events,
        properties: pool.properties.clone(),
    }
}

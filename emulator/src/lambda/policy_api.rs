//! The parts of Lambda's API that administer who may invoke: GetPolicy, AddPermission, RemovePermission,
//! GetAlias, and what a look at a function needs: GetFunctionConfiguration and GetAccountSettings. As
//! `aws lambda` and SDKs call them; every request is signed and authorised.
//!
//! Source: Lambda API reference.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
    routing::{delete, get},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{LambdaHost, name::qualifier, permissions::Permission};
use crate::iam::{Context, Iam, JsonError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AddPermission {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

type Lambda = State<(LambdaHost, Arc<Iam>)>;

/// `/2015-03-31/functions/{name}/policy` and `…/aliases/{alias}`.
pub fn policy_router(host: LambdaHost, iam: Arc<Iam>) -> Router {
    Router::new()
        .route(
            "/2015-03-31/functions/{name}/policy",
            get(get_policy).post(add_permission),
        )
        .route(
            "/2015-03-31/functions/{name}/policy/{statement}",
            delete(remove_permission),
        )
        .route(
            "/2015-03-31/functions/{name}/aliases/{alias}",
            get(get_alias),
        )
        .route(
            "/2015-03-31/functions/{name}/configuration",
            get(get_configuration),
        )
        .route("/2016-08-19/account-settings/", get(get_account_settings))
        .with_state((host, iam))
}

/// A request as far as its signature covers it.
struct Signed<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

async fn get_policy(
    State((host, iam)): Lambda,
    Path(function): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let signed = Signed {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: b"",
    };
    let answer = admit(&host, &iam, "GetPolicy", &function, &signed).and_then(|arn| {
        let qualified = query.get("Qualifier").map(String::as_str);
        let arn = with_qualifier(&arn, qualified.or(qualifier(&function)));
        let policy = host.permissions().document(&function, qualified, &arn);
        let policy =
            policy.ok_or_else(|| not_found("The resource you requested does not exist."))?;
        Ok(json!({
            "Policy": policy.to_string(),
            "RevisionId": "00000000-0000-4000-8000-000000000000",
        }))
    });
    respond(StatusCode::OK, answer)
}

async fn add_permission(
    State((host, iam)): Lambda,
    Path(function): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = Signed {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let answer = admit(&host, &iam, "AddPermission", &function, &signed).and_then(|arn| {
        let request: AddPermission = serde_json::from_slice(&body)
            .map_err(|error| JsonError::new("InvalidParameterValueException", error.to_string()))?;
        let qualified = query.get("Qualifier").map(String::as_str);
        let arn = with_qualifier(&arn, qualified.or(qualifier(&function)));
        let permission = Permission {
            statement_id: request.statement_id,
            action: request.action,
            principal: request.principal,
            source_arn: request.source_arn,
            source_account: request.source_account,
        };
        let statement = permission.statement(&arn).to_string();
        let id = permission.statement_id.clone();
        if !host.permissions().add(&function, qualified, permission) {
            let message = format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
            );
            return Err(JsonError {
                status: StatusCode::CONFLICT,
                ..JsonError::new("ResourceConflictException", message)
            });
        }
        Ok(json!({ "Statement": statement }))
    });
    respond(StatusCode::CREATED, answer)
}

async fn remove_permission(
    State((host, iam)): Lambda,
    Path((function, statement)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let signed = Signed {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: b"",
    };
    let removed = admit(&host, &iam, "RemovePermission", &function, &signed).and_then(|arn| {
        let qualified = query.get("Qualifier").map(String::as_str);
        if host.permissions().remove(&function, qualified, &statement) {
            return Ok(());
        }
        let arn = with_qualifier(&arn, qualified.or(qualifier(&function)));
        Err(not_found(format!(
            "Statement {statement} is not found in resource policy of {arn}."
        )))
    });
    match removed {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response("1.1"),
    }
}

async fn get_alias(
    State((host, iam)): Lambda,
    Path((function, alias)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let signed = Signed {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: b"",
    };
    let answer = admit(&host, &iam, "GetAlias", &function, &signed).and_then(|arn| {
        let known = host.alias_of(&function);
        let alias_arn = with_qualifier(&arn, Some(&alias));
        if known.as_deref() != Some(alias.as_str()) {
            return Err(not_found(format!("Cannot find alias arn: {alias_arn}")));
        }
        Ok(json!({
            "AliasArn": alias_arn,
            "Name": alias,
            "FunctionVersion": "1",
            "Description": "",
            "RevisionId": "00000000-0000-4000-8000-000000000000",
        }))
    });
    respond(StatusCode::OK, answer)
}

async fn get_configuration(
    State((host, iam)): Lambda,
    Path(function): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let signed = Signed {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: b"",
    };
    let operation = "GetFunctionConfiguration";
    let answer = admit(&host, &iam, operation, &function, &signed).and_then(|arn| {
        let arn = with_qualifier(&arn, query.get("Qualifier").map(String::as_str));
        let spec = host.spec(&arn);
        let spec = spec.ok_or_else(|| not_found(format!("Function not found: {arn}")))?;
        Ok(json!({
            "FunctionName": spec.name,
            "FunctionArn": arn,
            "MemorySize": spec.memory_mb,
            "Timeout": spec.timeout.as_secs(),
            "Environment": { "Variables": spec.environment },
        }))
    });
    respond(StatusCode::OK, answer)
}

async fn get_account_settings(
    State((host, iam)): Lambda,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let caller = iam.authenticate_request(&method, &uri, &headers, b"");
    let answer = caller.map_err(JsonError::from).and_then(|caller| {
        iam.authorize(&caller, "lambda:GetAccountSettings", "*", &Context::new())?;
        let limit = host.concurrency();
        Ok(json!({ "AccountLimit": {
            "ConcurrentExecutions": limit,
            "UnreservedConcurrentExecutions": limit,
        }}))
    });
    respond(StatusCode::OK, answer)
}

/// The function's ARN, if the caller may do this to it.
fn admit(
    host: &LambdaHost,
    iam: &Iam,
    operation: &str,
    function: &str,
    signed: &Signed<'_>,
) -> Result<String, JsonError> {
    let caller =
        iam.authenticate_request(signed.method, signed.uri, signed.headers, signed.body)?;
    let arn = host.function_arn(function);
    let action = format!("lambda:{operation}");
    iam.authorize(&caller, &action, &arn, &Context::new())?;
    if !host.has(function) {
        return Err(not_found(format!("Function not found: {arn}")));
    }
    Ok(arn)
}

fn with_qualifier(arn: &str, qualified: Option<&str>) -> String {
    match qualified {
        Some(qualified) => format!("{arn}:{qualified}"),
        None => arn.to_owned(),
    }
}

fn not_found(message: impl Into<String>) -> JsonError {
    JsonError {
        status: StatusCode::NOT_FOUND,
        ..JsonError::new("ResourceNotFoundException", message)
    }
}

fn respond(status: StatusCode, answer: Result<Value, JsonError>) -> Response {
    match answer {
        Ok(answer) => (status, Json(answer)).into_response(),
        Err(error) => error.into_response("1.1"),
    }
}

//! The IAM authorizer of a route: who signed the request, and whether they may invoke the route.
//! Source: API Gateway developer guide, "Control access to HTTP APIs with IAM authorization"; Lambda developer guide,
//! payload format 2.0, `requestContext.authorizer.iam`.

use axum::http::request::Parts;
use serde_json::{Value, json};

use super::{HttpApiSpec, routes::Route};
use crate::iam::{Caller, Context};

/// `requestContext.authorizer.iam`, for a caller who may.
pub(super) fn admit(
    spec: &HttpApiSpec,
    parts: &Parts,
    body: &[u8],
    route: &Route<'_>,
) -> Option<Value> {
    let iam = spec.iam.as_ref()?;
    let caller = iam.authenticate_request(&parts.method, &parts.uri, &parts.headers, body);
    let caller = caller.ok()?;
    let resource = format!("{}/{}{}", spec.arn.as_ref()?, parts.method, route.spec.path);
    iam.authorize(&caller, "execute-api:Invoke", &resource, &Context::new())
        .ok()?;
    let account = &iam.place().account_id;
    let (user_arn, caller_id, access_key) = match &caller {
        Caller::Admin => (iam.place().iam_arn("root"), account.clone(), String::new()),
        Caller::Session(session) => (
            session.assumed_role_arn.clone(),
            session.assumed_role_id.clone(),
            session.access_key_id.clone(),
        ),
    };
    Some(json!({
        "accessKey": access_key,
        "accountId": account,
        "callerId": caller_id,
        "cognitoIdentity": null,
        "principalOrgId": "",
        "userArn": user_arn,
        "userId": caller_id,
    }))
}

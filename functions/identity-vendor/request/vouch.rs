//! `POST /vouch`: a back end, which API Gateway has authenticated by IAM, vouches for a user.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde::Deserialize;
use shared::{json::Object, policy::Name};

use super::{
    Request, Wanted,
    body::{ContentType, octets},
    role_name,
};
use crate::{
    authenticate::{Proof, Vouched},
    denial::Denial,
    protocol::{AWS_CREDENTIALS, JWT},
};

/// The body, in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The source that the policy lets the back end vouch for.
    source: String,
    /// Who it is, to that source.
    subject: String,
    /// What the back end says of them.
    #[serde(default)]
    claims: Object,
    /// The role's alias.
    role: Option<String>,
    requested_token_type: Option<String>,
}

/// Reads the request. The caller is who API Gateway's authorizer says, and it says so on this route only.
pub(super) fn parse(event: &ApiGatewayV2httpRequest) -> Result<Request, Denial> {
    let context = &event.request_context;
    let authorizer = context.authorizer.as_ref();
    let iam = authorizer.and_then(|authorizer| authorizer.iam.as_ref());
    // Without the authorizer the route is wired wrongly: nobody has verified anything.
    let iam = iam.ok_or(Denial::NoSuchRoute)?;
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    let unreadable = Denial::InvalidRequest("expected a JSON object with source and subject");
    let body: Body =
        serde_json::from_slice(&octets(event, ContentType::Json)?).map_err(|_| unreadable)?;
    if body.claims.has_duplicates {
        return Err(Denial::InvalidRequest("expected each claim once"));
    }
    let requested_token_type = match body.requested_token_type.as_deref() {
        None => None,
        Some(JWT) => Some(Wanted::Token),
        Some(AWS_CREDENTIALS) => Some(Wanted::Credentials),
        Some(_) => {
            let text = "this requested_token_type is not supported";
            return Err(Denial::InvalidRequest(text));
        }
    };
    Ok(Request {
        proof: Proof::Vouched(Vouched {
            user_arn: text(&iam.user_arn),
            account_id: text(&iam.account_id),
            api_account_id: text(&context.account_id),
            // A name that no policy can have is of no source.
            source: Name::try_from(body.source).map_err(|_| Denial::MayNotVouch)?,
            subject: body.subject,
            claims: body.claims.members,
        }),
        guest_token: None,
        role: body.role.as_deref().map(role_name).transpose()?,
        requested_token_type,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(body: &str, bend: impl FnOnce(&mut Value)) -> ApiGatewayV2httpRequest {
        let mut event = json!({
            "version": "2.0",
            "routeKey": "POST /vouch",
            "rawPath": "/vouch",
            "headers": {"content-type": "application/json"},
            "requestContext": {
                "accountId": "123456789012",
                "routeKey": "POST /vouch",
                "http": {"method": "POST"},
                "stage": "$default",
                "authorizer": {"iam": {
                    "accountId": "123456789012",
                    "callerId": "AROA:session",
                    "userArn": "arn:aws:sts::123456789012:assumed-role/crm-api/session",
                }},
            },
            "body": body,
            "isBase64Encoded": false,
        });
        bend(&mut event);
        serde_json::from_value(event).unwrap()
    }

    const GOOD: &str =
        r#"{"source":"crm","subject":"ana","claims":{"tenant":"acme"},"role":"member"}"#;

    #[test]
    fn a_back_ends_word_is_read_with_who_it_is_by_iam() {
        let request = parse(&event(GOOD, |_| {})).unwrap();
        assert_eq!(request.role.unwrap().as_str(), "member");
        let Proof::Vouched(vouched) = request.proof else {
            panic!("expected a back end's word");
        };
        assert!(vouched.user_arn.contains("crm-api"));
        assert_eq!(
            (vouched.source.as_str(), vouched.subject.as_str()),
            ("crm", "ana")
        );
        assert_eq!(vouched.claims["tenant"], "acme");
    }

    #[test]
    fn what_iam_has_not_authenticated_or_is_not_the_object_is_refused() {
        let unsigned = event(GOOD, |event| {
            event["requestContext"]["authorizer"] = json!(null)
        });
        assert_eq!(parse(&unsigned).unwrap_err(), Denial::NoSuchRoute);
        let by_jwt = event(GOOD, |event| {
            event["requestContext"]["authorizer"] = json!({"jwt": {"claims": {}, "scopes": []}});
        });
        assert_eq!(parse(&by_jwt).unwrap_err(), Denial::NoSuchRoute);
        for body in [
            "",
            "[]",
            "{}",
            r#"{"source":"crm"}"#,
            r#"{"source":"crm","subject":7}"#,
            r#"{"source":"crm","subject":"a","userArn":"arn:…"}"#,
            r#"{"source":"crm","subject":"a","claims":[]}"#,
            r#"{"source":"crm","source":"app","subject":"a"}"#,
            r#"{"source":"crm","subject":"a","claims":{"tenant":"acme","tenant":"globex"}}"#,
            r#"{"source":"crm","subject":"a","requested_token_type":"x"}"#,
        ] {
            let refused = parse(&event(body, |_| {})).unwrap_err();
            assert!(matches!(refused, Denial::InvalidRequest(_)), "{body}");
        }
        let form = event(GOOD, |event| event["headers"] = json!({}));
        assert!(matches!(
            parse(&form).unwrap_err(),
            Denial::InvalidRequest(_)
        ));
    }
}

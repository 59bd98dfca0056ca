//! `https`: a check of your own, behind an endpoint. The contract is docs/sign-up-check.openapi.yaml.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shared::{
    deadline::Deadline,
    https::{Request, SIGNATURE, signature},
    policy::{HttpsCheck, SignUpKind},
    trigger::Attributes,
};
use time::OffsetDateTime;

use crate::{Applicant, judge::Finding, services::Services};

/// Longest question that is sent, octets.
const MAX_QUESTION: usize = 256 * 1024;
/// Longest answer that is read, octets.
const MAX_ANSWER: usize = 16 * 1024;

#[derive(Serialize)]
struct Question<'a> {
    version: u8,
    way: &'static str,
    user_pool_id: Option<&'a str>,
    client_id: Option<&'a str>,
    user_name: Option<&'a str>,
    user_attributes: BTreeMap<&'a str, &'a str>,
    validation_data: BTreeMap<&'a str, &'a str>,
    client_metadata: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Answer {
    decision: Decision,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Decision {
    Allow,
    Refuse,
}

/// Why the endpoint's word is not known.
#[derive(Debug, thiserror::Error)]
enum Unknown {
    #[error("the endpoint answered with status {0}")]
    Status(u16),
    #[error("the question is too long")]
    TooLong,
    #[error("the secret cannot sign")]
    Unsigned,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the endpoint says.
pub(super) async fn look(
    rules: &HttpsCheck,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Finding {
    match ask(rules, applicant, services, deadline).await {
        Ok(Decision::Allow) => Finding::Clear,
        Ok(Decision::Refuse) => Finding::Objection("endpoint-refused"),
        Err(cause) => Finding::unanswered("endpoint-unavailable", cause),
    }
}

async fn ask(
    rules: &HttpsCheck,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Result<Decision, Failed> {
    let https = services.https.as_ref().ok_or(Unknown::Unsigned)?;
    let body = serde_json::to_vec(&question(applicant))?;
    if body.len() > MAX_QUESTION {
        return Err(Unknown::TooLong.into());
    }
    let mut request = Request::post_json(&rules.url, body);
    if let Some(name) = &rules.hmac {
        let secret = services.secrets.get(name, deadline).await?;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let value = signature(&secret.keys(), now, request.body()).ok_or(Unknown::Unsigned)?;
        request = request.header(SIGNATURE, value);
    }
    let answer = https.send(request, MAX_ANSWER, deadline).await?;
    match answer.status {
        200 => Ok(answer.json::<Answer>()?.decision),
        status => Err(Unknown::Status(status).into()),
    }
}

fn question<'a>(applicant: &Applicant<'a>) -> Question<'a> {
    let members = |from: &'a Attributes| from.iter().collect();
    Question {
        version: 1,
        way: match applicant.kind {
            SignUpKind::SignUp => "sign_up",
            SignUpKind::AdminCreateUser => "admin_create_user",
            SignUpKind::ExternalProvider => "external_provider",
        },
        user_pool_id: applicant.user_pool_id,
        client_id: applicant.client_id,
        user_name: applicant.user_name,
        user_attributes: members(&applicant.request.user_attributes),
        validation_data: members(&applicant.request.validation_data),
        client_metadata: members(&applicant.request.client_metadata),
    }
}

//! Requests signed by AWS's own signer, and the template bent.

use std::{path::PathBuf, time::SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use emulator::{
    http_client::{Answer, send},
    stack::Stack,
};

use super::{policy_file, tree};

/// The template that ships, bent once, in a file of its own.
pub(crate) fn bent_template(from: &str, to: &str) -> PathBuf {
    let shipped = std::fs::read_to_string(tree("template.yaml")).unwrap();
    assert!(shipped.contains(from), "the template has no {from:?}");
    policy_file(&shipped.replacen(from, to, 1))
}

/// A session of a role of the template that trusts Lambda.
pub(crate) fn session_of(stack: &Stack, role: &str) -> Credentials {
    let arn = format!(
        "arn:aws:iam::123456789012:role/{}",
        stack.physical_name(role)
    );
    let session = stack.iam.session_for_role(&arn, "test").unwrap();
    Credentials::new(
        session.access_key_id.clone(),
        session.secret_access_key.clone(),
        Some(session.session_token.clone()),
        None,
        "test",
    )
}

/// A JSON object, posted to the HTTP API with a signature of `credentials`.
pub(crate) async fn post_signed(credentials: &Credentials, url: &str, body: &str) -> Answer {
    let identity = credentials.clone().into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("execute-api")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .unwrap()
        .into();
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let signable = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body_octets = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, signable, body_octets).unwrap();
    let (instructions, _) = sign(request, &params).unwrap().into_parts();
    for (name, value) in instructions.headers() {
        headers.push((name.to_owned(), value.to_owned()));
    }
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    send("POST", url, &headers, body).await.unwrap()
}

//! STS as far as vended identities go through it: AssumeRoleWithWebIdentity (unsigned), AssumeRole and
//! GetCallerIdentity (signed), over the AWS query protocol.
//!
//! Source: AWS Security Token Service API reference.

mod request;
mod xml;

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    iam::{AssumeError, COGNITO_IDENTITY, Caller, Iam, Session},
    identity_pool::{TokenError, TokenKey},
};
use request::Form;
use xml::{StsError, Xml, success};

/// The version every STS request names.
const API_VERSION: &str = "2011-06-15";

/// The local STS.
pub struct Sts {
    iam: Arc<Iam>,
    key: Arc<TokenKey>,
}

impl Sts {
    /// An STS that issues sessions into `iam` and trusts tokens of `key`.
    pub fn new(iam: Arc<Iam>, key: Arc<TokenKey>) -> Self {
        Self { iam, key }
    }

    /// Answers one request.
    pub fn handle(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let form = Form::parse(body);
        let action = form.get("Action").unwrap_or_default();
        let result = match action {
            "AssumeRoleWithWebIdentity" => self.assume_role_with_web_identity(&form),
            "AssumeRole" => self.assume_role(&form, headers, body),
            "GetCallerIdentity" => self.get_caller_identity(headers, body),
            _ => Err(StsError::invalid(
                "InvalidAction",
                format!("Could not find operation {action} for version {API_VERSION}"),
            )),
        };
        match result {
            Ok(result) => success(action, result),
            Err(error) => error.into_response(),
        }
    }

    fn assume_role_with_web_identity(&self, form: &Form) -> Result<Xml, StsError> {
        let request = form.role_request()?;
        let token = form.required("WebIdentityToken", "webIdentityToken")?;
        let claims = self.key.verify(token, self.iam.now()).map_err(|error| {
            let code = match error {
                TokenError::Expired => "ExpiredTokenException",
                _ => "InvalidIdentityToken",
            };
            StsError::invalid(code, error.to_string())
        })?;
        let identity = claims.web_identity();
        let packed = request.packed_percent(&identity.tags)?;
        let session = self.iam.assume_role_with_web_identity(
            &request.role_arn,
            &identity,
            request.session,
        )?;
        let result = Xml::new()
            .text("SubjectFromWebIdentityToken", &identity.subject)
            .text("Audience", &identity.audience)
            .text("Provider", COGNITO_IDENTITY);
        Ok(with_session(result, &session, packed))
    }

    fn assume_role(&self, form: &Form, headers: &HeaderMap, body: &[u8]) -> Result<Xml, StsError> {
        let caller = self.authenticate(headers, body)?;
        let request = form.role_request()?;
        let marks = form.session_marks()?;
        let packed = request.packed_percent(&marks.tags)?;
        let external_id = form.get("ExternalId");
        let assumed = self.iam.assume_role(
            &caller,
            &request.role_arn,
            external_id,
            request.session,
            marks,
        );
        let session = assumed.map_err(|error| match (error, &caller) {
            (AssumeError::Denied { action }, Caller::Session(by)) => StsError::forbidden(
                "AccessDenied",
                format!(
                    "User: {} is not authorized to perform: {action} on resource: {}",
                    by.assumed_role_arn, request.role_arn
                ),
            ),
            (error, _) => error.into(),
        })?;
        Ok(with_session(Xml::new(), &session, packed))
    }

    /// Needs no permission: even a session with a policy that denies everything may ask who it is.
    fn get_caller_identity(&self, headers: &HeaderMap, body: &[u8]) -> Result<Xml, StsError> {
        let account = &self.iam.place().account_id;
        let (arn, user_id) = match self.authenticate(headers, body)? {
            Caller::Admin => (self.iam.place().iam_arn("root"), account.clone()),
            Caller::Session(session) => (
                session.assumed_role_arn.clone(),
                session.assumed_role_id.clone(),
            ),
        };
        Ok(Xml::new()
            .text("Arn", &arn)
            .text("UserId", &user_id)
            .text("Account", account))
    }

    fn authenticate(&self, headers: &HeaderMap, body: &[u8]) -> Result<Caller, StsError> {
        let caller = self.iam.authenticate(headers, body);
        caller.map_err(|error| StsError::forbidden(error.query_code(), error.to_string()))
    }
}

impl From<AssumeError> for StsError {
    fn from(error: AssumeError) -> Self {
        let message = error.to_string();
        match error {
            AssumeError::Denied { .. } => Self::forbidden("AccessDenied", message),
            AssumeError::TooLong | AssumeError::ChainedTooLong => {
                Self::invalid("ValidationError", message)
            }
            AssumeError::NoRandomness(_) => Self {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                ..Self::invalid("InternalFailure", message)
            },
        }
    }
}

fn with_session(result: Xml, session: &Session, packed: Option<usize>) -> Xml {
    let user = Xml::new()
        .text("AssumedRoleId", &session.assumed_role_id)
        .text("Arn", &session.assumed_role_arn);
    let credentials = Xml::new()
        .text("AccessKeyId", &session.access_key_id)
        .text("SecretAccessKey", &session.secret_access_key)
        .text("SessionToken", &session.session_token)
        .text("Expiration", &timestamp(session.expires_at));
    let result = result
        .nested("AssumedRoleUser", user)
        .nested("Credentials", credentials);
    match packed {
        Some(percent) => result.text("PackedPolicySize", &percent.to_string()),
        None => result,
    }
}

fn timestamp(seconds: u64) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

//! What STS is asked, held to the limits of the API.
//!
//! Source: STS API reference, AssumeRole and AssumeRoleWithWebIdentity.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::xml::StsError;
use crate::iam::{self, SessionMarks, SessionRequest};

/// Session policies are at most this long, and so is what AWS packs them into with the tags. The
/// packed form is AWS's secret; here it is the document without white space plus the tags.
const MAX_POLICY: usize = 2048;

/// The form of a query request.
pub(super) struct Form(HashMap<String, String>);

/// A checked request for a session.
pub(super) struct RoleRequest {
    pub(super) role_arn: String,
    pub(super) session: SessionRequest,
    packed: usize,
}

impl Form {
    /// Reads any body; of a name that comes twice, the last one counts.
    pub(super) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn required(&self, name: &str, member: &str) -> Result<&str, StsError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| StsError::constraint("null", member, "Member must not be null"))
    }

    pub(super) fn role_request(&self) -> Result<RoleRequest, StsError> {
        let role_arn = self.required("RoleArn", "roleArn")?;
        if role_arn.len() < 20 || !role_arn.starts_with("arn:") {
            return Err(StsError::invalid(
                "ValidationError",
                format!("{role_arn} is invalid"),
            ));
        }
        let name = self.required("RoleSessionName", "roleSessionName")?;
        if !(2..=64).contains(&name.len()) || !name.chars().all(in_session_name) {
            let pattern = r"Member must satisfy regular expression pattern: [\w+=,.@-]{2,64}";
            return Err(StsError::constraint(name, "roleSessionName", pattern));
        }
        if self.get("PolicyArns.member.1.arn").is_some() {
            return Err(StsError::invalid(
                "ValidationError",
                "PolicyArns are not known here",
            ));
        }
        let policy = self.get("Policy").map(session_policy).transpose()?;
        Ok(RoleRequest {
            role_arn: role_arn.to_owned(),
            packed: policy.as_ref().map_or(0, |policy| policy.to_string().len()),
            session: SessionRequest {
                name: name.to_owned(),
                duration: self.duration()?,
                policies: policy.into_iter().collect(),
            },
        })
    }

    /// AssumeRole's tags (at most 50, of the characters that IAM takes), transitive keys and source identity.
    pub(super) fn session_marks(&self) -> Result<SessionMarks, StsError> {
        let mut marks = SessionMarks {
            source_identity: self.get("SourceIdentity").map(str::to_owned),
            ..SessionMarks::default()
        };
        let invalid =
            |what: &str| StsError::invalid("ValidationError", format!("{what} is invalid"));
        let fits = |text: &str| (2..=64).contains(&text.len()) && text.chars().all(in_session_name);
        if marks
            .source_identity
            .as_deref()
            .is_some_and(|text| !fits(text))
        {
            return Err(invalid("SourceIdentity"));
        }
        for number in 1..=51 {
            let Some(key) = self.get(&format!("Tags.member.{number}.Key")) else {
                break;
            };
            let value = self.get(&format!("Tags.member.{number}.Value"));
            let value = value.unwrap_or_default();
            let known = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
            let short = |text: &str, most| text.chars().count() <= most && text.chars().all(known);
            if number > 50 || key.is_empty() || !short(key, 128) || !short(value, 256) {
                return Err(invalid("Tags"));
            }
            if marks
                .tags
                .insert(key.to_owned(), value.to_owned())
                .is_some()
            {
                return Err(StsError::invalid(
                    "InvalidParameterValue",
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
        }
        let numbers = 1..=50;
        marks.transitive = numbers
            .map_while(|number| self.get(&format!("TransitiveTagKeys.member.{number}")))
            .map(str::to_owned)
            .collect();
        if !marks
            .transitive
            .iter()
            .all(|key| marks.tags.contains_key(key))
        {
            return Err(invalid("TransitiveTagKeys"));
        }
        Ok(marks)
    }

    fn duration(&self) -> Result<u64, StsError> {
        let Some(text) = self.get("DurationSeconds") else {
            return Ok(3600);
        };
        let bound = |constraint| StsError::constraint(text, "durationSeconds", constraint);
        match text
            .parse::<i64>()
            .ok()
            .and_then(|seconds| u64::try_from(seconds).ok())
        {
            Some(seconds @ 900..=43_200) => Ok(seconds),
            Some(43_201..) => Err(bound("Member must have value less than or equal to 43200")),
            _ => Err(bound("Member must have value greater than or equal to 900")),
        }
    }
}

impl RoleRequest {
    /// `PackedPolicySize`, in percent of what is allowed; none if nothing was packed.
    pub(super) fn packed_percent(
        &self,
        tags: &BTreeMap<String, String>,
    ) -> Result<Option<usize>, StsError> {
        let tags: usize = tags
            .iter()
            .map(|(key, value)| key.len() + value.len())
            .sum();
        let packed = self.packed + tags;
        if packed > MAX_POLICY {
            return Err(StsError::invalid(
                "PackedPolicyTooLarge",
                format!(
                    "Serialized token too large for session: packed size {}% of the allowed",
                    packed * 100 / MAX_POLICY
                ),
            ));
        }
        Ok((packed > 0).then(|| (packed * 100).div_ceil(MAX_POLICY)))
    }
}

fn session_policy(text: &str) -> Result<Value, StsError> {
    if text.chars().count() > MAX_POLICY {
        let limit = "Member must have length less than or equal to 2048";
        return Err(StsError::constraint(text, "policy", limit));
    }
    let malformed = |reason: String| StsError::invalid("MalformedPolicyDocument", reason);
    let policy = serde_json::from_str(text)
        .map_err(|_| malformed("This policy contains invalid Json".to_owned()))?;
    iam::check(&policy).map_err(|reason| malformed(reason.to_string()))?;
    Ok(policy)
}

fn in_session_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

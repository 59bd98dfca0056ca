//! A pool's settings as DescribeUserPool tells them, and what of them UpdateUserPool takes.
//!
//! Source: Amazon Cognito user pools API reference, `UserPoolType` and UpdateUserPool.

use serde_json::{Map, Value, json};

use super::Trigger;

/// What UpdateUserPool takes under the name that DescribeUserPool has for it.
const SENT_BACK: [&str; 22] = [
    "AccountRecoverySetting",
    "AcrConfiguration",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "IssuerConfiguration",
    "KeyConfiguration",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
];

/// What no update can change, and so none resets.
const READ_ONLY: [&str; 14] = [
    "AliasAttributes",
    "Arn",
    "CreationDate",
    "CustomDomain",
    "Domain",
    "EmailConfigurationFailure",
    "EstimatedNumberOfUsers",
    "Id",
    "LastModifiedDate",
    "SchemaAttributes",
    "SmsConfigurationFailure",
    "Status",
    "UsernameAttributes",
    "UsernameConfiguration",
];

/// What changes by itself.
const MOVING: [&str; 2] = ["EstimatedNumberOfUsers", "LastModifiedDate"];

/// The pool's name, which UpdateUserPool calls `PoolName`.
const NAME: &str = "Name";

/// What DescribeUserPool tells of a pool, every setting of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolSettings(Map<String, Value>);

/// What GetUserPoolMfaConfig tells: settings that UpdateUserPool does not take.
#[derive(Debug, Clone, PartialEq)]
pub struct MfaSettings(Map<String, Value>);

impl PoolSettings {
    /// The member `UserPool` of the answer.
    pub fn of_answer(answer: &Value) -> Option<Self> {
        let settings = answer.get("UserPool")?.as_object()?.clone();
        let known = Self(settings);
        (!known.id().is_empty()).then_some(known)
    }

    /// The pool's id.
    pub fn id(&self) -> &str {
        self.text("Id")
    }

    /// The pool's ARN.
    pub fn arn(&self) -> &str {
        self.text("Arn")
    }

    /// A setting.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The ARN of the function that the pool calls for a trigger.
    pub fn function_of(&self, trigger: Trigger) -> Option<&str> {
        self.get("LambdaConfig")?.get(trigger.key())?.as_str()
    }

    /// `LambdaConfig`, with the settings of triggers that have a version.
    pub fn lambda_config(&self) -> Map<String, Value> {
        let config = self.get("LambdaConfig").and_then(Value::as_object);
        config.cloned().unwrap_or_default()
    }

    /// The settings that nobody here knows: whether UpdateUserPool takes them is not known either.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        let known =
            |name: &str| SENT_BACK.contains(&name) || READ_ONLY.contains(&name) || name == NAME;
        let names = self.0.keys().map(String::as_str);
        names.filter(move |name| !known(name))
    }

    /// Whether the message template can be sent back: UpdateUserPool takes one of its two bodies.
    pub fn has_both_email_bodies(&self) -> bool {
        let template = self.get("VerificationMessageTemplate");
        let has = |name: &str| template.is_some_and(|template| template.get(name).is_some());
        has("EmailMessage") && has("EmailMessageByLink")
    }

    /// The whole of the request for UpdateUserPool, with `lambda_config` in place of the pool's.
    pub fn update_request(&self, lambda_config: Map<String, Value>) -> Value {
        let mut request = Map::new();
        for (name, value) in &self.0 {
            if READ_ONLY.contains(&name.as_str()) || value.is_null() {
                continue;
            }
            let name = if name == NAME { "PoolName" } else { name };
            request.insert(name.to_owned(), value.clone());
        }
        request.insert("UserPoolId".to_owned(), json!(self.id()));
        request.insert("LambdaConfig".to_owned(), Value::Object(lambda_config));
        // The older name of TemporaryPasswordValidityDays. DescribeUserPool tells both; the two together are
        // refused.
        if let Some(Value::Object(creation)) = request.get_mut("AdminCreateUserConfig") {
            creation.remove("UnusedAccountValidityDays");
        }
        // Tags that AWS sets: nobody else may name them, and none takes them off.
        if let Some(Value::Object(tags)) = request.get_mut("UserPoolTags") {
            tags.retain(|name, _| !name.starts_with("aws:"));
        }
        Value::Object(request)
    }

    /// The settings other than `LambdaConfig` that differ in `after`, by name.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        let mut names = different(&self.0, &after.0);
        names.retain(|name| name != "LambdaConfig" && !MOVING.contains(&name.as_str()));
        names
    }

    /// The raw answer, for a backup.
    pub fn to_answer(&self) -> Value {
        json!({ "UserPool": self.0 })
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl MfaSettings {
    /// The answer itself.
    pub fn of_answer(answer: &Value) -> Option<Self> {
        answer.as_object().cloned().map(Self)
    }

    /// The request for SetUserPoolMfaConfig that brings these settings back.
    pub fn set_request(&self, user_pool_id: &str) -> Value {
        let mut request = self.0.clone();
        request.insert("UserPoolId".to_owned(), json!(user_pool_id));
        Value::Object(request)
    }

    /// The settings that differ in `after`, by name.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        different(&self.0, &after.0)
    }

    /// The raw answer, for a backup.
    pub fn to_answer(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

fn different(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort_unstable();
    names.dedup();
    // A setting that is null is not set.
    let value =
        |of: &Map<String, Value>, name: &str| of.get(name).filter(|it| !it.is_null()).cloned();
    let differs = |name: &&String| value(before, name) != value(after, name);
    names.into_iter().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(more: Value) -> PoolSettings {
        let mut settings = json!({ "Id": "eu-west-1_x", "Arn": "arn:x", "Name": "mine" });
        let members = settings.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        PoolSettings::of_answer(&json!({ "UserPool": settings })).unwrap()
    }

    #[test]
    fn every_setting_is_sent_back_but_what_no_update_takes() {
        let found = pool(json!({
            "Policies": { "PasswordPolicy": { "MinimumLength": 9, "Future": true } },
            "Status": "Enabled",
            "SchemaAttributes": [],
            "AdminCreateUserConfig": { "UnusedAccountValidityDays": 7, "AllowAdminCreateUserOnly": true },
            "DeviceConfiguration": null,
            "UserPoolTags": { "aws:cloudformation:stack-name": "x", "team": "y" },
        }));
        assert_eq!(
            found.update_request(Map::new()),
            json!({
                "UserPoolId": "eu-west-1_x",
                "PoolName": "mine",
                "LambdaConfig": {},
                "Policies": { "PasswordPolicy": { "MinimumLength": 9, "Future": true } },
                "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true },
                "UserPoolTags": { "team": "y" },
            })
        );
        assert_eq!(found.unknown().count(), 0);
    }

    #[test]
    fn what_changes_by_itself_is_no_difference_and_what_is_reset_is_one() {
        let before =
            pool(json!({ "MfaConfiguration": "ON", "EstimatedNumberOfUsers": 1, "Future": 1 }));
        let after = pool(json!({ "EstimatedNumberOfUsers": 2, "DeviceConfiguration": null }));
        assert_eq!(before.differences(&after), ["Future", "MfaConfiguration"]);
        assert_eq!(before.differences(&before), Vec::<String>::new());
    }

    #[test]
    fn a_setting_that_nobody_here_knows_is_named() {
        let found = pool(json!({ "FutureConfiguration": {} }));
        assert_eq!(found.unknown().collect::<Vec<_>>(), ["FutureConfiguration"]);
    }
}

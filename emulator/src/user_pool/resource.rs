//! The pool and its app client as their resources set them, and as DescribeUserPool and
//! DescribeUserPoolClient show them: JSON, of which the settings are what this pool obeys.
//!
//! Source: CloudFormation, AWS::Cognito::UserPool and AWS::Cognito::UserPoolClient; user pools API
//! reference, UpdateUserPool ("If you don't provide a value for an attribute, Amazon Cognito sets it to
//! its default value").

use serde_json::{Map, Value, json};

use super::{
    schema,
    settings::{Contact, Flow, PasswordPolicy, Settings, Triggers},
};
use crate::template::{Resource, TemplateError, UserPoolDefinition};

/// What UpdateUserPool cannot change, and so does not reset.
const FIXED: [&str; 5] = [
    "AliasAttributes",
    "Name",
    "SchemaAttributes",
    "UsernameAttributes",
    "UsernameConfiguration",
];

/// Properties of a pool that bind here, or that can bind nothing here.
const POOL_OBEYED: [&str; 9] = [
    "AdminCreateUserConfig",
    "AliasAttributes",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "LambdaConfig",
    "Name",
    "Policies",
    "SchemaAttributes",
    "UsernameAttributes",
];

/// The same of an app client.
const CLIENT_OBEYED: [&str; 10] = [
    "AccessTokenValidity",
    "ClientName",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "GenerateSecret",
    "IdTokenValidity",
    "PreventUserExistenceErrors",
    "RefreshTokenValidity",
    "TokenValidityUnits",
    "UserPoolId",
];

impl Settings {
    /// What the template says of its pool, the pool's client and its groups.
    ///
    /// # Errors
    /// A client with a secret: requests of such a client are signed, which nothing here checks.
    pub fn of_template(
        pool: &UserPoolDefinition,
        client: Option<&Resource>,
        groups: Vec<Value>,
        base_url: &str,
    ) -> Result<Self, TemplateError> {
        let client_id = client.map_or("none", |client| client.reference.as_str());
        let mut settings = Self::new(&pool.id, client_id, base_url);
        settings.pool = described_pool(pool);
        settings.mfa = mfa_of_template(&mut settings.pool);
        if let Some(client) = client {
            if client.properties.get("GenerateSecret") == Some(&json!(true)) {
                let reason = "expected GenerateSecret: false; client secrets are not known here";
                return Err(TemplateError::new(&client.logical_id, reason));
            }
            let properties = client.properties.as_object();
            settings.client = properties.cloned().unwrap_or_default();
        }
        settings.groups = groups;
        settings.bind_pool();
        settings.bind_client();
        Ok(settings)
    }

    /// The settings after UpdateUserPool: what the request does not name is the default again.
    pub(super) fn updated(&self, mut request: Map<String, Value>) -> Self {
        let mut updated = self.clone();
        request.remove("UserPoolId");
        if let Some(name) = request.remove("PoolName") {
            updated.pool.insert("Name".to_owned(), name);
        }
        updated.pool.retain(|key, _| FIXED.contains(&key.as_str()));
        request.retain(|key, _| !FIXED.contains(&key.as_str()));
        updated.pool.extend(request);
        // Whether AWS keeps second factors and passkeys is not documented. Here they are gone, so that whoever
        // relies on it is found out.
        updated.mfa.clear();
        updated.bind_pool();
        updated
    }

    /// The settings after SetUserPoolMfaConfig.
    pub(super) fn updated_mfa(&self, mut request: Map<String, Value>) -> Self {
        let mut updated = self.clone();
        let mfa = request.remove("MfaConfiguration");
        updated
            .pool
            .insert("MfaConfiguration".to_owned(), mfa.unwrap_or(json!("OFF")));
        updated.mfa = request;
        updated
    }

    /// What GetUserPoolMfaConfig answers.
    pub(super) fn describe_mfa(&self) -> Map<String, Value> {
        let mut described = self.mfa.clone();
        let mfa = self.describe_pool().remove("MfaConfiguration");
        described.insert("MfaConfiguration".to_owned(), mfa.unwrap_or_default());
        described
    }

    /// The settings after UpdateUserPoolClient, which resets in the same way.
    pub(super) fn updated_client(&self, mut request: Map<String, Value>) -> Self {
        let mut updated = self.clone();
        request.remove("ClientId");
        if !request.contains_key("ClientName") {
            let name = self.client.get("ClientName").cloned();
            request.insert("ClientName".to_owned(), name.unwrap_or_default());
        }
        updated.client = request;
        updated.bind_client();
        updated
    }

    /// `UserPoolType`, but for counts and dates.
    pub(super) fn describe_pool(&self) -> Map<String, Value> {
        let defaults = json!({
            "Policies": { "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": true,
                "RequireLowercase": true,
                "RequireNumbers": true,
                "RequireSymbols": true,
                "TemporaryPasswordValidityDays": 7,
            }},
            "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false },
            "DeletionProtection": "INACTIVE",
            "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT" },
            "LambdaConfig": {},
            "MfaConfiguration": "OFF",
            "Name": self.pool_id,
            "VerificationMessageTemplate": { "DefaultEmailOption": "CONFIRM_WITH_CODE" },
        });
        let mut described = defaults.as_object().cloned().unwrap_or_default();
        described.extend(self.pool.clone());
        described.insert("Id".to_owned(), json!(self.pool_id));
        if !self.pool_arn.is_empty() {
            described.insert("Arn".to_owned(), json!(self.pool_arn));
        }
        described
    }

    /// `UserPoolClientType`, but for dates.
    pub(super) fn describe_client(&self) -> Map<String, Value> {
        let defaults = json!({
            "ClientName": self.client_id,
            "EnableTokenRevocation": true,
            "RefreshTokenValidity": 30,
        });
        let mut described = defaults.as_object().cloned().unwrap_or_default();
        described.extend(self.client.clone());
        described.remove("GenerateSecret");
        described.insert("ClientId".to_owned(), json!(self.client_id));
        described.insert("UserPoolId".to_owned(), json!(self.pool_id));
        described
    }

    /// The properties that say something which this pool does not do.
    pub fn not_obeyed(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (key, value) in &self.pool {
            let harmless = match key.as_str() {
                "MfaConfiguration" => value == "OFF",
                "UsernameConfiguration" => value.get("CaseSensitive") != Some(&json!(true)),
                known => POOL_OBEYED.contains(&known),
            };
            if !harmless {
                names.push(format!("user pool: {key}"));
            }
        }
        names.extend(self.mfa.keys().map(|key| format!("user pool: {key}")));
        let triggers = self.pool.get("LambdaConfig").and_then(Value::as_object);
        for trigger in triggers.into_iter().flat_map(Map::keys) {
            if !["PreSignUp", "PostConfirmation", "UserMigration"].contains(&trigger.as_str()) {
                names.push(format!("user pool: LambdaConfig.{trigger}"));
            }
        }
        for (key, value) in &self.client {
            let harmless = match key.as_str() {
                "SupportedIdentityProviders" => *value == json!(["COGNITO"]),
                known => CLIENT_OBEYED.contains(&known),
            };
            if !harmless {
                names.push(format!("app client: {key}"));
            }
        }
        names
    }

    /// Reads what binds out of the pool's description.
    fn bind_pool(&mut self) {
        let described = self.describe_pool();
        let contacts = |name: &str| -> Vec<Contact> {
            let names = described.get(name).and_then(Value::as_array);
            let names = names.map(Vec::as_slice).unwrap_or_default();
            let named = |contact: &Contact| names.iter().any(|name| name == contact.attribute());
            Contact::ALL.into_iter().filter(named).collect()
        };
        self.username_attributes = contacts("UsernameAttributes");
        self.alias_attributes = contacts("AliasAttributes");
        self.auto_verified = contacts("AutoVerifiedAttributes");
        let schema = described.get("SchemaAttributes").and_then(Value::as_array);
        let custom = schema.into_iter().flatten().filter_map(|attribute| {
            let name = attribute.get("Name")?.as_str()?;
            let standard = super::attributes::is_standard(name) || name == "sub";
            (!standard).then(|| name.to_owned())
        });
        self.custom_attributes = custom.collect();
        let policies = described.get("Policies").unwrap_or(&Value::Null);
        self.password = PasswordPolicy::of(policies.get("PasswordPolicy").unwrap_or(&Value::Null));
        let creation = described.get("AdminCreateUserConfig");
        let only = creation.and_then(|config| config.get("AllowAdminCreateUserOnly"));
        self.admin_creates_only = only.is_some_and(is_true);
        let trigger = |name: &str| {
            let arn = described.get("LambdaConfig")?.get(name)?.as_str()?;
            Some(arn.to_owned())
        };
        self.triggers = Triggers {
            pre_sign_up: trigger("PreSignUp"),
            post_confirmation: trigger("PostConfirmation"),
            user_migration: trigger("UserMigration"),
        };
    }

    /// Reads what binds out of the client's description.
    fn bind_client(&mut self) {
        let described = self.describe_client();
        self.prevent_user_existence_errors =
            described.get("PreventUserExistenceErrors") == Some(&json!("ENABLED"));
        let flows = described.get("ExplicitAuthFlows").and_then(Value::as_array);
        self.flows = match flows {
            Some(names) => Flow::ALL
                .into_iter()
                .filter(|flow| names.iter().any(|name| name == flow.allowed_by()))
                .collect(),
            // "If you don't specify a value, your client supports" these.
            None => vec![Flow::Srp, Flow::RefreshToken],
        };
        let seconds = |token: &str, default_unit: &str, default: i64| {
            let value = described.get(&format!("{token}Validity"));
            let value = value.and_then(as_integer).filter(|value| *value > 0);
            let units = described.get("TokenValidityUnits");
            let unit = units.and_then(|units| units.get(token)?.as_str());
            let unit = match unit.unwrap_or(default_unit) {
                "seconds" => 1,
                "minutes" => 60,
                "hours" => 3600,
                _ => 86_400,
            };
            value.map_or(default, |value| value.saturating_mul(unit))
        };
        self.access_token_seconds = seconds("AccessToken", "hours", 3600);
        self.id_token_seconds = seconds("IdToken", "hours", 3600);
        self.refresh_token_seconds = seconds("RefreshToken", "days", 30 * 86_400);
    }
}

impl PasswordPolicy {
    /// `PasswordPolicyType`; a class that is not named is not required.
    fn of(policy: &Value) -> Self {
        let flag = |name: &str| policy.get(name).is_some_and(is_true);
        let length = policy.get("MinimumLength").and_then(as_integer);
        Self {
            minimum_length: length
                .and_then(|length| usize::try_from(length).ok())
                .unwrap_or(8),
            uppercase: flag("RequireUppercase"),
            lowercase: flag("RequireLowercase"),
            numbers: flag("RequireNumbers"),
            symbols: flag("RequireSymbols"),
        }
    }
}

/// The template's properties by the names of the API.
fn described_pool(pool: &UserPoolDefinition) -> Map<String, Value> {
    let mut described = pool.properties.as_object().cloned().unwrap_or_default();
    if let Some(name) = described.remove("UserPoolName") {
        described.insert("Name".to_owned(), name);
    }
    let schema = schema::described(described.remove("Schema").as_ref());
    described.insert("SchemaAttributes".to_owned(), schema);
    // A parameter's text, which CloudFormation turns into the number that the API has.
    let length = described.get_mut("Policies");
    let length = length.and_then(|policies| policies.pointer_mut("/PasswordPolicy/MinimumLength"));
    if let Some(length) = length
        && let Some(number) = as_integer(length)
    {
        *length = json!(number);
    }
    if !pool.triggers.is_empty() {
        let config = described.entry("LambdaConfig").or_insert_with(|| json!({}));
        if let Some(config) = config.as_object_mut() {
            for (trigger, arn) in &pool.triggers {
                config.insert(trigger.clone(), json!(arn));
            }
        }
    }
    described
}

/// What a resource has as properties of its own and the API in SetUserPoolMfaConfig: UpdateUserPool does not
/// take it.
fn mfa_of_template(pool: &mut Map<String, Value>) -> Map<String, Value> {
    let mut mfa = Map::new();
    if let Some(Value::Array(enabled)) = pool.remove("EnabledMfas") {
        if enabled.contains(&json!("SOFTWARE_TOKEN_MFA")) {
            let configuration = json!({ "Enabled": true });
            mfa.insert("SoftwareTokenMfaConfiguration".to_owned(), configuration);
        }
        if enabled.contains(&json!("SMS_MFA")) {
            let message = pool.get("SmsAuthenticationMessage").cloned();
            let configuration = json!({ "SmsAuthenticationMessage": message });
            mfa.insert("SmsMfaConfiguration".to_owned(), configuration);
        }
    }
    let mut passkeys = Map::new();
    for (property, member) in [
        ("WebAuthnRelyingPartyID", "RelyingPartyId"),
        ("WebAuthnUserVerification", "UserVerification"),
        ("WebAuthnFactorConfiguration", "FactorConfiguration"),
    ] {
        if let Some(value) = pool.remove(property) {
            passkeys.insert(member.to_owned(), value);
        }
    }
    if !passkeys.is_empty() {
        mfa.insert("WebAuthnConfiguration".to_owned(), passkeys.into());
    }
    mfa
}

/// A parameter makes a number or a flag of a template text.
fn as_integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn is_true(value: &Value) -> bool {
    *value == json!(true) || *value == json!("true")
}

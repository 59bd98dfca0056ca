//! The template's identity pools: who may come, by which provider, and as which role.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Resource, Resources, TemplateError, intrinsics::text_of, of_kind};

/// An identity pool.
#[derive(Debug, Clone)]
pub struct IdentityPoolDefinition {
    /// The key under `Resources`.
    pub logical_id: String,
    /// Say `us-east-1:11111111-2222-4333-8444-555555555555`.
    pub id: String,
    /// `DeveloperProviderName`.
    pub developer_provider_name: Option<String>,
    /// `AllowUnauthenticatedIdentities`: whether guests get an identity.
    pub allow_unauthenticated: bool,
    /// `AllowClassicFlow`: whether GetOpenIdToken answers. Unset, it does.
    pub allow_classic_flow: bool,
    /// `CognitoIdentityProviders`.
    pub cognito_providers: Vec<CognitoProvider>,
    /// The role that GetCredentialsForIdentity gives whoever is authenticated.
    pub authenticated_role_arn: Option<String>,
    /// The role that it gives guests.
    pub unauthenticated_role_arn: Option<String>,
    /// `RoleMappings`, by `<provider>:<client>`.
    pub role_mappings: BTreeMap<String, RoleMapping>,
    /// By provider: principal tag and claim, as `AWS::Cognito::IdentityPoolPrincipalTag` maps them.
    pub principal_tags: BTreeMap<String, BTreeMap<String, String>>,
}

/// A user pool whose ID tokens an identity pool takes.
#[derive(Debug, Clone)]
pub struct CognitoProvider {
    /// `cognito-idp.<region>.amazonaws.com/<pool>`.
    pub name: String,
    /// The audience of its tokens.
    pub client_id: String,
    /// `ServerSideTokenCheck`: users who were disabled or signed out get nothing.
    pub server_side_token_check: bool,
}

/// How one provider's users get a role.
#[derive(Debug, Clone)]
pub struct RoleMapping {
    /// By the token's own claims, or by rules.
    pub kind: MappingType,
    /// `AmbiguousRoleResolution` is `Deny`: no role where none is chosen, not even the default.
    pub ambiguous_denied: bool,
}

/// `Type` of a role mapping.
#[derive(Debug, Clone)]
pub enum MappingType {
    /// `cognito:preferred_role` and `cognito:roles`.
    Token,
    /// The first rule that matches.
    Rules(Vec<Rule>),
}

/// `MappingRule`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `Claim`.
    pub claim: String,
    /// `MatchType`.
    pub test: ClaimMatch,
    /// `Value`.
    pub value: String,
    /// `RoleARN`.
    pub role_arn: String,
}

/// `MatchType` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimMatch {
    /// The claim is the value.
    Equals,
    /// The claim is there, and is another.
    NotEqual,
    /// The claim begins with the value.
    StartsWith,
    /// The value is somewhere in the claim.
    Contains,
}

pub(super) fn identity_pools(
    resources: &Resources,
) -> Result<Vec<IdentityPoolDefinition>, TemplateError> {
    of_kind(resources, "AWS::Cognito::IdentityPool")
        .map(|pool| identity_pool(pool, resources))
        .collect()
}

fn identity_pool(
    pool: &Resource,
    resources: &Resources,
) -> Result<IdentityPoolDefinition, TemplateError> {
    let fault = |expected: &str| TemplateError::new(&pool.logical_id, expected);
    let flag = |name: &str| match pool.properties.get(name) {
        None => Ok(None),
        Some(value) => text_of(value)
            .and_then(|text| text.parse::<bool>().ok())
            .map(Some)
            .ok_or_else(|| fault(&format!("expected {name}: true or false"))),
    };
    let allow_unauthenticated = flag("AllowUnauthenticatedIdentities")?
        .ok_or_else(|| fault("expected AllowUnauthenticatedIdentities: true or false"))?;
    let of_pool = |resource: &&Resource| {
        resource.properties.get("IdentityPoolId") == Some(&json!(pool.reference))
    };
    let attachment = of_kind(resources, "AWS::Cognito::IdentityPoolRoleAttachment").find(of_pool);
    let role = |name: &str| {
        let role = attachment?.properties.get("Roles")?.get(name)?.as_str()?;
        Some(role.to_owned())
    };
    let mut role_mappings = BTreeMap::new();
    if let Some(attachment) = attachment {
        let mappings = attachment.properties.get("RoleMappings");
        for (name, mapping) in mappings.and_then(Value::as_object).into_iter().flatten() {
            let by = mapping.get("IdentityProvider").and_then(Value::as_str);
            let by = by.unwrap_or(name).to_owned();
            role_mappings.insert(by, role_mapping(&attachment.logical_id, mapping)?);
        }
    }
    let tags = of_kind(resources, "AWS::Cognito::IdentityPoolPrincipalTag").filter(of_pool);
    Ok(IdentityPoolDefinition {
        logical_id: pool.logical_id.clone(),
        id: pool.reference.clone(),
        developer_provider_name: text(&pool.properties, "DeveloperProviderName"),
        allow_unauthenticated,
        allow_classic_flow: flag("AllowClassicFlow")?.unwrap_or(true),
        cognito_providers: list(&pool.properties, "CognitoIdentityProviders")
            .filter_map(cognito_provider)
            .collect(),
        authenticated_role_arn: role("authenticated"),
        unauthenticated_role_arn: role("unauthenticated"),
        role_mappings,
        principal_tags: tags.filter_map(principal_tags).collect(),
    })
}

fn cognito_provider(provider: &Value) -> Option<CognitoProvider> {
    let check = provider.get("ServerSideTokenCheck").and_then(text_of);
    Some(CognitoProvider {
        name: text(provider, "ProviderName")?,
        client_id: text(provider, "ClientId")?,
        server_side_token_check: check.as_deref() == Some("true"),
    })
}

fn role_mapping(at: &str, mapping: &Value) -> Result<RoleMapping, TemplateError> {
    let fault = |expected: &str| TemplateError::new(at, expected);
    let kind = match text(mapping, "Type").as_deref() {
        Some("Token") => MappingType::Token,
        Some("Rules") => {
            let configuration = mapping.get("RulesConfiguration").unwrap_or(&Value::Null);
            let rules: Option<Vec<Rule>> = list(configuration, "Rules").map(rule).collect();
            MappingType::Rules(rules.ok_or_else(|| {
                fault("expected each rule to have Claim, MatchType, Value and RoleARN")
            })?)
        }
        _ => return Err(fault("expected Type: Token or Rules")),
    };
    Ok(RoleMapping {
        kind,
        ambiguous_denied: text(mapping, "AmbiguousRoleResolution").as_deref() == Some("Deny"),
    })
}

fn rule(rule: &Value) -> Option<Rule> {
    Some(Rule {
        claim: text(rule, "Claim")?,
        test: match text(rule, "MatchType")?.as_str() {
            "Equals" => ClaimMatch::Equals,
            "NotEqual" => ClaimMatch::NotEqual,
            "StartsWith" => ClaimMatch::StartsWith,
            "Contains" => ClaimMatch::Contains,
            _ => return None,
        },
        value: text(rule, "Value")?,
        role_arn: text(rule, "RoleARN")?,
    })
}

/// The defaults are the tags `username` and `client` (developer guide, "Using attributes for access
/// control").
fn principal_tags(resource: &Resource) -> Option<(String, BTreeMap<String, String>)> {
    let provider = text(&resource.properties, "IdentityProviderName")?;
    let own = |(tag, claim): (&str, &str)| (tag.to_owned(), claim.to_owned());
    let defaults = resource.properties.get("UseDefaults").and_then(text_of);
    if defaults.as_deref() == Some("true") {
        let defaults = [("username", "sub"), ("client", "aud")];
        return Some((provider, defaults.map(own).into()));
    }
    let tags = resource.properties.get("PrincipalTags");
    let tags = tags.and_then(Value::as_object).into_iter().flatten();
    let tags = tags.filter_map(|(tag, claim)| Some(own((tag.as_str(), claim.as_str()?))));
    Some((provider, tags.collect()))
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    let items = value.get(name).and_then(Value::as_array);
    items.into_iter().flatten()
}

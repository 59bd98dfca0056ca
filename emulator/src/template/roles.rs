//! The template's roles, each with its trust policy and every policy attached to it.

use serde_json::{Value, json};

use super::{Place, Resource, Resources, TemplateError, intrinsics::text_of, of_kind};

/// A role.
#[derive(Debug, Clone)]
pub struct RoleDefinition {
    /// The role's name.
    pub name: String,
    /// `arn:aws:iam::…:role/<name>`.
    pub arn: String,
    /// `AssumeRolePolicyDocument`: who may become this role.
    pub trust_policy: Value,
    /// Inline and attached policies: what this role may do.
    pub policies: Vec<Value>,
    /// Seconds; IAM's default is 3600.
    pub max_session_duration: u64,
}

/// AWS's own policies are not in the template. Of them the embedded services know one, for logs,
/// which nothing here checks; any other grants nothing, so that a role never has more here than
/// there.
const AWS_MANAGED_PREFIX: &str = "arn:aws:iam::aws:policy/";

pub(super) fn roles(
    resources: &Resources,
    place: &Place,
) -> Result<Vec<RoleDefinition>, TemplateError> {
    let mut roles = Vec::new();
    for resource in of_kind(resources, "AWS::IAM::Role") {
        roles.push(declared(resource, resources, place)?);
    }
    for function in of_kind(resources, "AWS::Serverless::Function") {
        if function.properties.get("Role").is_none() {
            roles.push(generated(function, place)?);
        }
    }
    Ok(roles)
}

fn declared(
    resource: &Resource,
    resources: &Resources,
    place: &Place,
) -> Result<RoleDefinition, TemplateError> {
    let fault = |expected: &str| TemplateError::new(&resource.logical_id, expected);
    let name = &resource.reference;
    let properties = &resource.properties;
    let mut policies = Vec::new();
    for inline in list(properties, "Policies") {
        let document = inline.get("PolicyDocument");
        policies.push(
            document
                .ok_or_else(|| fault("expected Policies[].PolicyDocument"))?
                .clone(),
        );
    }
    let managed = list(properties, "ManagedPolicyArns");
    for arn in managed.iter().filter_map(|arn| arn.as_str()) {
        let attached = of_kind(resources, "AWS::IAM::ManagedPolicy").find(|it| it.reference == arn);
        match attached.and_then(|attached| attached.properties.get("PolicyDocument")) {
            Some(document) => policies.push(document.clone()),
            None if arn.starts_with(AWS_MANAGED_PREFIX) => {}
            None => return Err(fault(&format!("expected {arn} in this template"))),
        }
    }
    let elsewhere = resources
        .values()
        .filter(|other| match other.kind.as_str() {
            "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy" => {
                list(&other.properties, "Roles").contains(&&json!(name))
                    && !managed.contains(&&json!(other.reference))
            }
            "AWS::IAM::RolePolicy" => other.properties.get("RoleName") == Some(&json!(name)),
            _ => false,
        });
    for policy in elsewhere {
        let document = policy.properties.get("PolicyDocument");
        let document = document
            .ok_or_else(|| TemplateError::new(&policy.logical_id, "expected PolicyDocument"))?;
        policies.push(document.clone());
    }
    let trust_policy = properties.get("AssumeRolePolicyDocument");
    let max_session_duration = match properties.get("MaxSessionDuration") {
        None => 3600,
        Some(value) => text_of(value)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| fault("expected MaxSessionDuration in seconds"))?,
    };
    Ok(RoleDefinition {
        name: name.clone(),
        arn: place.attribute(&resource.kind, name, "Arn"),
        trust_policy: trust_policy
            .ok_or_else(|| fault("expected AssumeRolePolicyDocument"))?
            .clone(),
        policies,
        max_session_duration,
    })
}

/// The role that SAM makes for a function that names none: `<Function>Role`.
fn generated(function: &Resource, place: &Place) -> Result<RoleDefinition, TemplateError> {
    let mut policies = Vec::new();
    let declared = match function.properties.get("Policies") {
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    };
    for policy in declared {
        match policy {
            Value::String(_) => {}
            Value::Object(ref document) if document.contains_key("Statement") => {
                policies.push(policy);
            }
            _ => {
                return Err(TemplateError::new(
                    &function.logical_id,
                    "expected Policies to be documents with a Statement (SAM's policy templates are not known here)",
                ));
            }
        }
    }
    let arn = generated_role_arn(function, place);
    Ok(RoleDefinition {
        name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        arn,
        trust_policy: json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }]}),
        policies,
        max_session_duration: 3600,
    })
}

pub(super) fn generated_role_arn(function: &Resource, place: &Place) -> String {
    let logical_id = format!("{}Role", function.logical_id);
    let name = place.default_physical_id("AWS::IAM::Role", &logical_id);
    place.attribute("AWS::IAM::Role", &name, "Arn")
}

fn list<'v>(properties: &'v Value, name: &str) -> Vec<&'v Value> {
    properties
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect()
}

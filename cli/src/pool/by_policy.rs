//! What the policy needs of a pool's attributes and of the vended roles. Pure: `doctor` fetches what is looked at.

use std::collections::BTreeSet;

use serde_json::Value;
use shared::{
    policy::{IdentityVendor, Name, UserMigration},
    user_pool::{Finding, PoolSettings},
    vending::Role,
    wiring::Bindings,
};

/// The condition key of the tag that only the vendor has signed into a token.
const ALIAS_TAG: &str = "aws:RequestTag/vend_role";

/// Which role is behind an alias: what identity-vendor is told by its variables.
pub(super) struct RoleArns {
    /// `ROLE_ARN_PREFIX`: the alias follows.
    pub(super) prefix: Option<String>,
    /// `ROLE_ARNS`: goes before the prefix.
    pub(super) named: Bindings,
}

impl RoleArns {
    fn of(&self, alias: &Name) -> Option<String> {
        let by_name = || Some(format!("{}{alias}", self.prefix.as_ref()?));
        let named = self.named.0.get(alias.as_str()).cloned();
        named.or_else(by_name)
    }
}

/// The attributes that user-migration hands to the pool, against those that the pool has.
pub(super) fn of_attributes(pool: &PoolSettings, policy: &UserMigration) -> Vec<Finding> {
    let Some(schema) = pool.get("SchemaAttributes").and_then(Value::as_array) else {
        return Vec::new();
    };
    let name = |attribute: &Value| Some(attribute.get("Name")?.as_str()?.to_owned());
    let known: BTreeSet<String> = schema.iter().filter_map(name).collect();
    let required = schema
        .iter()
        .filter(|attribute| attribute.get("Required") == Some(&Value::Bool(true)))
        .filter_map(name)
        // Cognito's own, which nobody may set.
        .filter(|name| name != "sub");
    let required: BTreeSet<String> = required.collect();
    let mut found = Vec::new();
    for store in &policy.stores {
        let mapped: BTreeSet<&str> = store.attributes.names().collect();
        let store = &store.name;
        // `username` is no attribute: it names a user who typed an alias.
        for name in mapped.iter().filter(|name| **name != "username") {
            if !known.contains(*name) {
                let what = format!("the store {store} fills {name}, which the pool does not have");
                let remedy = format!("Add {name} to the pool, or take it out of the policy");
                found.push(Finding::fault("attribute-unknown", what, remedy));
            }
        }
        for name in required
            .iter()
            .filter(|name| !mapped.contains(name.as_str()))
        {
            let what = format!(
                "the pool requires {name}, which the store {store} does not fill: Cognito refuses its users"
            );
            let remedy = format!("Say in the policy where {name} comes from");
            found.push(Finding::fault("attribute-required", what, remedy));
        }
    }
    found
}

/// The roles that the policy names, against `listed`: what IAM's ListRoles tells, with decoded trust policies.
pub(super) fn of_roles(listed: &[Value], arns: &RoleArns, policy: &IdentityVendor) -> Vec<Finding> {
    let mut found = Vec::new();
    for (alias, role) in &policy.rules.roles {
        let Some(arn) = arns.of(alias) else {
            let what = format!("nothing tells identity-vendor which role is behind {alias}");
            let remedy = "Deploy the stack anew: it sets ROLE_ARN_PREFIX".to_owned();
            found.push(Finding::fault("role-unbound", what, remedy));
            continue;
        };
        let is_it = |role: &&Value| role.get("Arn").and_then(Value::as_str) == Some(&arn);
        let Some(actual) = listed.iter().find(is_it) else {
            let what = format!("there is no role {arn}, which the policy vends as {alias}");
            let remedy = "Add it to the template, name it in VendedRoleArns, or take the alias out of the policy";
            found.push(Finding::fault("role-missing", what, remedy.to_owned()));
            continue;
        };
        // IAM's default (IAM API reference, Role, MaxSessionDuration).
        let most = actual.get("MaxSessionDuration").and_then(Value::as_u64);
        let (most, wanted) = (most.unwrap_or(3600), u64::from(role.duration_seconds()));
        if wanted > most {
            let what = format!("{alias} is vended for {wanted} s, and its role allows {most} s");
            let remedy = "Raise MaxSessionSeconds, or lower duration_seconds".to_owned();
            found.push(Finding::fault("role-duration", what, remedy));
        }
        let trusts = actual.get("AssumeRolePolicyDocument");
        if !trusts.is_some_and(|trust| trusts_its_alias(trust, alias, role)) {
            let what = match role {
                Role::Direct { .. } => {
                    format!("the role behind {alias} does not trust a role of the account alone")
                }
                Role::Token { .. } | Role::Credentials { .. } => format!(
                    "the role behind {alias} can be assumed without the tag vend_role={alias}"
                ),
            };
            let remedy = "Give it the trust policy that docs/vending.md shows".to_owned();
            found.push(Finding::fault("role-trust", what, remedy));
        }
    }
    found
}

/// Whether each way into the role asks for what only the vendor can have had signed.
fn trusts_its_alias(trust: &Value, alias: &Name, role: &Role) -> bool {
    let statements = match trust.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let allows = |statement: &&&Value| statement.get("Effect").is_some_and(|it| it == "Allow");
    let allowed: Vec<&&Value> = statements.iter().filter(allows).collect();
    !allowed.is_empty()
        && allowed.iter().all(|statement| match role {
            Role::Direct { .. } => {
                let principal = statement.pointer("/Principal/AWS").and_then(Value::as_str);
                principal.is_some_and(|arn| arn.contains(":role/"))
            }
            Role::Token { .. } | Role::Credentials { .. } => {
                let equal = statement.pointer("/Condition/StringEquals");
                let tag = equal.and_then(|equal| equal.get(ALIAS_TAG));
                // One value, or a list of one.
                let alone = tag.and_then(|tag| match tag {
                    Value::Array(values) if values.len() == 1 => values.first()?.as_str(),
                    one => one.as_str(),
                });
                alone == Some(alias.as_str())
            }
        })
}

//! Which role GetCredentialsForIdentity gives: the pool's default, or what a role mapping says of the
//! user pool's token.
//!
//! Source: Federated Identities API reference, RoleMapping; developer guide, "Using role-based access
//! control".

use serde_json::Value;

use super::requests::{invalid, not_authorized};
use crate::{
    iam::JsonError,
    template::{ClaimMatch, IdentityPoolDefinition, MappingType, RoleMapping},
};

/// The role; none where the pool has none for this visitor.
pub(super) fn role<'a>(
    pool: &'a IdentityPoolDefinition,
    guest: bool,
    user: Option<&'a (Value, String)>,
    custom: Option<&'a str>,
) -> Result<Option<&'a str>, JsonError> {
    let default = if guest {
        &pool.unauthenticated_role_arn
    } else {
        &pool.authenticated_role_arn
    };
    let default = default.as_deref();
    let mapping = user.and_then(|(claims, by)| Some((claims, pool.role_mappings.get(by)?)));
    let Some((claims, mapping)) = mapping else {
        return match custom {
            None => Ok(default),
            Some(_) => Err(invalid(
                "CustomRoleArn is for logins whose token lists roles.",
            )),
        };
    };
    match mapped(mapping, claims, custom)? {
        Some(role) => Ok(Some(role)),
        None if mapping.ambiguous_denied => Err(not_authorized(
            "Access to the role is denied by the role mapping.",
        )),
        None => Ok(default),
    }
}

fn mapped<'a>(
    mapping: &'a RoleMapping,
    claims: &'a Value,
    custom: Option<&'a str>,
) -> Result<Option<&'a str>, JsonError> {
    match &mapping.kind {
        MappingType::Token => {
            let Some(custom) = custom else {
                return Ok(claims.get("cognito:preferred_role").and_then(Value::as_str));
            };
            let roles = claims.get("cognito:roles").and_then(Value::as_array);
            if roles.into_iter().flatten().any(|role| role == custom) {
                Ok(Some(custom))
            } else {
                Err(not_authorized("The role is not among those of the token."))
            }
        }
        MappingType::Rules(rules) => {
            if custom.is_some() {
                return Err(invalid(
                    "CustomRoleArn is for logins whose token lists roles.",
                ));
            }
            let rule = rules.iter().find(|rule| {
                let value = claims.get(&rule.claim);
                // A claim that is not there matches nothing.
                value
                    .and_then(Value::as_str)
                    .is_some_and(|value| match rule.test {
                        ClaimMatch::Equals => value == rule.value,
                        ClaimMatch::NotEqual => value != rule.value,
                        ClaimMatch::StartsWith => value.starts_with(&rule.value),
                        ClaimMatch::Contains => value.contains(&rule.value),
                    })
            });
            Ok(rule.map(|rule| rule.role_arn.as_str()))
        }
    }
}

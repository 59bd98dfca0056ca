//! Which roles a user of the user pool gets from Cognito: by the flows that an identity pool allows, and by group.
//!
//! A trust policy cannot see a group. What binds is that Cognito chooses the role, which it does in the enhanced flow
//! only: in the classic flow the holder of the token names any role that trusts the pool.

use std::collections::BTreeMap;

use emulator::{
    iam::{Context, Decision, Trusted, evaluate_trust},
    template::Template,
};
use serde_json::Value;

use crate::isolation::world::{ME, MY_SUB, World};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const ATTACHMENT: &str = "AWS::Cognito::IdentityPoolRoleAttachment";

/// What decides beside the trust policies: the properties of pools, attachments and groups, by logical id.
#[derive(Clone)]
struct Pools(BTreeMap<String, (String, Value)>);

impl Pools {
    fn of(template: &Template) -> Self {
        let resources = template.all();
        Self(
            resources
                .map(|resource| {
                    let of = (resource.kind.clone(), resource.properties.clone());
                    (resource.logical_id.clone(), of)
                })
                .collect(),
        )
    }

    fn kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let all = self.0.iter().filter(move |(_, (of, _))| of == kind);
        all.map(|(id, (_, properties))| (id, properties))
    }

    /// The same, with one property changed.
    fn with(&self, id: &str, pointer: &str, value: Value) -> Self {
        let mut changed = self.clone();
        let (_, properties) = changed.0.get_mut(id).unwrap();
        *properties.pointer_mut(pointer).unwrap() = value;
        changed
    }

    /// Logical ids of the roles that a user who signed in to the user pool, a member of `groups`, can become.
    fn roles_of(&self, world: &World, groups: &[&str]) -> Vec<String> {
        let provider = world.user_pool_provider();
        let mut reached = Vec::new();
        for (pool, properties) in self.kind("AWS::Cognito::IdentityPool") {
            let providers = properties["CognitoIdentityProviders"].as_array();
            let mut providers = providers.into_iter().flatten();
            if !providers.any(|of| of["ProviderName"] == provider.as_str()) {
                continue;
            }
            let chosen = self.chosen(world.id(pool), &provider, groups);
            for (role, documents) in &world.roles {
                let classic = properties["AllowClassicFlow"] != Value::Bool(false);
                let named = classic || chosen == Some(world.role_arn(role));
                if named && trusts(&documents.trust, world.id(pool), &provider) {
                    reached.push(role.clone());
                }
            }
        }
        reached
    }

    /// The role that Cognito chooses in the enhanced flow. Source: Amazon Cognito developer guide, "Using role-based
    /// access control", "Using tokens to assign roles to users".
    fn chosen(&self, pool: &str, provider: &str, groups: &[&str]) -> Option<String> {
        let (_, attachment) = self
            .kind(ATTACHMENT)
            .find(|(_, attachment)| attachment["IdentityPoolId"] == pool)?;
        let default = attachment["Roles"]["authenticated"]
            .as_str()
            .map(str::to_owned);
        let mappings = attachment["RoleMappings"].as_object();
        let mapping = mappings.into_iter().flatten().find(|(_, mapping)| {
            let of = mapping["IdentityProvider"].as_str().unwrap_or_default();
            of.starts_with(&format!("{provider}:")) && mapping["Type"] == "Token"
        });
        let Some((_, mapping)) = mapping else {
            return default;
        };
        let mut roles: Vec<_> = self
            .kind("AWS::Cognito::UserPoolGroup")
            .filter(|(_, group)| groups.iter().any(|name| group["GroupName"] == *name))
            .filter_map(|(_, group)| {
                Some((group["Precedence"].as_u64()?, group["RoleArn"].as_str()?))
            })
            .collect();
        roles.sort_unstable();
        match roles.first() {
            Some((_, role)) => Some((*role).to_owned()),
            None if mapping["AmbiguousRoleResolution"] == "AuthenticatedRole" => default,
            None => None,
        }
    }
}

fn trusts(trust: &Value, pool: &str, provider: &str) -> bool {
    let context: Context = [
        ("cognito-identity.amazonaws.com:aud", vec![pool.to_owned()]),
        ("cognito-identity.amazonaws.com:sub", vec![ME.to_owned()]),
        (
            "cognito-identity.amazonaws.com:amr",
            vec!["authenticated".to_owned(), provider.to_owned()],
        ),
        ("aws:RequestTag/user_sub", vec![MY_SUB.to_owned()]),
        ("aws:TagKeys", vec!["user_sub".to_owned()]),
    ]
    .into_iter()
    .map(|(key, values)| (key.to_owned(), values))
    .collect();
    let action = "sts:AssumeRoleWithWebIdentity";
    evaluate_trust(trust, Trusted::Federated(COGNITO), action, &context) == Decision::Allow
}

/// Who is in which group, and the roles that they must reach, no more and no fewer.
fn wrong(world: &World, pools: &Pools) -> Vec<String> {
    let people: [(&[&str], &[&str]); 3] = [
        (&[], &["DefaultAuthenticatedRole"]),
        (&["strangers"], &["DefaultAuthenticatedRole"]),
        (&["members"], &["PoolMemberRole"]),
    ];
    let mut wrong = Vec::new();
    for (groups, expected) in people {
        let reached = pools.roles_of(world, groups);
        if reached != expected {
            wrong.push(format!("a user of {groups:?} reaches {reached:?}"));
        }
    }
    wrong
}

#[test]
fn a_user_reaches_the_role_of_their_group_and_no_other() {
    let world = World::shipped();
    assert_eq!(wrong(&world, &Pools::of(&world.template)), [""; 0]);
}

#[test]
fn no_setting_that_binds_groups_can_be_loosened_unnoticed() {
    let world = World::shipped();
    let pools = Pools::of(&world.template);
    let member = Value::String(world.role_arn("PoolMemberRole"));
    let mappings = "/RoleMappings/userPool";
    for (id, pointer, value) in [
        ("UserIdentityPool", "/AllowClassicFlow", Value::Bool(true)),
        ("UserIdentityPool", "/AllowClassicFlow", Value::Null),
        (
            "UserIdentityPoolRoleAttachment",
            "/Roles/authenticated",
            member,
        ),
        ("UserIdentityPoolRoleAttachment", mappings, Value::Null),
        ("MembersGroup", "/GroupName", "others".into()),
    ] {
        let loosened = pools.with(id, pointer, value.clone());
        let found = wrong(&world, &loosened);
        assert!(!found.is_empty(), "{id} {pointer} = {value}");
    }
}

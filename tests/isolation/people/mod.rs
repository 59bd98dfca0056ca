//! What people may do with the credentials that they were given.

mod objects;
mod rows;
mod sessions;

use crate::isolation::{
    cell::{Cell, SUBJECT},
    world::{ME, MY_SUB, World},
};

const PEOPLE: [&str; 4] = [
    "MemberRole",
    "PublisherRole",
    "PoolMemberRole",
    "DefaultAuthenticatedRole",
];

pub(crate) fn cells(world: &World) -> Vec<Cell> {
    let mut cells = Vec::new();
    for role in PEOPLE {
        cells.extend(rows::rows(world, role));
        cells.extend(rows::profiles(world, role));
        cells.extend(objects::objects(world, role));
        cells.extend(objects::lists(world, role));
        cells.extend(elsewhere(world, role));
    }
    cells.extend(sessions::without_identity(world));
    cells.extend(sessions::session_policies(world));
    cells.extend(sessions::opened_resources(world));
    cells
}

/// A request of somebody who holds the role's credentials.
fn mine(role: &str, action: &str, resource: &str, what: &str) -> Cell {
    let cell = Cell::new(role, action, resource, what).with(SUBJECT, &[ME]);
    match role {
        "MemberRole" => cell.with("aws:PrincipalTag/vend_role", &["member"]),
        "PublisherRole" => cell.with("aws:PrincipalTag/vend_role", &["publisher"]),
        _ => cell.with("aws:PrincipalTag/user_sub", &[MY_SUB]),
    }
}

fn granted(role: &str, action: &str) -> bool {
    let action = action.split(':').nth(1).unwrap_or_default();
    match role {
        "MemberRole" => {
            ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"].contains(&action)
        }
        "PublisherRole" => ["GetItem", "PutItem"].contains(&action),
        "PoolMemberRole" => action == "GetItem",
        _ => false,
    }
}

/// Ways to more.
fn elsewhere(world: &World, role: &str) -> Vec<Cell> {
    let pool = world.identity_pool_arn(world.id("IdentityPool"));
    let user_pool = world.arn("cognito-idp", &format!("userpool/{}", world.id("UserPool")));
    let vendor = world.arn(
        "lambda",
        &format!("function:{}", world.id("IdentityVendorFunction")),
    );
    let publisher = world.role_arn("PublisherRole");
    let secret = world.id("LogKey").to_owned() + "-a1b2c3";
    let bus = world.arn("events", &format!("event-bus/{}", world.id("OutboxBus")));
    [
        ("cognito-identity:GetOpenIdTokenForDeveloperIdentity", &pool),
        ("cognito-identity:MergeDeveloperIdentities", &pool),
        ("cognito-idp:AdminCreateUser", &user_pool),
        ("lambda:InvokeFunction", &vendor),
        ("sts:AssumeRole", &publisher),
        ("iam:PassRole", &publisher),
        ("secretsmanager:GetSecretValue", &secret),
        ("events:PutEvents", &bus),
    ]
    .map(|(action, resource)| mine(role, action, resource, "a way to more"))
    .into()
}

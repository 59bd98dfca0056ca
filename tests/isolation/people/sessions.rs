//! Sessions that lack what the policies ask for, or bring a policy of their own.

use serde_json::json;
use shared::state::DirectoryKey;

use super::mine;
use crate::isolation::{
    cell::Cell,
    world::{ME, MY_SUB, World, YOU, YOUR_SUB},
};

/// Sessions that lack what the policies' variables ask for.
pub(super) fn without_identity(world: &World) -> Vec<Cell> {
    let data = world.table_arn("DataTable");
    let directory = world.table_arn("DirectoryTable");
    let profile = DirectoryKey::profile(world.id("UserPool"), MY_SUB).pk;
    let object = format!("{}/users/{ME}/note", world.bucket_arn());
    let variable = "${cognito-identity.amazonaws.com:sub}";
    vec![
        Cell::new(
            "MemberRole",
            "dynamodb:GetItem",
            &data,
            "row, without an identity",
        )
        .touching(&[ME]),
        Cell::new(
            "MemberRole",
            "dynamodb:GetItem",
            &data,
            "row named as the variable, without an identity",
        )
        .touching(&[variable]),
        Cell::new(
            "MemberRole",
            "s3:GetObject",
            &object,
            "object, without an identity",
        ),
        Cell::new(
            "PoolMemberRole",
            "dynamodb:GetItem",
            &directory,
            "profile, without the tag user_sub",
        )
        .touching(&[&profile]),
        Cell::new(
            "PoolMemberRole",
            "dynamodb:GetItem",
            &directory,
            "profile, by a foreign tag user_sub",
        )
        .with("aws:PrincipalTag/user_sub", &[YOUR_SUB])
        .touching(&[&profile]),
        Cell::new(
            "PoolMemberRole",
            "dynamodb:GetItem",
            &directory,
            "profile, by the tag of another key",
        )
        .with("aws:PrincipalTag/sub", &[MY_SUB])
        .touching(&[&profile]),
    ]
}

/// Whoever assumes a role may bring a session policy: it can take away, never add.
pub(super) fn session_policies(world: &World) -> Vec<Cell> {
    let data = world.table_arn("DataTable");
    let directory = world.table_arn("DirectoryTable");
    let policy =
        |statement: serde_json::Value| json!({"Version": "2012-10-17", "Statement": [statement]});
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let foreign = policy(
        json!({"Effect": "Allow", "Action": "dynamodb:*", "Resource": data,
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [YOU]}}}),
    );
    let reading = policy(json!({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}));
    let denying = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "dynamodb:PutItem", "Resource": "*"},
    ]});
    let mut cells = Vec::new();
    for (role, own) in [("MemberRole", ME), ("PublisherRole", "PUBLISHED")] {
        let ask = |action: &str, table: &str, what: &str, keys: &[&str]| {
            mine(role, action, table, what).touching(keys)
        };
        let (get, put) = ("dynamodb:GetItem", "dynamodb:PutItem");
        cells.extend([
            ask(
                get,
                &data,
                "reached row, session policy of everything",
                &[own],
            )
            .within(&everything)
            .allowed(),
            ask(
                get,
                &data,
                "foreign row, session policy of everything",
                &[YOU],
            )
            .within(&everything),
            ask(
                put,
                &data,
                "mixed rows, session policy of everything",
                &[own, YOU],
            )
            .within(&everything),
            ask(get, &data, "no key, session policy of everything", &[]).within(&everything),
            ask("dynamodb:Scan", &data, "session policy of everything", &[]).within(&everything),
            ask(
                get,
                &directory,
                "directory, session policy of everything",
                &[own],
            )
            .within(&everything),
            ask(
                get,
                &data,
                "foreign row, session policy of foreign rows",
                &[YOU],
            )
            .within(&foreign),
            ask(
                get,
                &data,
                "reached row, session policy of foreign rows",
                &[own],
            )
            .within(&foreign),
            ask(get, &data, "reached row, session policy of reading", &[own])
                .within(&reading)
                .allowed(),
            ask(put, &data, "reached row, session policy of reading", &[own]).within(&reading),
            ask(
                get,
                &data,
                "reached row, session policy that denies writing",
                &[own],
            )
            .within(&denying)
            .allowed(),
            ask(
                put,
                &data,
                "reached row, session policy that denies writing",
                &[own],
            )
            .within(&denying),
        ]);
    }
    let nothing = mine(
        "DefaultAuthenticatedRole",
        "dynamodb:GetItem",
        &data,
        "own row, session policy of everything",
    );
    cells.push(nothing.touching(&[ME]).within(&everything));
    cells
}

/// A resource whose own policy opens it to `Principal: "*"` opens it to every role but the one that is denied everything.
pub(super) fn opened_resources(world: &World) -> Vec<Cell> {
    let object = format!("{}/public/note", world.bucket_arn());
    let roles = ["MemberRole", "PoolMemberRole", "DefaultAuthenticatedRole"];
    let cells = roles.map(|role| {
        let cell = mine(role, "s3:GetObject", &object, "an object open to everybody");
        let denied = role == "DefaultAuthenticatedRole";
        cell.opened_to_all().allowed_if(!denied)
    });
    cells.into()
}

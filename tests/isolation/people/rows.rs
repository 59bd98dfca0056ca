//! Rows of the demonstration's table, and items of Poolkeeper's own.

use shared::state::DirectoryKey;

use super::{granted, mine};
use crate::isolation::{
    cell::Cell,
    world::{ME, MY_SUB, World, YOU, YOUR_SUB},
};

/// Actions on one item, and on many: none but those granted may pass.
const ITEM_ACTIONS: [&str; 10] = [
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:PartiQLUpdate",
];
/// Actions that touch no key.
const TABLE_ACTIONS: [&str; 4] = [
    "dynamodb:Scan",
    "dynamodb:DescribeTable",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTimeToLive",
];

/// Rows of the demonstration's table.
pub(super) fn rows(world: &World, role: &str) -> Vec<Cell> {
    let table = world.table_arn("DataTable");
    let longer = format!("{ME}0");
    let shorter = &ME[..ME.len() - 1];
    let upper = ME.to_uppercase();
    let rows: [(&str, Vec<&str>); 13] = [
        ("own row", vec![ME]),
        ("foreign row", vec![YOU]),
        ("own and foreign rows", vec![ME, YOU]),
        ("foreign and own rows", vec![YOU, ME]),
        ("published row", vec!["PUBLISHED"]),
        ("own and published rows", vec![ME, "PUBLISHED"]),
        ("row of a longer key", vec![&longer]),
        ("row of a shorter key", vec![shorter]),
        ("row of the key in capitals", vec![&upper]),
        ("published row in small letters", vec!["published"]),
        ("row named *", vec!["*"]),
        ("row of the empty key", vec![""]),
        ("no key", vec![]),
    ];
    let mut cells = Vec::new();
    for action in ITEM_ACTIONS {
        for (what, keys) in &rows {
            let reached = match role {
                "MemberRole" => *what == "own row",
                "PublisherRole" => *what == "published row",
                _ => false,
            };
            let cell = mine(role, action, &table, what).touching(keys);
            cells.push(cell.allowed_if(reached && granted(role, action)));
        }
    }
    for action in TABLE_ACTIONS {
        cells.push(mine(role, action, &table, "the data table"));
    }
    let index = format!("{table}/index/by-item");
    let key = if role == "PublisherRole" {
        "PUBLISHED"
    } else {
        ME
    };
    cells.push(mine(role, "dynamodb:Query", &index, "own row by an index").touching(&[key]));
    cells.push(mine(role, "dynamodb:Scan", &index, "an index"));
    for (what, table) in [
        ("own row of a like-named table", format!("{table}2")),
        (
            "own row in another region",
            table.replace("us-east-1", "eu-west-1"),
        ),
        (
            "own row in another account",
            table.replace(world.account(), "999999999999"),
        ),
    ] {
        for action in ["dynamodb:GetItem", "dynamodb:PutItem"] {
            cells.push(mine(role, action, &table, what).touching(&[key]));
        }
    }
    cells
}

/// Items of Poolkeeper's own tables.
pub(super) fn profiles(world: &World, role: &str) -> Vec<Cell> {
    let pool = world.id("UserPool");
    let own = DirectoryKey::profile(pool, MY_SUB).pk;
    let foreign = DirectoryKey::profile(pool, YOUR_SUB).pk;
    let elsewhere = DirectoryKey::profile("us-east-1_Elsewhere", MY_SUB).pk;
    let identity = DirectoryKey::identity("pool", "app", "somebody").pk;
    let items: [(&str, &str, Vec<&str>); 11] = [
        ("DirectoryTable", "own profile", vec![&own]),
        ("DirectoryTable", "foreign profile", vec![&foreign]),
        (
            "DirectoryTable",
            "own and foreign profiles",
            vec![&own, &foreign],
        ),
        (
            "DirectoryTable",
            "profile in another pool",
            vec![&elsewhere],
        ),
        ("DirectoryTable", "identity record", vec![&identity]),
        ("DirectoryTable", "directory, no key", vec![]),
        ("DirectoryTable", "directory, key of own identity", vec![ME]),
        ("EphemeralTable", "ephemeral, key of own identity", vec![ME]),
        ("EphemeralTable", "ephemeral, own profile's key", vec![&own]),
        (
            "LegacyUsersTable",
            "legacy user",
            vec!["somebody@example.com"],
        ),
        ("LegacyUsersTable", "legacy, key of own identity", vec![ME]),
    ];
    let mut cells = Vec::new();
    for action in ITEM_ACTIONS {
        for (table, what, keys) in &items {
            let reached = role == "PoolMemberRole" && *what == "own profile";
            let cell = mine(role, action, &world.table_arn(table), what).touching(keys);
            cells.push(cell.allowed_if(reached && granted(role, action)));
        }
    }
    for table in ["DirectoryTable", "EphemeralTable", "LegacyUsersTable"] {
        for action in TABLE_ACTIONS {
            cells.push(mine(role, action, &world.table_arn(table), table));
        }
    }
    let index = format!("{}/index/by-email", world.table_arn("DirectoryTable"));
    cells.push(mine(role, "dynamodb:Query", &index, "own profile by an index").touching(&[&own]));
    cells
}

//! What people may do with the credentials that they were given.

use serde_json::json;
use shared::state::DirectoryKey;

use crate::{
    cell::{Cell, SUBJECT},
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
const OBJECT_ACTIONS: [&str; 6] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:GetObjectVersion",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
];

const PEOPLE: [&str; 4] = [
    "MemberRole",
    "PublisherRole",
    "PoolMemberRole",
    "DefaultAuthenticatedRole",
];

pub(crate) fn cells(world: &World) -> Vec<Cell> {
    let mut cells = Vec::new();
    for role in PEOPLE {
        cells.extend(rows(world, role));
        cells.extend(profiles(world, role));
        cells.extend(objects(world, role));
        cells.extend(lists(world, role));
        cells.extend(elsewhere(world, role));
    }
    cells.extend(without_identity(world));
    cells.extend(session_policies(world));
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

/// Rows of the demonstration's table.
fn rows(world: &World, role: &str) -> Vec<Cell> {
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
fn profiles(world: &World, role: &str) -> Vec<Cell> {
    let pool = world.id("UserPool");
    let own = DirectoryKey::profile(pool, MY_SUB).pk;
    let foreign = DirectoryKey::profile(pool, YOUR_SUB).pk;
    let elsewhere = DirectoryKey::profile("us-east-1_Elsewhere", MY_SUB).pk;
    let identity = DirectoryKey::identity("app", "somebody").pk;
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

fn objects(world: &World, role: &str) -> Vec<Cell> {
    let bucket = world.bucket_arn();
    let objects = [
        ("own object", format!("{bucket}/users/{ME}/note")),
        (
            "own object further down",
            format!("{bucket}/users/{ME}/a/b/c"),
        ),
        ("foreign object", format!("{bucket}/users/{YOU}/note")),
        (
            "object under a longer name",
            format!("{bucket}/users/{ME}0/note"),
        ),
        ("object beside the users", format!("{bucket}/{ME}/note")),
        ("object at the top", format!("{bucket}/note")),
        (
            "own object in a foreign folder",
            format!("{bucket}/users/{YOU}/users/{ME}/note"),
        ),
        (
            "own object of a like-named bucket",
            format!("{bucket}2/users/{ME}/note"),
        ),
    ];
    let mut cells = Vec::new();
    for action in OBJECT_ACTIONS {
        for (what, object) in &objects {
            let reached = ["own object", "own object further down"].contains(what);
            let plain = OBJECT_ACTIONS[..3].contains(&action);
            let cell = mine(role, action, object, what);
            cells.push(cell.allowed_if(role == "MemberRole" && reached && plain));
        }
    }
    cells
}

fn lists(world: &World, role: &str) -> Vec<Cell> {
    let bucket = world.bucket_arn();
    let prefixes = [
        ("own prefix", Some(format!("users/{ME}/"))),
        ("below the own prefix", Some(format!("users/{ME}/a/"))),
        ("foreign prefix", Some(format!("users/{YOU}/"))),
        ("prefix of a longer name", Some(format!("users/{ME}0/"))),
        ("own prefix without its slash", Some(format!("users/{ME}"))),
        ("prefix of all users", Some("users/".to_owned())),
        ("empty prefix", Some(String::new())),
        ("all, no prefix", None),
    ];
    let mut cells = Vec::new();
    for action in ["s3:ListBucket", "s3:ListBucketVersions"] {
        for (what, prefix) in &prefixes {
            let reached = ["own prefix", "below the own prefix"].contains(what);
            let mut cell = mine(role, action, &bucket, what);
            if let Some(prefix) = prefix {
                cell = cell.with("s3:prefix", &[prefix]);
            }
            let member = role == "MemberRole" && action == "s3:ListBucket";
            cells.push(cell.allowed_if(member && reached));
        }
    }
    let other = format!("{bucket}2");
    let own_prefix = format!("users/{ME}/");
    let other = mine(
        role,
        "s3:ListBucket",
        &other,
        "own prefix of a like-named bucket",
    );
    cells.push(other.with("s3:prefix", &[&own_prefix]));
    for action in [
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:DeleteBucket",
    ] {
        cells.push(mine(role, action, &bucket, "the bucket"));
    }
    cells
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

/// Sessions that lack what the policies' variables ask for.
fn without_identity(world: &World) -> Vec<Cell> {
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
fn session_policies(world: &World) -> Vec<Cell> {
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

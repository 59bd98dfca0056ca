//! What the functions, and the outbox pipe, may do: each role against each table, key prefix and action.

mod legacy;
mod logs;
mod outbox;
mod services;
mod sign_up;

use shared::state::{DirectoryKey, EphemeralKey};

use crate::isolation::{
    cell::Cell,
    world::{ME, World},
};

const ROLES: [&str; 7] = [
    "PreSignUpRole",
    "PostConfirmationRole",
    "UserMigrationRole",
    "IdentityVendorRole",
    "ReconcileRole",
    "PoolWatchRole",
    "OutboxPipeRole",
];
const ITEM_ACTIONS: [&str; 9] = [
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:Query",
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:PartiQLSelect",
];

/// A kind of item, by which grants are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Profile,
    EmailClaim,
    ProfileAndClaim,
    Identity,
    Revocation,
    Guest,
    UsedToken,
    ConfirmationMark,
    LegacyUser,
    MovedIn,
    MigrationLimit,
    Invitation,
    InvitationMark,
    Cursor,
    SignUpLimit,
    CaptchaMark,
    Watch,
    VendorLimit,
    Block,
    Other,
}

pub(crate) fn cells(world: &World) -> Vec<Cell> {
    let mut cells = Vec::new();
    for role in ROLES {
        cells.extend(items(world, role));
        cells.extend(sign_up::cells(world, role));
        cells.extend(legacy::cells(world, role));
        cells.extend(logs::cells(world, role));
        cells.extend(services::cells(world, role));
    }
    cells.extend(outbox::cells(world));
    cells
}

/// What each function writes and reads.
fn granted(role: &str, item: Item, action: &str) -> bool {
    let action = action.trim_start_matches("dynamodb:");
    match (role, item) {
        (
            "PostConfirmationRole",
            Item::Profile | Item::EmailClaim | Item::ProfileAndClaim | Item::Invitation,
        ) => ["GetItem", "PutItem", "UpdateItem"].contains(&action),
        ("PostConfirmationRole" | "ReconcileRole", Item::InvitationMark) => {
            ["DeleteItem", "GetItem"].contains(&action)
        }
        ("PreSignUpRole", Item::Invitation) => ["GetItem", "UpdateItem"].contains(&action),
        ("PreSignUpRole", Item::EmailClaim | Item::Cursor) => action == "GetItem",
        ("PreSignUpRole", Item::CaptchaMark) => ["GetItem", "PutItem"].contains(&action),
        ("PreSignUpRole", Item::SignUpLimit) => action == "UpdateItem",
        ("PreSignUpRole", Item::Block) => action == "BatchGetItem",
        ("PreSignUpRole", Item::InvitationMark) => action == "PutItem",
        ("PreSignUpRole", Item::LegacyUser | Item::MovedIn) => action == "GetItem",
        ("PostConfirmationRole", Item::ConfirmationMark) => action == "PutItem",
        ("PoolWatchRole", Item::Watch) => ["GetItem", "PutItem"].contains(&action),
        ("UserMigrationRole", Item::LegacyUser) => action == "GetItem",
        ("UserMigrationRole", Item::MovedIn | Item::MigrationLimit) => action == "UpdateItem",
        ("IdentityVendorRole", Item::VendorLimit) => {
            ["BatchGetItem", "UpdateItem"].contains(&action)
        }
        ("IdentityVendorRole", Item::Identity) => {
            ["BatchGetItem", "PutItem", "UpdateItem"].contains(&action)
        }
        ("IdentityVendorRole", Item::Revocation) => action == "BatchGetItem",
        ("IdentityVendorRole", Item::Guest) => ["PutItem", "UpdateItem"].contains(&action),
        ("IdentityVendorRole", Item::UsedToken) => ["GetItem", "PutItem"].contains(&action),
        (
            "ReconcileRole",
            Item::Profile
            | Item::EmailClaim
            | Item::ProfileAndClaim
            | Item::Invitation
            | Item::MovedIn
            | Item::Cursor,
        ) => {
            let granted = [
                "BatchGetItem",
                "DeleteItem",
                "GetItem",
                "PutItem",
                "UpdateItem",
            ];
            granted.contains(&action)
        }
        _ => false,
    }
}

fn items(world: &World, role: &str) -> Vec<Cell> {
    let pool = world.id("UserPool");
    let profile = DirectoryKey::profile(pool, "somebody").pk;
    let event = DirectoryKey::event(pool, "somebody", "event").pk;
    let identity = DirectoryKey::identity("pool", "app", "somebody").pk;
    let mark = |function| EphemeralKey::recent(function, "kind", &["somebody"]).0;
    let (own_mark, foreign_mark) = (mark("post-confirmation"), mark("post-confirmations"));
    let moved = DirectoryKey::moved(pool, "old-users", "somebody").pk;
    let limit = EphemeralKey::limit("user-migration", "name", &["somebody"]).0;
    let revoked = DirectoryKey::revoked("role", "member").pk;
    let guest = DirectoryKey::guest("pool", "identity").pk;
    let used = EphemeralKey::used_token("app", "jti").0;
    let sign_up_limit = EphemeralKey::limit("pre-sign-up", "legacy", &["somebody"]).0;
    let cursor = DirectoryKey::reconcile(pool).pk;
    let watch = DirectoryKey::watch(pool).pk;
    let vendor_limit = EphemeralKey::limit("identity-vendor", "principal", &["somebody"]).0;
    let items: Vec<(&str, Item, &str, Vec<&str>)> = vec![
        ("DirectoryTable", Item::Watch, "watch's mark", vec![&watch]),
        (
            "EphemeralTable",
            Item::Other,
            "watch's, misplaced",
            vec![&watch],
        ),
        ("DirectoryTable", Item::Cursor, "cursor", vec![&cursor]),
        (
            "DirectoryTable",
            Item::Other,
            "key like a cursor's",
            vec!["RECONCILED#pool"],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "key like a moved-in record's",
            vec!["MOVEDIN#pool"],
        ),
        ("DirectoryTable", Item::MovedIn, "moved in", vec![&moved]),
        (
            "EphemeralTable",
            Item::MigrationLimit,
            "migration's limit",
            vec![&limit],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "moved in's key in ephemeral",
            vec![&moved],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "limit's key in directory",
            vec![&limit],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "sign-up's limit in directory",
            vec![&sign_up_limit],
        ),
        ("DirectoryTable", Item::Profile, "profile", vec![&profile]),
        (
            "DirectoryTable",
            Item::Profile,
            "outbox event",
            vec![&event],
        ),
        (
            "DirectoryTable",
            Item::Identity,
            "identity record",
            vec![&identity],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "profile and identity record",
            vec![&profile, &identity],
        ),
        (
            "DirectoryTable",
            Item::EmailClaim,
            "e-mail claim",
            vec!["EMAIL#pool#0"],
        ),
        (
            "DirectoryTable",
            Item::ProfileAndClaim,
            "profile and e-mail claim",
            vec![&profile, "EMAIL#pool#0"],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "key like an e-mail claim's",
            vec!["EMAILS#pool#0"],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "cursor's key in ephemeral",
            vec![&cursor],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "e-mail claim's key in ephemeral",
            vec!["EMAIL#pool#0"],
        ),
        (
            "DirectoryTable",
            Item::Revocation,
            "revocation",
            vec![&revoked],
        ),
        (
            "DirectoryTable",
            Item::Revocation,
            "identity record and revocation",
            vec![&identity, &revoked],
        ),
        ("DirectoryTable", Item::Guest, "guest", vec![&guest]),
        (
            "EphemeralTable",
            Item::UsedToken,
            "mark of a used token",
            vec![&used],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "used token's key in directory",
            vec![&used],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "key like a profile's",
            vec!["USERS#pool#0"],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "key like an identity's",
            vec!["x#IDENTITY#app#0"],
        ),
        ("DirectoryTable", Item::Other, "directory, no key", vec![]),
        (
            "EphemeralTable",
            Item::ConfirmationMark,
            "confirmation mark",
            vec![&own_mark],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "another function's mark",
            vec![&foreign_mark],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "both marks",
            vec![&own_mark, &foreign_mark],
        ),
        (
            "EphemeralTable",
            Item::VendorLimit,
            "the vendor's limit",
            vec![&vendor_limit],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "key like a limit of the vendor's",
            vec!["LIMIT#identity-vendors#0"],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "limits of two functions",
            vec![&limit, &vendor_limit],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "the vendor's limit in directory",
            vec![&vendor_limit],
        ),
        ("EphemeralTable", Item::Other, "session", vec!["SESSION#0"]),
        ("EphemeralTable", Item::Other, "ephemeral, no key", vec![]),
        (
            "LegacyUsersTable",
            Item::LegacyUser,
            "legacy user",
            vec!["somebody@example.com"],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "profile's key in ephemeral",
            vec![&profile],
        ),
        (
            "EphemeralTable",
            Item::Other,
            "identity's key in ephemeral",
            vec![&identity],
        ),
        (
            "DirectoryTable",
            Item::Other,
            "mark's key in directory",
            vec![&own_mark],
        ),
        (
            "DataTable",
            Item::Other,
            "profile's key in data",
            vec![&profile],
        ),
        (
            "DataTable",
            Item::Other,
            "identity's key in data",
            vec![&identity],
        ),
        (
            "DataTable",
            Item::Other,
            "mark's key in data",
            vec![&own_mark],
        ),
        ("DataTable", Item::Other, "somebody's row", vec![ME]),
        ("DataTable", Item::Other, "published row", vec!["PUBLISHED"]),
    ];
    let mut cells = Vec::new();
    for action in ITEM_ACTIONS {
        for (table, item, what, keys) in &items {
            let cell = Cell::new(role, action, &world.table_arn(table), what).touching(keys);
            cells.push(cell.allowed_if(granted(role, *item, action)));
        }
    }
    for table in [
        "DirectoryTable",
        "EphemeralTable",
        "LegacyUsersTable",
        "DataTable",
    ] {
        let arn = world.table_arn(table);
        for action in [
            "dynamodb:Scan",
            "dynamodb:DescribeTable",
            "dynamodb:DeleteTable",
        ] {
            let scans =
                (role, table, action) == ("ReconcileRole", "DirectoryTable", "dynamodb:Scan");
            cells.push(Cell::new(role, action, &arn, table).allowed_if(scans));
        }
        let index = format!("{arn}/index/any");
        let what = format!("an index of {table}");
        cells.push(Cell::new(role, "dynamodb:Scan", &index, &what));
        let query = Cell::new(role, "dynamodb:Query", &index, &what).touching(&[&profile]);
        let reads = ["PreSignUpRole", "UserMigrationRole"].contains(&role);
        let own = reads && table == "LegacyUsersTable";
        cells.push(query.allowed_if(own));
    }
    cells
}

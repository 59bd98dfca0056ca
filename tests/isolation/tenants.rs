//! Sessions of flow "direct": what belongs to whom is told by the tag `tenant`, and only the vendor sets it.

use super::trust::wish;
use crate::isolation::{
    cell::{Cell, Wisher},
    world::World,
};

const ROLE: &str = "TenantRole";
const VENDOR: &str = "arn:aws:iam::123456789012:role/poolkeeper-IdentityVendorRole";
const OTHERS: [&str; 3] = [
    "arn:aws:iam::123456789012:role/poolkeeper-UserMigrationRole",
    "arn:aws:iam::123456789012:role/poolkeeper-IdentityVendorRole2",
    "arn:aws:iam::210987654321:role/poolkeeper-IdentityVendorRole",
];

pub(crate) fn cells(world: &World) -> Vec<Cell> {
    assert_eq!(world.role_arn("IdentityVendorRole"), VENDOR);
    [rows(world), objects(world), lists(world), trust(world)].concat()
}

/// A request of somebody of the tenant `acme`.
fn of_acme(action: &str, resource: &str, what: &str) -> Cell {
    let cell = Cell::new(ROLE, action, resource, what);
    cell.with("aws:PrincipalTag/tenant", &["acme"])
        .with("aws:PrincipalTag/vend_role", &["tenant"])
}

fn rows(world: &World) -> Vec<Cell> {
    let data = world.table_arn("DataTable");
    let keys: [(&str, Vec<&str>); 9] = [
        ("own tenant's row", vec!["TENANT#acme"]),
        ("another tenant's row", vec!["TENANT#other"]),
        ("row of a longer name", vec!["TENANT#acme2"]),
        ("row of a shorter name", vec!["TENANT#"]),
        (
            "row of the variable",
            vec!["TENANT#${aws:PrincipalTag/tenant}"],
        ),
        ("row of every tenant", vec!["TENANT#*"]),
        ("row named as the tenant", vec!["acme"]),
        ("own and another's row", vec!["TENANT#acme", "TENANT#other"]),
        ("no key", vec![]),
    ];
    let plain = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"];
    let others = [
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "PartiQLSelect",
    ];
    let mut cells = Vec::new();
    for action in plain.iter().chain(&others) {
        let name = format!("dynamodb:{action}");
        for (what, keys) in &keys {
            let reached = plain.contains(action) && *what == "own tenant's row";
            let cell = of_acme(&name, &data, what).touching(keys);
            cells.push(cell.allowed_if(reached));
        }
        for table in ["DirectoryTable", "EphemeralTable", "LegacyUsersTable"] {
            let what = format!("own tenant's key in {table}");
            let cell = of_acme(&name, &world.table_arn(table), &what);
            cells.push(cell.touching(&["TENANT#acme"]));
        }
        let untagged = Cell::new(ROLE, &name, &data, "row, without a tenant");
        cells.push(untagged.touching(&["TENANT#acme"]));
    }
    cells.push(of_acme("dynamodb:Scan", &data, "the table"));
    cells.push(of_acme(
        "sts:AssumeRole",
        &world.role_arn("PublisherRole"),
        "a way to more",
    ));
    cells
}

fn objects(world: &World) -> Vec<Cell> {
    let bucket = world.bucket_arn();
    let objects = [
        ("own tenant's object", format!("{bucket}/tenants/acme/note")),
        (
            "own tenant's object further down",
            format!("{bucket}/tenants/acme/a/b"),
        ),
        (
            "another tenant's object",
            format!("{bucket}/tenants/other/note"),
        ),
        (
            "object of a longer name",
            format!("{bucket}/tenants/acme2/note"),
        ),
        ("object beside the tenants", format!("{bucket}/acme/note")),
        (
            "object of another bucket",
            format!("{bucket}2/tenants/acme/note"),
        ),
    ];
    let mut cells = Vec::new();
    for action in [
        "s3:GetObject",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:PutObjectAcl",
    ] {
        for (what, object) in &objects {
            let reached = what.starts_with("own") && action != "s3:PutObjectAcl";
            cells.push(of_acme(action, object, what).allowed_if(reached));
        }
        let untagged = Cell::new(ROLE, action, &objects[0].1, "object, without a tenant");
        cells.push(untagged);
    }
    cells
}

fn lists(world: &World) -> Vec<Cell> {
    let bucket = world.bucket_arn();
    let mut cells = Vec::new();
    for action in ["s3:ListBucket", "s3:ListBucketVersions"] {
        for (what, prefix) in [
            ("own tenant's prefix", Some("tenants/acme/")),
            ("another tenant's prefix", Some("tenants/other/")),
            ("prefix of a longer name", Some("tenants/acme2/")),
            ("prefix of all tenants", Some("tenants/")),
            ("prefix of all users", Some("users/")),
            ("users' prefix", Some("users/somebody/")),
            ("all, no prefix", None),
        ] {
            let own = what == "own tenant's prefix" && action == "s3:ListBucket";
            let mut cell = of_acme(action, &bucket, what);
            if let Some(prefix) = prefix {
                cell = cell.with("s3:prefix", &[prefix]);
            }
            cells.push(cell.allowed_if(own));
        }
    }
    let other = of_acme(
        "s3:ListBucket",
        &format!("{bucket}2"),
        "a like-named bucket",
    );
    cells.push(other.with("s3:prefix", &["tenants/acme/"]));
    cells
}

/// Who may begin such a session, and by what.
fn trust(world: &World) -> Vec<Cell> {
    let mut cells = Vec::new();
    let wishers = [(VENDOR, "the vendor")]
        .into_iter()
        .chain(OTHERS.map(|arn| (arn, arn)));
    for (arn, who) in wishers {
        for action in ["sts:AssumeRole", "sts:TagSession"] {
            for alias in ["tenant", "member", "tenants", "*"] {
                let what = format!("{who}, as {alias}");
                let cell = wish(world, ROLE, action, Wisher::Aws(arn), &what);
                let cell = cell.with("aws:RequestTag/vend_role", &[alias]);
                cells.push(cell.allowed_if(arn == VENDOR && alias == "tenant"));
            }
            let what = format!("{who}, without vend_role");
            cells.push(wish(world, ROLE, action, Wisher::Aws(arn), &what));
        }
        let cell = wish(world, ROLE, "sts:SetSourceIdentity", Wisher::Aws(arn), who);
        cells.push(cell.allowed_if(arn == VENDOR));
        let cell = wish(world, ROLE, "sts:AssumeRoleWithSAML", Wisher::Aws(arn), who);
        cells.push(cell.with("aws:RequestTag/vend_role", &["tenant"]));
    }
    cells
}

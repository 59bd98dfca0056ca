//! Objects of the demonstration's bucket, and lists of them.

use super::mine;
use crate::isolation::{
    cell::Cell,
    world::{ME, World, YOU},
};

const OBJECT_ACTIONS: [&str; 6] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:GetObjectVersion",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
];

pub(super) fn objects(world: &World, role: &str) -> Vec<Cell> {
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

pub(super) fn lists(world: &World, role: &str) -> Vec<Cell> {
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

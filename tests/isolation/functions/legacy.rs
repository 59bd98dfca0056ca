//! What may be written of a legacy user: when the password was verified, and nothing else.

use crate::isolation::{cell::Cell, world::World};

pub(super) fn cells(world: &World, role: &str) -> Vec<Cell> {
    let (own, other) = ("LegacyUsersTable", "DataTable");
    let (update, put) = ("dynamodb:UpdateItem", "dynamodb:PutItem");
    let marked: &[&str] = &["username", "verified_at"];
    let wishes = [
        (update, own, marked, "NONE", true),
        // It would bring the hash along.
        (update, own, marked, "ALL_OLD", false),
        (update, own, &["username", "password_hash"], "NONE", false),
        (
            update,
            own,
            &["enabled", "username", "verified_at"],
            "NONE",
            false,
        ),
        // It would leave nothing of the row but the mark.
        (put, own, marked, "NONE", false),
        (update, other, marked, "NONE", false),
    ];
    let cells = wishes.map(|(action, table, attributes, returned, granted)| {
        let names = attributes.join(", ");
        let what = format!("{names} of a user in {table}, back {returned}");
        Cell::new(role, action, &world.table_arn(table), &what)
            .touching(&["somebody@example.com"])
            .with("dynamodb:Attributes", attributes)
            .with("dynamodb:ReturnValues", &[returned])
            .allowed_if(granted && role == "UserMigrationRole")
    });
    cells.into()
}

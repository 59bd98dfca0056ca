//! A function writes its own log group, and reads none.

use crate::isolation::{cell::Cell, world::World};

pub(super) fn cells(world: &World, role: &str) -> Vec<Cell> {
    let groups = [
        "PreSignUpLogGroup",
        "PostConfirmationLogGroup",
        "UserMigrationLogGroup",
        "IdentityVendorLogGroup",
        "ReconcileLogGroup",
        "PoolWatchLogGroup",
    ];
    let own = role.replace("Role", "LogGroup");
    let mut cells = Vec::new();
    for group in groups {
        let stream = world.log_stream_arn(group);
        for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
            cells.push(Cell::new(role, action, &stream, group).allowed_if(group == own));
        }
        for action in ["logs:GetLogEvents", "logs:DeleteLogStream"] {
            cells.push(Cell::new(role, action, &stream, group));
        }
    }
    cells
}

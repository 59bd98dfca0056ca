//! The pipe reads one stream, and writes to one bus and one queue. Of the functions, post-confirmation writes to
//! the queue of deferred users, and reconcile reads it, as Lambda does by its role the queue of tier changes.

use super::ROLES;
use crate::isolation::{cell::Cell, world::World};

pub(super) fn cells(world: &World) -> Vec<Cell> {
    let stream = |table: &str| format!("{}/stream/2026-01-01T00:00:00.000", world.table_arn(table));
    let (own, foreign) = (stream("DirectoryTable"), stream("DataTable"));
    let bus = world.arn("events", &format!("event-bus/{}", world.id("OutboxBus")));
    let default_bus = world.arn("events", "event-bus/default");
    let queue = world.arn(
        "sqs",
        &format!(
            "{}-OutboxDeadLetterQueue",
            world.template.place().stack_name
        ),
    );
    let other_queue = format!("{queue}2");
    let deferred = queue.replace("OutboxDeadLetterQueue", "DeferredQueue");
    let tiers = queue.replace("OutboxDeadLetterQueue", "TierQueue");
    let mut cells = Vec::new();
    for role in ROLES {
        let pipe = role == "OutboxPipeRole";
        for action in ["DescribeStream", "GetRecords", "GetShardIterator"] {
            let action = format!("dynamodb:{action}");
            cells.push(Cell::new(role, &action, &own, "directory's stream").allowed_if(pipe));
            cells.push(Cell::new(role, &action, &foreign, "data table's stream"));
        }
        cells.extend([
            Cell::new(
                role,
                "dynamodb:PutResourcePolicy",
                &own,
                "directory's stream",
            ),
            Cell::new(role, "events:PutEvents", &bus, "outbox").allowed_if(pipe),
            Cell::new(role, "events:PutEvents", &default_bus, "default bus"),
            Cell::new(role, "events:DeleteEventBus", &bus, "outbox"),
            Cell::new(role, "sqs:SendMessage", &queue, "dead letters").allowed_if(pipe),
            Cell::new(role, "sqs:SendMessage", &other_queue, "another queue"),
            Cell::new(role, "sqs:ReceiveMessage", &queue, "dead letters"),
            Cell::new(role, "sqs:SendMessage", &tiers, "tier changes"),
            Cell::new(role, "sqs:ReceiveMessage", &tiers, "tier changes")
                .allowed_if(role == "ReconcileRole"),
            Cell::new(role, "sqs:DeleteMessage", &tiers, "tier changes")
                .allowed_if(role == "ReconcileRole"),
            Cell::new(role, "sqs:GetQueueAttributes", &tiers, "tier changes")
                .allowed_if(role == "ReconcileRole"),
            Cell::new(role, "sqs:GetQueueAttributes", &queue, "dead letters"),
            Cell::new(role, "sqs:SendMessage", &deferred, "deferred")
                .allowed_if(role == "PostConfirmationRole"),
            Cell::new(role, "sqs:ReceiveMessage", &deferred, "deferred")
                .allowed_if(role == "ReconcileRole"),
            Cell::new(role, "sqs:DeleteMessage", &deferred, "deferred")
                .allowed_if(role == "ReconcileRole"),
            Cell::new(role, "sqs:PurgeQueue", &deferred, "deferred"),
        ]);
    }
    cells
}

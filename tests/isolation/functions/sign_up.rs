//! The items of sign-ups: invitations, blocks, marks and limits, each in its own table and in the other.

use shared::state::{DirectoryKey, EphemeralKey};

use super::{ITEM_ACTIONS, Item, granted};
use crate::isolation::{cell::Cell, world::World};

pub(super) fn cells(world: &World, role: &str) -> Vec<Cell> {
    let invitation = DirectoryKey::invitation("code").pk;
    let holder = EphemeralKey::reserved("invitation", &["somebody"]).0;
    let other_holder = EphemeralKey::reserved("other", &["somebody"]).0;
    let claim = DirectoryKey::email_claim("us-east-1_pool", "ana@example.com").pk;
    let limit = EphemeralKey::limit("pre-sign-up", "check", &["somebody"]).0;
    let passed = EphemeralKey::passed("captcha", &["somebody"]).0;
    let other_passed = EphemeralKey::passed("captchas", &["somebody"]).0;
    let block = DirectoryKey::block("domain", "spam.example").pk;
    let like_a_block = "BLOCKED#domain#0".to_owned();
    let (directory, ephemeral) = ("DirectoryTable", "EphemeralTable");
    let items = [
        (directory, Item::Invitation, "invitation", &invitation),
        (
            ephemeral,
            Item::Other,
            "invitation, wrong table",
            &invitation,
        ),
        (
            ephemeral,
            Item::InvitationMark,
            "who holds an invitation",
            &holder,
        ),
        (
            directory,
            Item::Other,
            "who holds an invitation, wrong table",
            &holder,
        ),
        (
            ephemeral,
            Item::Other,
            "who holds something else",
            &other_holder,
        ),
        (ephemeral, Item::SignUpLimit, "limit of sign-ups", &limit),
        (
            directory,
            Item::Other,
            "limit of sign-ups, wrong table",
            &limit,
        ),
        (ephemeral, Item::CaptchaMark, "passed token", &passed),
        (directory, Item::Other, "passed token, wrong table", &passed),
        (
            ephemeral,
            Item::Other,
            "another passed check",
            &other_passed,
        ),
        (directory, Item::Block, "block", &block),
        (ephemeral, Item::Other, "block, wrong table", &block),
        (directory, Item::Other, "key like a block's", &like_a_block),
    ];
    let mut cells = Vec::new();
    for action in ITEM_ACTIONS {
        for (table, item, what, key) in &items {
            let cell = Cell::new(role, action, &world.table_arn(table), what).touching(&[key]);
            cells.push(cell.allowed_if(granted(role, *item, action)));
        }
        let (arn, keys) = (world.table_arn(directory), [&*block, &*claim]);
        let both = Cell::new(role, action, &arn, "block and claim").touching(&keys);
        cells.push(both.allowed_if(granted(role, Item::Other, action)));
    }
    cells
}

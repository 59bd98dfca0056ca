//! What a pass remembers from one run to the next: whom it has listed, in items beside its cursor.
//!
//! It is written when a run ends before the pass does. A run that dies keeps nothing, which the next one sees by
//! the revision of the cursor: it has moved on since.

use std::time::Duration;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, key_item, number, read_number, read_text, text},
};

use crate::{
    cursor::{Cursor, CursorItem, Stage},
    seen::{OCTETS, Parts, Seen},
};

/// Octets of one item: an item may have 400 KB (developer guide, "Quotas").
const PIECE: usize = 256 * 1024;

/// What a call may take.
const CALL: Duration = Duration::from_secs(10);

impl CursorItem<'_> {
    /// Whom the pass has seen so far. A pass that has not begun begins.
    ///
    /// # Errors
    /// When the table cannot be read by `deadline`.
    pub(crate) async fn recall(
        &self,
        cursor: &mut Cursor,
        deadline: Deadline,
    ) -> Result<Seen, ServiceError> {
        if cursor.stage == Stage::first() {
            cursor.begin();
            return Ok(Seen::nobody(&cursor.pass));
        }
        let kept = match cursor.kept {
            Some(revision) => self.octets(&cursor.pass, revision, deadline).await?,
            None => None,
        };
        if kept.is_none() || !cursor.is_as_kept() {
            let prefix = match &cursor.stage {
                Stage::List { prefix, .. } => Some(prefix.as_str()),
                Stage::Sweep { .. } => None,
            };
            cursor.forgotten = cursor.forgotten.and(Parts::begun(prefix));
        }
        let octets = kept.unwrap_or_default();
        Ok(Seen::recalled(&cursor.pass, octets, cursor.forgotten))
    }

    /// Keeps whom the pass has seen. The cursor that is saved next says so.
    ///
    /// # Errors
    /// When the table cannot be written by `deadline`.
    pub(crate) async fn keep(
        &self,
        cursor: &mut Cursor,
        seen: &Seen,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let revision = cursor.next_revision();
        for (index, piece) in seen.octets().chunks(PIECE).enumerate() {
            let mut item = key_item(&DirectoryKey::reconcile_seen(self.pool_id, index));
            item.extend([text("pass", &cursor.pass), number("revision", revision)]);
            item.insert("octets".to_owned(), AttributeValue::B(Blob::new(piece)));
            let put = self
                .client
                .put_item()
                .table_name(self.table)
                .set_item(Some(item))
                .customize()
                .config_override(dynamodb_call(deadline.at_most(CALL)))
                .send()
                .await;
            put.map_err(|error| ServiceError::new("dynamodb:PutItem", &error))?;
        }
        cursor.kept = Some(revision);
        Ok(())
    }

    /// What was kept of `pass` at `revision`, if all of it is there.
    async fn octets(
        &self,
        pass: &str,
        revision: i64,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>, ServiceError> {
        let mut octets = Vec::with_capacity(OCTETS);
        for index in 0..OCTETS / PIECE {
            let key = DirectoryKey::reconcile_seen(self.pool_id, index);
            let got = self
                .client
                .get_item()
                .table_name(self.table)
                .set_key(Some(key_item(&key)))
                .consistent_read(true)
                .customize()
                .config_override(dynamodb_call(deadline.at_most(CALL)))
                .send()
                .await;
            let got = got.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
            let piece = got.item.as_ref().filter(|item| {
                read_text(item, "pass") == Some(pass)
                    && read_number(item, "revision") == Some(revision)
            });
            match piece.and_then(|item| item.get("octets")?.as_b().ok()) {
                Some(piece) => octets.extend_from_slice(piece.as_ref()),
                None => return Ok(None),
            }
        }
        Ok(Some(octets))
    }
}

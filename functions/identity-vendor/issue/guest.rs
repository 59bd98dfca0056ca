//! A guest's identity becomes the caller's: once, and one caller's.
//!
//! The caller has proved to own it, by the guest's own token. Whose it became is our record's word: Cognito names
//! the providers of an identity, not its owners, and links whatever it is told to.

use std::time::Duration;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, Put, TransactWriteItem, Update},
};
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::{DirectoryKey, key_item, rfc3339, text},
    vending::Caller,
};
use time::OffsetDateTime;

use super::IdentityRecords;

const OPERATION: &str = "dynamodb:TransactWriteItems";

/// A transaction that met another one is tried again after so many milliseconds.
const CONFLICT_PAUSES: [u64; 3] = [20, 80, 200];

/// Why a guest's identity does not become the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAdopted {
    /// It became another subject's.
    #[error("the guest's identity belongs to another subject")]
    AnotherSubjects,
    /// The caller has an identity already, and two are never merged: which one survives is Cognito's choice.
    #[error("the caller has an identity already, which is not the guest's")]
    HasAnother,
    /// Cognito does not link it: it is gone, or no longer a guest's.
    #[error("Cognito does not link the guest's identity to the caller")]
    NotLinked,
}

impl IdentityRecords {
    /// Makes `guest`, an IdentityId, the identity of `caller`, who has a record. Doing so again changes nothing.
    pub(crate) async fn adopt(
        &self,
        caller: &Caller,
        guest: &str,
        deadline: Deadline,
    ) -> Result<Result<(), NotAdopted>, ServiceError> {
        let mut pauses = CONFLICT_PAUSES.into_iter().map(Duration::from_millis);
        loop {
            let result = self
                .client
                .transact_write_items()
                .set_transact_items(Some(self.adoption(caller, guest)?))
                .customize()
                .config_override(dynamodb_call(deadline))
                .send()
                .await;
            let Err(error) = result else {
                return Ok(Ok(()));
            };
            let failed = || ServiceError::new(OPERATION, &error);
            let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) =
                error.as_service_error()
            else {
                return Err(failed());
            };
            // One for each item, in their order (API reference, TransactWriteItems).
            let reasons = canceled.cancellation_reasons().iter();
            let codes: Vec<&str> = reasons.filter_map(|reason| reason.code()).collect();
            match codes.as_slice() {
                ["ConditionalCheckFailed", ..] => return Ok(Err(NotAdopted::AnotherSubjects)),
                [_, "ConditionalCheckFailed"] => return Ok(Err(NotAdopted::HasAnother)),
                codes if codes.contains(&"TransactionConflict") => match pauses.next() {
                    Some(pause) if pause < deadline.remaining() => tokio::time::sleep(pause).await,
                    _ => return Err(failed()),
                },
                _ => return Err(failed()),
            }
        }
    }

    /// Whose the guest's identity becomes, and that it becomes theirs: both or neither.
    fn adoption(
        &self,
        caller: &Caller,
        guest: &str,
    ) -> Result<Vec<TransactWriteItem>, ServiceError> {
        let owner = self.key(caller);
        let mut taken = key_item(&DirectoryKey::guest(&self.identity_pool_id, guest));
        taken.extend([
            text("owner", &owner.pk),
            text("taken_at", rfc3339(OffsetDateTime::now_utc())),
        ]);
        let incomplete = |_| ServiceError::incomplete(OPERATION);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(taken))
            .condition_expression("attribute_not_exists(pk) OR #owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.pk.clone()))
            .build()
            .map_err(incomplete)?;
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key_item(&owner)))
            .update_expression("SET identity_id = :guest, guest_origin = :guest")
            .condition_expression(
                "attribute_exists(developer_user_id) AND (attribute_not_exists(identity_id) OR identity_id = :guest)",
            )
            .expression_attribute_values(":guest", AttributeValue::S(guest.to_owned()))
            .build()
            .map_err(incomplete)?;
        Ok(vec![
            TransactWriteItem::builder().put(put).build(),
            TransactWriteItem::builder().update(update).build(),
        ])
    }
}

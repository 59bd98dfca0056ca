//! The redemption of an invitation, in one transaction with the groups that it gives.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, TransactWriteItem, Update},
};
use time::OffsetDateTime;

use super::tables::Tables;
use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    invitation::{Invitation, address_digest},
    record::{PENDING_GROUPS, PENDING_INVITATION, User},
    state::{DirectoryKey, EphemeralKey, Item, key_item, read_text, rfc3339, text},
};

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// The sign-up held none, or so long ago that it is forgotten.
    None,
    /// The user has redeemed it.
    Redeemed,
    /// Somebody else has, or holds it by now: the user confirmed too late.
    Lost,
}

impl Redemption {
    /// As the audit line says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Redeemed => "redeemed",
            Self::Lost => "lost",
        }
    }
}

impl Tables {
    /// Redeems the invitation that was held for `address`, and gives the groups that are pending by it.
    pub(super) async fn redeem(
        &self,
        user: &User<'_>,
        address: &str,
        invited_groups: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<(Redemption, BTreeSet<String>), ServiceError> {
        let none = BTreeSet::new();
        let reservation = EphemeralKey::reserved("invitation", &[user.user_pool_id, address]);
        let reservation = Item::from([text("pk", reservation.0)]);
        let reservation = self.item(&self.ephemeral, reservation, deadline).await?;
        let pk = reservation
            .as_ref()
            .and_then(|item| read_text(item, "invitation"));
        let Some(pk) = pk else {
            self.without_invitation(user, deadline).await?;
            return Ok((Redemption::None, none));
        };
        let key = DirectoryKey {
            pk: pk.to_owned(),
            ..DirectoryKey::invitation("")
        };
        let item = self.item(&self.directory, key_item(&key), deadline).await?;
        let invitation = item.as_ref().map(Invitation::read).unwrap_or_default();
        let groups: BTreeSet<String> = invitation
            .groups
            .into_iter()
            .filter(|group| invited_groups.contains(group))
            .collect();
        // By this user: a crash came between two deliveries, and its groups are pending already.
        if invitation.redeemed_by.as_deref() != Some(user.sub)
            && self
                .redeemed(user, &key, address, &groups, deadline)
                .await?
        {
            return Ok((Redemption::Redeemed, groups));
        }
        let again = self.item(&self.directory, key_item(&key), deadline).await?;
        let by = again
            .as_ref()
            .and_then(|item| read_text(item, "redeemed_by"));
        if by == Some(user.sub) {
            // The same event at the same time: whoever was first has what is pending.
            let pending = self.pending(user, deadline).await?;
            return Ok((Redemption::Redeemed, pending.groups));
        }
        self.without_invitation(user, deadline).await?;
        Ok((Redemption::Lost, none))
    }

    /// Whether it is redeemed now: only by whose address held it last, and by nobody before.
    async fn redeemed(
        &self,
        user: &User<'_>,
        invitation: &DirectoryKey,
        address: &str,
        groups: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let now = rfc3339(OffsetDateTime::now_utc());
        let redeem = Update::builder()
            .table_name(&self.directory)
            .set_key(Some(key_item(invitation)))
            .update_expression("SET redeemed_by = :sub, redeemed_at = :now")
            .condition_expression("attribute_not_exists(redeemed_by) AND reserved_for = :address")
            .set_expression_attribute_values(Some(Item::from([
                text(":sub", user.sub),
                text(":now", now),
                text(":address", address_digest(address)),
            ])))
            .build();
        let given = AttributeValue::Ss(groups.iter().cloned().collect());
        let add = format!(" ADD {PENDING_GROUPS} :groups");
        let profile = DirectoryKey::profile(user.user_pool_id, user.sub);
        let give = Update::builder()
            .table_name(&self.directory)
            .set_key(Some(key_item(&profile)))
            .update_expression(format!(
                "REMOVE {PENDING_INVITATION}{}",
                if groups.is_empty() { "" } else { &add }
            ))
            .condition_expression(format!("attribute_exists({PENDING_INVITATION})"))
            .set_expression_attribute_values(
                (!groups.is_empty()).then(|| Item::from([(":groups".to_owned(), given)])),
            )
            .build();
        // `build` fails only without table, key or expression, which are set above.
        let both = [redeem, give]
            .map(|update| TransactWriteItem::builder().set_update(update.ok()).build());
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(both.into()))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => {
                let refused = match error.as_service_error() {
                    Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                        let mut reasons = canceled.cancellation_reasons().iter();
                        reasons.any(|reason| reason.code() == Some("ConditionalCheckFailed"))
                    }
                    _ => false,
                };
                let failed = ServiceError::new("dynamodb:TransactWriteItems", &error);
                if refused { Ok(false) } else { Err(failed) }
            }
        }
    }
}

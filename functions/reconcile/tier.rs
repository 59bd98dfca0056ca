//! Tier changes: somebody paid, or stopped to. An event on a bus of its own says which tier a user has now, and
//! the policy which group of the pool that is.
//!
//! Events come more than once and in any order: the highest sequence number wins. What it asks for is in the
//! profile before a group is touched, and whoever has touched the groups looks again: of two that are at work
//! at once the last leaves the groups as the newest event wants them.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{N, S},
};
use serde::Deserialize;
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    policy::PostConfirmation,
    state::{DirectoryKey, Item, key_item, read_number, read_text},
};

use crate::pool::Pool;

/// `detail-type` of the events.
const DETAIL_TYPE: &str = "Poolkeeper Tier Changed";

/// What a call of the table may take.
const CALL: Duration = Duration::from_secs(10);

/// The attribute of a profile whose groups do not follow its tier yet.
pub(crate) const PENDING: &str = "pending_tier";

/// An event of the bus.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TierEvent {
    #[serde(rename = "detail-type")]
    detail_type: String,
    detail: Detail,
}

#[derive(Debug, Clone, Deserialize)]
struct Detail {
    sub: String,
    /// By its name in the policy; none where the user has none any more.
    tier: Option<String>,
    sequence: i64,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The groups are as it says.
    Done,
    /// A newer one came before.
    Stale,
    /// The policy knows no such tier.
    UnknownTier,
    /// The directory knows no such user.
    NoProfile,
}

/// Where tiers are kept.
pub(crate) struct Tiers<'a> {
    pub(crate) client: &'a Client,
    pub(crate) table: &'a str,
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) policy: &'a PostConfirmation,
}

/// What a profile says of a tier.
struct Standing {
    user_name: String,
    tier: Option<String>,
    sequence: Option<i64>,
    pending: bool,
}

impl TierEvent {
    /// Whether it is one: a bus carries whatever its publishers send.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        let event: Self = serde_json::from_str(payload).ok()?;
        (event.detail_type == DETAIL_TYPE).then_some(event)
    }
}

impl Tiers<'_> {
    /// Carries out an event.
    ///
    /// # Errors
    /// When a service does not do its part: the event may be delivered again, and reconcile finds it pending.
    pub(crate) async fn change(
        &self,
        event: &TierEvent,
        deadline: Deadline,
    ) -> Result<Changed, ServiceError> {
        let detail = &event.detail;
        if let Some(tier) = &detail.tier
            && !self.policy.tiers.contains_key(tier)
        {
            return Ok(Changed::UnknownTier);
        }
        if !self.record(detail, deadline).await? {
            match self.standing(&detail.sub, deadline).await? {
                None => return Ok(Changed::NoProfile),
                Some(standing) if standing.sequence != Some(detail.sequence) => {
                    return Ok(Changed::Stale);
                }
                // The same event, delivered again.
                Some(_) => {}
            }
        }
        self.follow(&detail.sub, deadline).await?;
        Ok(Changed::Done)
    }

    /// Lets the groups of a user follow the tier that the profile names, until that stands still.
    ///
    /// # Errors
    /// When a service does not do its part.
    pub(crate) async fn follow(&self, sub: &str, deadline: Deadline) -> Result<(), ServiceError> {
        let mut followed = None;
        while let Some(standing) = self.standing(sub, deadline).await? {
            match followed {
                None if !standing.pending => return Ok(()),
                Some(_) if followed == standing.sequence => {
                    return self.settled(sub, followed, deadline).await;
                }
                // A newer event came meanwhile. Whether it is done or not: what was done here came after it.
                _ => {}
            }
            let groups = self.policy.tiers.iter();
            for (tier, group) in groups {
                let member = standing.tier.as_ref() == Some(tier);
                self.pool
                    .set_member(&standing.user_name, group, member, deadline)
                    .await?;
            }
            followed = standing.sequence;
        }
        Ok(())
    }

    /// Whether the event is the newest of its user by now.
    async fn record(&self, detail: &Detail, deadline: Deadline) -> Result<bool, ServiceError> {
        let (set, tier) = match &detail.tier {
            Some(tier) => (
                "SET tier = :tier,",
                Some((":tier".to_owned(), S(tier.clone()))),
            ),
            None => ("REMOVE tier SET", None),
        };
        let mut values = Item::from([
            (":sequence".to_owned(), N(detail.sequence.to_string())),
            (":pending".to_owned(), S("yes".to_owned())),
        ]);
        values.extend(tier);
        self.update(
            &detail.sub,
            format!("{set} tier_sequence = :sequence, {PENDING} = :pending"),
            "attribute_exists(pk) AND attribute_not_exists(erased_at) \
             AND (attribute_not_exists(tier_sequence) OR tier_sequence < :sequence)",
            values,
            deadline,
        )
        .await
    }

    /// The groups follow the tier of that sequence number: nothing is pending, if no newer one came meanwhile.
    async fn settled(
        &self,
        sub: &str,
        followed: Option<i64>,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let Some(followed) = followed else {
            return Ok(());
        };
        let values = Item::from([(":sequence".to_owned(), N(followed.to_string()))]);
        let change = format!("REMOVE {PENDING}");
        let condition = "tier_sequence = :sequence";
        self.update(sub, change, condition, values, deadline)
            .await
            .map(drop)
    }

    async fn update(
        &self,
        sub: &str,
        change: String,
        condition: &str,
        values: Item,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let sent = self
            .client
            .update_item()
            .table_name(self.table)
            .set_key(Some(key_item(&DirectoryKey::profile(self.pool.id, sub))))
            .update_expression(change)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .customize()
            .config_override(dynamodb_call(deadline.at_most(CALL)))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
            },
        }
    }

    async fn standing(
        &self,
        sub: &str,
        deadline: Deadline,
    ) -> Result<Option<Standing>, ServiceError> {
        let got = self
            .client
            .get_item()
            .table_name(self.table)
            .set_key(Some(key_item(&DirectoryKey::profile(self.pool.id, sub))))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline.at_most(CALL)))
            .send()
            .await;
        let got = got.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(got.item.as_ref().and_then(|item| {
            Some(Standing {
                user_name: read_text(item, "user_name")?.to_owned(),
                tier: read_text(item, "tier").map(str::to_owned),
                sequence: read_number(item, "tier_sequence"),
                pending: item.contains_key(PENDING),
            })
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_of_its_kind_is_one() {
        let of = |kind: &str| {
            format!(r#"{{"detail-type":"{kind}","detail":{{"sub":"s","tier":null,"sequence":7}}}}"#)
        };
        let event = TierEvent::read(&of(DETAIL_TYPE)).unwrap();
        assert_eq!((event.detail.tier, event.detail.sequence), (None, 7));
        for other in [of("Scheduled Event"), "{}".to_owned(), "[]".to_owned()] {
            assert!(TierEvent::read(&other).is_none(), "{other}");
        }
    }
}

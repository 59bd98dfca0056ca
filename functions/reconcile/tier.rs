//! Tier changes: somebody paid, or stopped to. An event on a bus of its own says which tier a user has now, and
//! the policy which group of the pool that is.
//!
//! Events come more than once and in any order: the highest sequence number wins. What it asks for is in the
//! profile before a group is touched, and whoever has touched the groups looks again: of two that are at work
//! at once the last leaves the groups as the newest event wants them. One that failed after a newer one was done has
//! touched them last: delivered again it is stale, and lets them follow the newest once more.

use std::{collections::BTreeSet, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    operation::update_item::UpdateItemError,
    types::AttributeValue::{N, S},
};
use serde::Deserialize;
use shared::{
    aws::{ServiceError, Trouble, dynamodb_call},
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

/// What Lambda hands over from a queue: one message, by the BatchSize in template.yaml, so that one that fails fails
/// alone (Lambda developer guide, "Using Lambda with Amazon SQS").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Polled {
    records: (Message,),
}

#[derive(Deserialize)]
struct Message {
    body: String,
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
    /// Whether it is one, as Lambda hands it over from the queue or as it was on the bus, which carries whatever its
    /// publishers send.
    pub(crate) fn read(payload: &str) -> Option<Self> {
        let polled: Result<Polled, _> = serde_json::from_str(payload);
        let event = polled.map_or_else(|_| payload.to_owned(), |polled| polled.records.0.body);
        let event: Self = serde_json::from_str(&event).ok()?;
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
                    self.mark_pending(&detail.sub, deadline).await?;
                    self.follow(&detail.sub, deadline).await?;
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
            self.set_groups(&standing, deadline).await?;
            followed = standing.sequence;
        }
        Ok(())
    }

    /// Into the group of the tier first: a group that Cognito refuses keeps no other from being set.
    async fn set_groups(
        &self,
        standing: &Standing,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let tiers = &self.policy.tiers;
        let wanted = standing.tier.as_ref().and_then(|tier| tiers.get(tier));
        let others: BTreeSet<&String> = tiers.values().filter(|it| Some(*it) != wanted).collect();
        let groups = wanted.map(|group| (group, true)).into_iter();
        let mut refused = None;
        for (group, member) in groups.chain(others.into_iter().map(|group| (group, false))) {
            let name = &standing.user_name;
            match self.pool.set_member(name, group, member, deadline).await {
                Ok(()) => {}
                Err(error) if error.trouble == Trouble::Refused => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        refused.map_or(Ok(()), Err)
    }

    /// That the groups are to follow the tier once more, whatever it is.
    async fn mark_pending(&self, sub: &str, deadline: Deadline) -> Result<(), ServiceError> {
        let values = Item::from([(":pending".to_owned(), S("yes".to_owned()))]);
        let change = format!("SET {PENDING} = :pending");
        let condition = "attribute_exists(pk) AND attribute_not_exists(erased_at)";
        self.update(sub, change, condition, values, deadline)
            .await
            .map(drop)
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
        let message = |body: &str| serde_json::json!({"body": body, "eventSource": "aws:sqs"});
        let polled = |messages: &[serde_json::Value]| {
            let records = serde_json::json!({ "Records": messages });
            TierEvent::read(&records.to_string())
        };
        let one = message(&of(DETAIL_TYPE));
        assert_eq!(polled(std::slice::from_ref(&one)).unwrap().detail.sub, "s");
        assert!(polled(&[one.clone(), one]).is_none());
        assert!(polled(&[message("{}")]).is_none());
        for other in [of("Scheduled Event"), "{}".to_owned(), "[]".to_owned()] {
            assert!(TierEvent::read(&other).is_none(), "{other}");
        }
    }
}

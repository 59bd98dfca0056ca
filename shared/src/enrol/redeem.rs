//! The redemption of an invitation, in one transaction with the groups that it gives.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Update, builders::UpdateBuilder};
use time::OffsetDateTime;

use super::{pending::Pending, tables::Tables};
use crate::{
    aws::ServiceError,
    deadline::Deadline,
    invitation::{Bearer, Invitation, holder},
    record::{
        Condition, EventKind, INVITATION, PENDING_GROUPS, PENDING_INVITATION, Transacted,
        Transaction, User, outbox_event,
    },
    state::{DirectoryKey, EphemeralKey, Item, key_item, read_text, rfc3339, text},
};

/// Of `user.invitation_lost`.
const INVITATION_LOST: &str = "invitation-lost";

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// The sign-up held none, or so long ago that it is forgotten.
    None,
    /// The user has redeemed it.
    Redeemed,
    /// Another account has, or holds it by now, or it was revoked: the user confirmed too late.
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
    /// Redeems the invitation that the sign-up of this user held, and gives the groups that are pending by it. Where
    /// another account has it, the profile and an event say so.
    pub(super) async fn redeem(
        &self,
        user: &User<'_>,
        invited_groups: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<(Redemption, BTreeSet<String>), ServiceError> {
        let holder = holder(user.user_name);
        let reservations = Bearer::ALL.map(|bearer| {
            let parts = [user.user_pool_id, holder.as_str(), bearer.as_str()];
            Item::from([text("pk", EphemeralKey::reserved("invitation", &parts).0)])
        });
        let mut held = false;
        for reservation in &reservations {
            let found = self.item(&self.ephemeral, reservation.clone(), deadline);
            let Some(found) = found.await? else {
                continue;
            };
            held = true;
            let given = self.redeemed(
                user,
                (&found, reservations.as_slice()),
                invited_groups,
                deadline,
            );
            if let Some(groups) = given.await? {
                return Ok((Redemption::Redeemed, groups));
            }
        }
        if !held {
            return self.settled(user, deadline).await;
        }
        let now = OffsetDateTime::now_utc();
        let mut lost = Transaction::default();
        lost.update(self.told(user, "lost", &BTreeSet::new()));
        let event = outbox_event(user, EventKind::InvitationLost, INVITATION_LOST, now);
        lost.put(&self.directory, event, Condition::New);
        for reservation in reservations {
            lost.delete(&self.ephemeral, reservation);
        }
        if lost.write(&self.client, deadline).await? == Transacted::Written {
            return Ok((Redemption::Lost, BTreeSet::new()));
        }
        self.settled(user, deadline).await
    }

    /// The groups that are pending now by the invitation of this reservation; `None` where it is not redeemed.
    async fn redeemed(
        &self,
        user: &User<'_>,
        (found, reservations): (&Item, &[Item]),
        invited_groups: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<Option<BTreeSet<String>>, ServiceError> {
        let part = |name| read_text(found, name);
        let Some((pk, address)) = part("invitation").zip(part("address")) else {
            return Ok(None);
        };
        let key = DirectoryKey {
            pk: pk.to_owned(),
            ..DirectoryKey::invitation("")
        };
        let item = self.item(&self.directory, key_item(&key), deadline).await?;
        let invitation = item.as_ref().map(Invitation::read).unwrap_or_default();
        let groups = invitation.groups.into_iter();
        let groups: BTreeSet<String> = groups
            .filter(|group| invited_groups.contains(group))
            .collect();
        // By nobody before, and while the address of this sign-up was the last to hold it.
        let redeem = Update::builder()
            .table_name(&self.directory)
            .set_key(Some(key_item(&key)))
            .update_expression("SET redeemed_by = :sub, redeemed_at = :now")
            .condition_expression("attribute_not_exists(redeemed_by) AND reserved_for = :address")
            .set_expression_attribute_values(Some(Item::from([
                text(":sub", user.sub),
                text(":now", rfc3339(OffsetDateTime::now_utc())),
                text(":address", address),
            ])));
        let mut all = Transaction::default();
        all.update(redeem);
        all.update(self.told(user, "redeemed", &groups));
        for reservation in reservations {
            all.delete(&self.ephemeral, reservation.clone());
        }
        let written = all.write(&self.client, deadline).await? == Transacted::Written;
        Ok(written.then_some(groups))
    }

    /// In the profile: what became of the invitation, with the groups that are pending by it. Once, by whichever
    /// delivery of the confirmation comes first.
    fn told(&self, user: &User<'_>, became: &str, groups: &BTreeSet<String>) -> UpdateBuilder {
        let profile = DirectoryKey::profile(user.user_pool_id, user.sub);
        let given = AttributeValue::Ss(groups.iter().cloned().collect());
        let add = format!(" ADD {PENDING_GROUPS} :groups");
        let add = if groups.is_empty() { "" } else { &add };
        let given = (!groups.is_empty()).then(|| (":groups".to_owned(), given));
        let values = given.into_iter().chain([text(":became", became)]);
        Update::builder()
            .table_name(&self.directory)
            .set_key(Some(key_item(&profile)))
            .update_expression(format!(
                "SET {INVITATION} = :became REMOVE {PENDING_INVITATION}{add}"
            ))
            .condition_expression(format!("attribute_exists({PENDING_INVITATION})"))
            .set_expression_attribute_values(Some(values.collect()))
    }

    /// What another delivery of the same confirmation has made of it, with what is pending; none, where the sign-up
    /// held no invitation.
    async fn settled(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<(Redemption, BTreeSet<String>), ServiceError> {
        let key = DirectoryKey::profile(user.user_pool_id, user.sub);
        let profile = self.item(&self.directory, key_item(&key), deadline);
        let profile = profile.await?.unwrap_or_default();
        let pending = Pending::read(&profile);
        if pending.invitation {
            self.without_invitation(user, deadline).await?;
        }
        let became = match read_text(&profile, INVITATION) {
            Some("redeemed") => Redemption::Redeemed,
            Some(_) => Redemption::Lost,
            None => Redemption::None,
        };
        Ok((became, pending.groups))
    }
}

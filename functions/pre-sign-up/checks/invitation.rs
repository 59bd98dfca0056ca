//! `invitation`: the code that came with the sign-up, against the invitations in the directory table.
//!
//! Looking changes nothing. Once no check objects, the invitation is held for the address: two writes, each
//! of which may be repeated, so that the same sign-up delivered again, at the same time or after a crash in
//! between, ends alike. What is held is given back by time, for nobody has shown yet that the address is theirs.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use shared::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    invitation::{Bearer, Invitation, REMEMBERED, Standing, address_digest, holder},
    policy,
    state::{DirectoryKey, EphemeralKey, Item, key_item, number, text},
};
use time::OffsetDateTime;

use super::{Effect, Looked};
use crate::{
    Applicant,
    judge::{Done, Finding},
    services::Services,
};

/// What the validation data, or the client metadata, call the code.
const SENT_AS: &str = "invitation";

/// Longest code that is looked up, octets. Those that `poolkeeper invite` makes have 32.
const MAX_CODE: usize = 128;

/// An invitation that may be held.
pub(super) struct Hold {
    key: DirectoryKey,
    /// Where the confirmation of this user name is to find it.
    reservation: EphemeralKey,
    address: String,
    bound: bool,
    hold: Duration,
}

/// Whether the invitation may be used, and how it is held.
pub(super) async fn look(
    rules: &policy::Invitation,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Looked {
    let address = match applicant.email() {
        Ok(address) => address.canonical(),
        Err(undecided) => return undecided.into(),
    };
    let Some(pool) = applicant.user_pool_id else {
        return Finding::undecided("no-user-pool").into();
    };
    let Some(user_name) = applicant.user_name else {
        return Finding::undecided("no-user-name").into();
    };
    let Some(code) = applicant.sent(SENT_AS) else {
        return Finding::Objection("invitation-missing").into();
    };
    if code.len() > MAX_CODE {
        return Finding::Objection("invitation-unknown").into();
    }
    let key = DirectoryKey::invitation(&code.to_lowercase());
    let item = match services.directory_item(&key, deadline).await {
        Ok(Some(item)) => item,
        Ok(None) => return Finding::Objection("invitation-unknown").into(),
        Err(error) => return Finding::unanswered("invitation-unavailable", error).into(),
    };
    let invitation = Invitation::read(&item);
    let bearer = match invitation.email {
        Some(_) => Bearer::Addressee,
        None => Bearer::Anybody,
    };
    let holder = holder(user_name);
    let parts = [pool, holder.as_str(), bearer.as_str()];
    let reservation = EphemeralKey::reserved("invitation", &parts);
    let address = address_digest(&address);
    let now = OffsetDateTime::now_utc().unix_timestamp();
    match invitation.standing(&address, now) {
        Standing::Usable => Looked::clear_then(Effect::HoldInvitation(Hold {
            key,
            reservation,
            address,
            bound: bearer == Bearer::Addressee,
            hold: rules.hold,
        })),
        Standing::Expired => Finding::Objection("invitation-expired").into(),
        Standing::Redeemed => Finding::Objection("invitation-used").into(),
        Standing::Foreign => Finding::Objection("invitation-for-another").into(),
        Standing::Held => Finding::Objection("invitation-held").into(),
    }
}

impl Hold {
    /// Holds the invitation.
    ///
    /// # Errors
    /// The finding, where somebody else was faster or the tables do not answer.
    pub(super) async fn apply(
        &self,
        services: &Services,
        deadline: Deadline,
    ) -> Result<Done, Finding> {
        let unanswered = |error| Finding::unanswered("invitation-unavailable", error);
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let until = now.saturating_add_unsigned(self.hold.as_secs());
        let first = deadline.at_most(deadline.remaining() / 2);
        let held = self.hold(services, now, until, first).await;
        if !held.map_err(unanswered)? {
            return Err(Finding::Objection("invitation-held"));
        }
        let remembered = until.saturating_add_unsigned(REMEMBERED.as_secs());
        let remember = self.remember(services, remembered, deadline).await;
        remember.map_err(unanswered)?;
        Ok(Done::InvitationHeld { bound: self.bound })
    }

    /// Whether the invitation is held for this address now. The condition is [`Invitation::standing`]'s, for the
    /// invitation may have changed since it was looked at.
    async fn hold(
        &self,
        services: &Services,
        now: i64,
        until: i64,
        deadline: Deadline,
    ) -> Result<bool, ServiceError> {
        let values = Item::from([
            text(":me", &self.address),
            number(":now", now),
            number(":until", until),
        ]);
        let written = services
            .dynamodb
            .update_item()
            .table_name(&services.directory_table)
            .set_key(Some(key_item(&self.key)))
            .update_expression("SET reserved_for = :me, reserved_until = :until")
            .condition_expression(
                "attribute_not_exists(redeemed_by) AND expires_at > :now \
                 AND (attribute_not_exists(email) OR email = :me) \
                 AND (attribute_not_exists(reserved_for) OR reserved_for = :me OR reserved_until <= :now)",
            )
            .set_expression_attribute_values(Some(values))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        match written {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ServiceError::new("dynamodb:UpdateItem", &error)),
            },
        }
    }

    /// Tells the confirmation of this user name which invitation it used. Of each kind, the latest
    /// sign-up of the name counts.
    async fn remember(
        &self,
        services: &Services,
        until: i64,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let item = Item::from([
            text("pk", &self.reservation.0),
            text("invitation", &self.key.pk),
            text("address", &self.address),
            number("expires_at", until),
        ]);
        services.put_ephemeral(item, deadline).await
    }
}

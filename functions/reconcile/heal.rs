//! Carries out what the plan says of one user.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    aws::{ServiceError, Trouble},
    deadline::Deadline,
    enrol::{Enroller, Pending, Redemption},
    policy::{PostConfirmation, Vouched, providers},
    record::{Claim, Recorder, User, Written},
    retire::Retirer,
};

use crate::{
    counts::Count,
    directory::{Change, Directory},
    known::{Known, Profile},
    plan::{self, Step},
    pool::{Pool, PoolUser},
    tier::Tiers,
};

/// What an event or a profile says told of it.
pub(crate) const SOURCE: &str = "reconcile";

/// What effects are made with.
pub(crate) struct Healer<'a> {
    pub(crate) recorder: &'a Recorder,
    pub(crate) retirer: &'a Retirer,
    pub(crate) enroller: &'a Enroller,
    pub(crate) directory: &'a Directory,
    pub(crate) policy: &'a PostConfirmation,
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) pool_id: &'a str,
    pub(crate) dry_run: bool,
}

impl Healer<'_> {
    /// Makes the directory know of `user` what the pool does, and says what there was to do. In a dry run it
    /// only says so.
    ///
    /// # Errors
    /// When a service does not answer, or denies this function its access: that is so for every user. One that
    /// refuses this user's records is counted, so that one user never keeps the pass from going on.
    pub(crate) async fn heal(
        &self,
        user: &PoolUser,
        client_id: Option<&str>,
        known: &Known,
        deadline: Deadline,
    ) -> Result<Vec<Count>, ServiceError> {
        let steps = plan::plan(user, known, self.pool_id, self.policy);
        if self.dry_run {
            return Ok(steps.iter().map(counted).collect());
        }
        match self
            .carry_out(&steps, (user, client_id), known, deadline)
            .await
        {
            Err(error) if error.trouble == Trouble::Refused && !error.is_access_denied() => {
                let cause = error.to_string();
                tracing::error!(function = SOURCE, cause, "a user's records are refused");
                Ok(vec![Count::Refused])
            }
            done => done,
        }
    }

    async fn carry_out(
        &self,
        steps: &[Step],
        (user, client_id): (&PoolUser, Option<&str>),
        known: &Known,
        deadline: Deadline,
    ) -> Result<Vec<Count>, ServiceError> {
        let attributes = plan::kept(user, self.policy);
        let mailbox = user.mailbox().filter(|_| self.policy.claim_email);
        let email = user.email();
        let vouched = Vouched {
            email: email.as_ref(),
            providers: providers(user.attributes.get("identities").map(String::as_str)),
            client_id,
        };
        let about = User {
            client_id,
            groups: self.policy.groups_of(&vouched),
            redeems: self.policy.redeem_invitations,
            ..about(self.pool_id, user, &attributes, mailbox.as_deref())
        };
        let mut pending = known
            .profile
            .as_ref()
            .map(|profile| profile.pending.clone());
        let mut counts = Vec::new();
        let mut held = known.holder.as_deref() == Some(user.sub.as_str());
        for step in steps {
            match step {
                Step::Create => {
                    let written = self.recorder.user_confirmed(&about, deadline).await?;
                    counts.extend((written == Written::Now).then_some(Count::Created));
                    // Somebody else has written it meanwhile, and does the rest.
                    pending = (written == Written::Now).then(|| Pending {
                        groups: about
                            .groups
                            .iter()
                            .map(|group| (*group).to_owned())
                            .collect(),
                        invitation: about.redeems,
                        erased: false,
                    });
                }
                Step::Claim => {
                    let mailbox = about.mailbox.unwrap_or_default();
                    let claim = self.recorder.claim_email(&about, mailbox, deadline).await?;
                    held = claim == Claim::Held;
                    counts.push(if held {
                        Count::Claimed
                    } else {
                        Count::MailboxTaken
                    });
                }
                Step::Release(pk) => {
                    self.retirer.release_claim(&user.sub, pk, deadline).await?;
                    counts.push(Count::Released);
                }
                Step::Update => {
                    let before = known.profile.as_ref();
                    let change = self.change(&about, &attributes, before, held);
                    let updated = self
                        .directory
                        .update_profile(&about, &change, deadline)
                        .await?;
                    counts.extend(updated.then_some(Count::Updated));
                }
                Step::Tier => {
                    let tiers = Tiers {
                        client: self.directory.client(),
                        table: self.directory.table(),
                        pool: self.pool,
                        policy: self.policy,
                    };
                    tiers.follow(&user.sub, deadline).await?;
                    counts.push(Count::Tiered);
                }
                Step::Enrol => {
                    let pending = pending.take().unwrap_or_default();
                    let may = about.mailbox.is_none() || held;
                    counts.extend(self.enrol(&about, pending, may, deadline).await);
                }
            }
        }
        Ok(counts)
    }

    /// Does what is pending, or forgets it where the mailbox is another's. What cannot be done stays pending,
    /// and keeps nothing else from being done.
    async fn enrol(
        &self,
        user: &User<'_>,
        pending: Pending,
        may: bool,
        deadline: Deadline,
    ) -> Vec<Count> {
        let done = if may {
            let invited = &self.policy.invited_groups;
            self.enroller.enrol(user, pending, invited, deadline).await
        } else {
            self.enroller.forget(user, &pending, deadline).await
        };
        match done {
            Ok(done) => {
                let redeemed = done.redemption == Some(Redemption::Redeemed);
                let mut counts = vec![Count::Joined; done.joined];
                counts.extend(redeemed.then_some(Count::Redeemed));
                counts
            }
            Err(error) => {
                let cause = error.to_string();
                tracing::warn!(function = SOURCE, cause, "an enrolment is deferred");
                vec![Count::EnrolmentDeferred]
            }
        }
    }

    fn change<'a>(
        &self,
        about: &User<'_>,
        attributes: &'a BTreeMap<String, String>,
        before: Option<&'a Profile>,
        held: bool,
    ) -> Change<'a> {
        let claim = |mailbox| shared::state::DirectoryKey::email_claim(self.pool_id, mailbox).pk;
        Change {
            attributes,
            before: before.map_or(attributes, |profile| &profile.attributes),
            claim: about.mailbox.map(claim),
            unflag: held && before.is_some_and(|profile| profile.mailbox_taken),
        }
    }
}

/// What a record says of a user of the pool.
pub(crate) fn about<'a>(
    pool_id: &'a str,
    user: &'a PoolUser,
    attributes: &'a BTreeMap<String, String>,
    mailbox: Option<&'a str>,
) -> User<'a> {
    let attributes = attributes.iter();
    User {
        user_pool_id: pool_id,
        sub: &user.sub,
        user_name: &user.user_name,
        client_id: None,
        source: SOURCE,
        attributes: attributes
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        mailbox,
        groups: BTreeSet::new(),
        redeems: false,
    }
}

fn counted(step: &Step) -> Count {
    match step {
        Step::Create => Count::Created,
        Step::Claim => Count::Claimed,
        Step::Release(_) => Count::Released,
        Step::Update => Count::Updated,
        Step::Enrol => Count::Joined,
        Step::Tier => Count::Tiered,
    }
}

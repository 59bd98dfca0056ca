//! What is done for a confirmed user, in the order in which it matters.
//!
//! Every effect may be repeated, and what is still to be done is in the profile: whatever stops the function
//! in between, the next delivery or reconcile goes on from there.

use std::time::Duration;

use shared::{
    aws::ServiceError,
    enrol::{Enrolled, Enroller, Pending, Redemption},
    invocation::Invocation,
    policy,
    record::{Claim, Recorder, User, Written},
};

use crate::password_reset::PasswordResets;

/// What is kept for the queue, which hears of whom the rest of the time was not enough for.
const QUEUE_RESERVE: Duration = Duration::from_millis(700);

/// The services that effects are made with.
pub(crate) struct Effects {
    pub(crate) recorder: Recorder,
    pub(crate) password_resets: PasswordResets,
    pub(crate) enroller: Enroller,
}

/// By what a user was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmed {
    /// A sign-up, by code, by an administrator, automatically or through a provider.
    SignUp,
    /// A forgotten password that was replaced.
    PasswordReset,
}

/// What became of a user who is recorded.
pub(crate) enum Recorded {
    /// Everything is done.
    All(Written),
    /// The mailbox is another's: the user joins no group.
    MailboxTaken,
    /// Everything is done, and the invitation that the sign-up showed is another account's.
    InvitationLost,
    /// The claim of the mailbox is not made, and nothing after it.
    ClaimDeferred(ServiceError),
    /// An invitation is not redeemed, or a group not joined.
    EnrolmentDeferred(ServiceError),
}

impl Effects {
    /// Records `user`.
    ///
    /// # Errors
    /// When the profile or the event cannot be written; what comes after never costs these.
    pub(crate) async fn record(
        &self,
        confirmed: Confirmed,
        user: &User<'_>,
        policy: &policy::PostConfirmation,
        invocation: &Invocation,
    ) -> Result<Recorded, ServiceError> {
        let deadline = invocation.deadline().keeping(QUEUE_RESERVE);
        let note = |item, became| invocation.note(|line, _| line.item(item, became));
        let note_invitation = |done: Enrolled| {
            if let Some(redemption) = done.redemption {
                note("invitation", redemption.as_str());
            }
        };
        // A user may meet this function first when they reset a password (migrated, or made by an
        // administrator): the profile is created then.
        let profile = self.recorder.user_confirmed(user, deadline).await?;
        note("profile", word(profile));
        let pending = match profile {
            Written::Now => Ok(Pending {
                groups: user
                    .groups
                    .iter()
                    .map(|group| (*group).to_owned())
                    .collect(),
                invitation: user.redeems,
                erased: false,
            }),
            Written::Before => self.enroller.pending(user, deadline).await,
        };
        if pending.as_ref().is_ok_and(|pending| pending.erased) {
            note("profile", "erased");
            return Ok(Recorded::All(Written::Before));
        }
        let mut written = profile;
        if confirmed == Confirmed::PasswordReset {
            let window = policy.password_reset_window;
            written = self.password_resets.tell(user, window, deadline).await?;
            note("password_reset", word(written));
        }
        // The profile is there: what fails from here on is healed later, and no concern of the user's.
        let pending = match pending {
            Ok(pending) => pending,
            Err(error) => return Ok(Recorded::ClaimDeferred(error)),
        };
        if let Some(mailbox) = user.mailbox {
            match self.recorder.claim_email(user, mailbox, deadline).await {
                Ok(Claim::Held) => note("claim", "held"),
                Ok(Claim::Taken) => {
                    note("claim", "taken");
                    if policy.enrols() {
                        match self.enroller.forget(user, &pending, deadline).await {
                            Ok(forgotten) => note_invitation(forgotten),
                            Err(error) => return Ok(Recorded::EnrolmentDeferred(error)),
                        }
                    }
                    return Ok(Recorded::MailboxTaken);
                }
                Err(error) => {
                    note("claim", "failed");
                    return Ok(Recorded::ClaimDeferred(error));
                }
            }
        }
        if policy.enrols() {
            let invited = &policy.invited_groups;
            let enrolled = self.enroller.enrol(user, pending, invited, deadline);
            match enrolled.await {
                Ok(enrolled) => {
                    note_invitation(enrolled);
                    note(
                        "groups",
                        if enrolled.joined > 0 {
                            "joined"
                        } else {
                            "none"
                        },
                    );
                    if enrolled.redemption == Some(Redemption::Lost) {
                        return Ok(Recorded::InvitationLost);
                    }
                }
                Err(error) => {
                    note("enrolment", "failed");
                    return Ok(Recorded::EnrolmentDeferred(error));
                }
            }
        }
        Ok(Recorded::All(written))
    }
}

fn word(written: Written) -> &'static str {
    match written {
        Written::Now => "now",
        Written::Before => "before",
    }
}

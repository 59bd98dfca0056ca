//! What a confirmed user gets beside a profile: the groups that rules and an invitation give them.
//!
//! What is still to be done is in the profile, from the transaction that wrote it on: a crash loses none of
//! it, and what has been done is not done again, so that whom an administrator takes out of a group stays out.

mod groups;
mod pending;
mod redeem;
mod tables;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;

pub use self::{pending::Pending, redeem::Redemption};
use crate::{
    aws::{ServiceError, Trouble},
    deadline::Deadline,
    record::User,
};

/// Carries out what is pending in profiles.
#[derive(Debug, Clone)]
pub struct Enroller {
    tables: tables::Tables,
    groups: groups::Groups,
}

/// What became of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enrolled {
    /// Of the invitation; `None` where none was to be looked for.
    pub redemption: Option<Redemption>,
    /// How many groups the user has joined now.
    pub joined: usize,
}

impl Enroller {
    /// Of the state tables and the user pools that these clients reach.
    pub fn new(
        dynamodb: Client,
        (directory, ephemeral): (String, String),
        cognito: aws_sdk_cognitoidentityprovider::Client,
    ) -> Self {
        Self {
            tables: tables::Tables {
                client: dynamodb,
                directory,
                ephemeral,
            },
            groups: groups::Groups { client: cognito },
        }
    }

    /// What the profile says is still to be done.
    ///
    /// # Errors
    /// When the directory cannot be read by `deadline`.
    pub async fn pending(
        &self,
        user: &User<'_>,
        deadline: Deadline,
    ) -> Result<Pending, ServiceError> {
        self.tables.pending(user, deadline).await
    }

    /// Redeems the invitation that the user's sign-up held, and lets them join what is pending. An invitation's groups
    /// count as far as `invited_groups` lists them. A group that Cognito refuses keeps no other from being joined.
    ///
    /// # Errors
    /// When a service does not do its part by `deadline`, or there is no such group: what was not done stays
    /// pending.
    pub async fn enrol(
        &self,
        user: &User<'_>,
        pending: Pending,
        invited_groups: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<Enrolled, ServiceError> {
        let mut groups = pending.groups;
        let mut redemption = None;
        if pending.invitation {
            let redeemed = self.tables.redeem(user, invited_groups, deadline);
            let (became, given) = redeemed.await?;
            redemption = Some(became);
            groups.extend(given);
        }
        let mut joined = 0;
        let mut refused = None;
        for group in &groups {
            match self.groups.join(user, group, deadline).await {
                Ok(()) => {
                    self.tables.joined(user, group, deadline).await?;
                    joined += 1;
                }
                Err(error) if error.trouble == Trouble::Refused => {
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => Ok(Enrolled { redemption, joined }),
        }
    }

    /// Forgets the groups that are pending: the loser of a race for a mailbox joins none. The invitation that let them
    /// in is used up by their account all the same, or it would serve another.
    ///
    /// # Errors
    /// When the directory cannot be written by `deadline`.
    pub async fn forget(
        &self,
        user: &User<'_>,
        pending: &Pending,
        deadline: Deadline,
    ) -> Result<Enrolled, ServiceError> {
        let none = BTreeSet::new();
        let mut redemption = None;
        if pending.invitation {
            redemption = Some(self.tables.redeem(user, &none, deadline).await?.0);
        }
        self.tables.forget(user, deadline).await?;
        Ok(Enrolled {
            redemption,
            joined: 0,
        })
    }
}

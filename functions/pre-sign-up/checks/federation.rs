//! `federation`: the provider that a user comes from, and the account that they have already.
//!
//! A provider's word about an address opens the account that has it, so that much is asked: a provider that the
//! policy trusts with the address's domain and with linking, an address that both sides call verified, and one
//! account, enabled, that fits.

use shared::{
    deadline::Deadline,
    email::EmailAddress,
    policy::{Check, Federation, Mode, ProviderOf, ProviderUser},
};

use super::{Effect, Looked};
use crate::{
    Applicant,
    judge::{Done, Finding},
    services::Services,
    user_pool::{Link, Linked, PoolUser},
};

/// A link that is to be made, and the address by which it was found.
pub(super) struct Joining {
    link: Link,
    address: EmailAddress,
    written: String,
    /// Whether it is there already: the same sign-in, delivered again.
    there: bool,
}

/// What the provider may not.
pub(super) fn examine(rules: &Federation, applicant: &Applicant<'_>) -> Finding {
    match admitted(rules, applicant) {
        Ok(_) => Finding::Clear,
        Err(finding) => finding,
    }
}

/// Whose user it is, with which address, where the provider may send it.
fn admitted<'a>(
    rules: &'a Federation,
    applicant: &Applicant<'a>,
) -> Result<(ProviderUser<'a>, EmailAddress), Finding> {
    let name = applicant.user_name;
    let name = name.ok_or(Finding::undecided("no-user-name"))?;
    let user = match rules.provider_of(name) {
        ProviderOf::One(user) => user,
        ProviderOf::None => return Err(Finding::Objection("provider-not-allowed")),
        ProviderOf::Several => return Err(Finding::undecided("provider-ambiguous")),
    };
    let address = applicant.email()?;
    if user.provider.may_assert(address.domain()) {
        Ok((user, address))
    } else {
        Err(Finding::Objection("provider-domain"))
    }
}

/// What the provider may not, or the link that it earns.
pub(super) async fn look(
    check: &Check,
    rules: &Federation,
    applicant: &Applicant<'_>,
    services: &Services,
    deadline: Deadline,
) -> Looked {
    let (user, address) = match admitted(rules, applicant) {
        Ok(admitted) => admitted,
        Err(finding) => return finding.into(),
    };
    // What only reports changes nothing.
    let verified = applicant.attribute("email_verified") == Some("true");
    if !user.provider.link || !verified || check.mode == Mode::Report {
        return Finding::Clear.into();
    }
    let Some(pool) = applicant.user_pool_id else {
        return Finding::undecided("no-user-pool").into();
    };
    let written = applicant.attribute("email").unwrap_or_default();
    let found = services
        .user_pool
        .users_with(pool, &address, written, deadline)
        .await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return Finding::unanswered("link-unavailable", error).into(),
    };
    // An account whose address is not verified may be a stranger's.
    let mut owners = found.iter().filter(|it| it.native && it.email_verified);
    let owner = match (owners.next(), owners.next()) {
        (None, _) => return Finding::Clear.into(),
        (Some(_), Some(_)) => return Finding::Objection("link-ambiguous").into(),
        (Some(owner), None) => owner,
    };
    if !owner.enabled {
        return Finding::Objection("linked-account-disabled").into();
    }
    if !spelling_is_certain(user) {
        return Finding::undecided("provider-id-case").into();
    }
    let (provider, subject) = (user.provider.name.clone(), user.subject.to_owned());
    Looked::clear_then(Effect::Join(Joining {
        there: owner.has(&provider, &subject),
        link: Link {
            user_pool_id: pool.to_owned(),
            provider,
            subject,
            user_name: owner.user_name.clone(),
        },
        address,
        written: written.to_owned(),
    }))
}

/// Whether the id is as the provider wrote it, and not as a pool without case did.
fn spelling_is_certain(user: ProviderUser<'_>) -> bool {
    let has_case = |c: char| c.is_lowercase() || c.is_uppercase();
    user.spelling_kept || !user.subject.contains(has_case)
}

impl Joining {
    /// Makes the link. One that is there already is as good.
    ///
    /// # Errors
    /// The finding, where Cognito says no or does not answer.
    pub(super) async fn apply(
        &self,
        services: &Services,
        deadline: Deadline,
    ) -> Result<Done, Finding> {
        if self.there {
            return Ok(Done::Linked);
        }
        let unanswered = |error| Finding::unanswered("link-unavailable", error);
        let pool = &services.user_pool;
        let first = deadline.at_most(deadline.remaining() / 2);
        match pool.link(&self.link, first).await.map_err(unanswered)? {
            Linked::Now => return Ok(Done::Linked),
            Linked::TooMany => return Err(Finding::Objection("link-limit")),
            Linked::Refused => {}
        }
        // Another delivery of the same sign-in may have been faster.
        let (link, written) = (&self.link, &self.written);
        let found = pool
            .users_with(&link.user_pool_id, &self.address, written, deadline)
            .await;
        let joined =
            |it: &PoolUser| it.user_name == link.user_name && it.has(&link.provider, &link.subject);
        if found.map_err(unanswered)?.iter().any(joined) {
            Ok(Done::Linked)
        } else {
            Err(Finding::Objection("link-refused"))
        }
    }
}

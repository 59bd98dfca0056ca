//! Authenticate: from a proof to a [`Caller`], of whom the rules see nothing else.

mod guest;
mod jwt;
mod used_token;
mod vouched;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use shared::{
    deadline::Deadline,
    invocation::Invocation,
    jwt::Issuer,
    policy::{Name, VendorBackEnd},
    vending::Caller,
};

pub(crate) use self::{guest::Guests, used_token::UsedTokens, vouched::Vouched};
use crate::denial::{Denial, Denied};

/// Those whose proofs are believed.
pub(crate) struct Sources {
    /// The issuers of JWTs.
    pub(crate) issuers: Vec<Source>,
    /// The back ends that vouch by IAM.
    pub(crate) back_ends: BTreeMap<Name, VendorBackEnd>,
    /// The tokens that are good for once.
    pub(crate) used: UsedTokens,
    /// The guests who may keep their identity.
    pub(crate) guests: Option<Guests>,
}

/// An issuer of JWTs, by each URL that it goes by.
pub(crate) struct Source {
    pub(crate) name: Name,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) single_use: bool,
    pub(crate) bound_to_proof: bool,
}

/// What a caller shows.
#[derive(Debug)]
pub(crate) enum Proof {
    /// A JWT of an issuer.
    Jwt(SecretString),
    /// A back end's word for a user of its own; IAM authenticated the back end.
    Vouched(Vouched),
}

/// Whether a request is repeated with the same proof, as SDKs do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// Never on purpose: a token exchange.
    No,
    /// By retries and at each refresh: the credentials of an SDK.
    Yes,
}

/// Who has shown a proof that holds. A token that is good for once is not used up yet: see [`Sources::use_up`].
pub(crate) struct Proven {
    caller: Caller,
    single_use: bool,
}

impl Proven {
    /// For the rules and the limits. To issue anything takes what [`Sources::use_up`] gives.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Sources {
    /// Who shows this proof. The source is noted as soon as it is known, for a proof that does not hold too.
    pub(crate) async fn authenticate(
        &self,
        proof: &Proof,
        guest_token: Option<&SecretString>,
        invocation: &Invocation,
    ) -> Result<Proven, Denied> {
        let deadline = invocation.deadline();
        let (mut caller, single_use) = match proof {
            Proof::Jwt(token) => {
                jwt::verify(&self.issuers, token.expose_secret(), invocation).await?
            }
            Proof::Vouched(vouched) => {
                if self.back_ends.contains_key(&vouched.source) {
                    let source = vouched.source.as_str();
                    invocation.note(|line, _| line.about_source(source));
                }
                let (caller, role) = vouched::verify(&self.back_ends, vouched)?;
                invocation.note(|line, _| line.vouched_by(role));
                (caller, false)
            }
        };
        invocation.note(|line, key| {
            line.about_subject(caller.source.as_str(), &caller.subject, key);
        });
        if let Some(token) = guest_token {
            let text = "guest_token is not accepted";
            let guests = self.guests.as_ref();
            let guests = guests.ok_or(Denial::InvalidRequest(text))?;
            caller.guest_identity = Some(guests.identity_of(token, deadline).await?);
        }
        Ok(Proven { caller, single_use })
    }

    /// Fetches every issuer's keys before the first proof comes.
    pub(crate) async fn fetch_keys(&self, deadline: Deadline) {
        let issuers = self.issuers.iter().flat_map(|source| &source.issuers);
        let of_issuers = join_all(issuers.map(|issuer| issuer.fetch_keys(deadline)));
        let of_guests = async {
            if let Some(guests) = &self.guests {
                guests.fetch_keys(deadline).await;
            }
        };
        tokio::join!(of_issuers, of_guests);
    }

    /// Uses up a token that is good for once. After everything else that may refuse the request: whoever is told to
    /// come back later needs the token then.
    pub(crate) async fn use_up(
        &self,
        proven: Proven,
        repeats: Repeats,
        deadline: Deadline,
    ) -> Result<Caller, Denied> {
        if proven.single_use {
            self.used.admit(&proven.caller, repeats, deadline).await?;
        }
        Ok(proven.caller)
    }
}

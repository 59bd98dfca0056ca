//! Authenticate: from a proof to a [`Caller`], of whom the rules see nothing else.

mod jwt;

use secrecy::{ExposeSecret, SecretString};
use shared::{invocation::Invocation, jwt::Issuer, policy::Name, vending::Caller};

use crate::denial::Denied;

/// Those whose proofs are believed.
pub(crate) struct Sources(pub(crate) Vec<Source>);

/// One of them: an issuer of JWTs, by each URL that it goes by.
pub(crate) struct Source {
    pub(crate) name: Name,
    pub(crate) issuers: Vec<Issuer>,
}

impl Sources {
    /// Who shows this proof. The source is noted as soon as it is known, for a proof that does not hold too.
    pub(crate) async fn authenticate(
        &self,
        subject_token: &SecretString,
        invocation: &Invocation,
    ) -> Result<Caller, Denied> {
        let caller = jwt::verify(&self.0, subject_token.expose_secret(), invocation).await?;
        invocation.note(|line, key| {
            line.about_subject(caller.source.as_str(), &caller.subject, key);
        });
        Ok(caller)
    }
}

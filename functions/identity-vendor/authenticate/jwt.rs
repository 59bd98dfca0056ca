//! The proof that is a JWT of a known issuer.

use shared::{
    invocation::Invocation,
    jwt::{Issuer, UnverifiedJwt, VerifyError},
    vending::{Caller, Claims},
};

use super::Source;
use crate::denial::{Denial, Denied};

/// The proof names no issuer of the policy.
#[derive(Debug, thiserror::Error)]
#[error("the token's iss is not an issuer of the policy")]
struct UnknownIssuer;

/// The caller whom the issuer vouches for, and whether the token is good for once.
pub(super) async fn verify(
    sources: &[Source],
    text: &str,
    invocation: &Invocation,
) -> Result<(Caller, bool), Denied> {
    let jwt = UnverifiedJwt::decode(text)
        .map_err(|error| Denied::because(Denial::ProofRejected(error.reason()), error))?;
    // Not before: of a password in the place of a token, the digest would be as good as the password.
    invocation.note(|line, _| line.proof(text));
    let (source, issuer) = issuer_of(sources, &jwt).ok_or_else(|| {
        Denied::because(Denial::ProofRejected("jwt-unknown-issuer"), UnknownIssuer)
    })?;
    invocation.note(|line, _| line.about_source(source.name.as_str()));
    let claims = issuer.verify(&jwt, invocation.deadline()).await?;
    invocation.note(|line, _| line.vouched_by(issuer.url()));
    let caller = Caller {
        source: source.name.clone(),
        subject: claims.subject().to_owned(),
        issued_at: claims.issued_at(),
        expires_at: claims.expires_at(),
        bound_to_proof: source.bound_to_proof,
        claims: Claims(claims.into_members()),
        guest_identity: None,
    };
    Ok((caller, source.single_use))
}

/// The source that `jwt` names by its `iss`. Nobody vouches for that yet.
fn issuer_of<'s>(sources: &'s [Source], jwt: &UnverifiedJwt) -> Option<(&'s Source, &'s Issuer)> {
    sources.iter().find_map(|source| {
        let mut issuers = source.issuers.iter();
        let issuer = issuers.find(|issuer| issuer.claims_to_issue(jwt))?;
        Some((source, issuer))
    })
}

impl From<VerifyError> for Denied {
    fn from(error: VerifyError) -> Self {
        let denial = match &error {
            VerifyError::Rejected(rejected) => Denial::ProofRejected(rejected.reason()),
            VerifyError::KeyNotYetKnown => Denial::KeyNotYetKnown,
            VerifyError::KeysUnavailable(_) => Denial::Unavailable,
        };
        Self::because(denial, error)
    }
}

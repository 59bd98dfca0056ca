//! Why nothing is vended. respond.rs alone knows what that is in HTTP.

use shared::{
    aws::{ServiceError, Trouble},
    policy::Name,
    telemetry::Outcome,
};

/// Why nothing is vended: what a client may know, and no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denial {
    /// The request itself is wrong.
    InvalidRequest(&'static str),
    /// The grant type is not token exchange.
    UnsupportedGrantType,
    /// A scope was asked for.
    InvalidScope,
    /// A target was asked for that is not served in this way.
    InvalidTarget(&'static str),
    /// There is no proof.
    NoProof,
    /// The JWT is refused; for this reason, which the log alone has.
    ProofRejected(&'static str),
    /// The proof names a key that its issuer may have published a moment ago.
    KeyNotYetKnown,
    /// The tokens of the source are good for once, and this one has no `jti`.
    TokenWithoutId,
    /// The token is good for once, and was used.
    TokenUsed,
    /// The guest's own token does not verify, or is not a guest's.
    GuestTokenRejected,
    /// The back end may not vouch for this user, or not with these claims.
    MayNotVouch,
    /// The proof was made before a revocation.
    Revoked,
    /// The proof ends before the shortest session would.
    ProofEndsTooSoon,
    /// The guest's identity cannot become the caller's.
    GuestNotUpgradable,
    /// A rule refuses the caller.
    DeniedByRule,
    /// The rules grant no role, or not this one.
    NoRole,
    /// The caller lacks a claim that sessions of the role carry, or has one that they cannot carry.
    ClaimNotUsable,
    /// The route takes this method only.
    MethodNotAllowed(&'static str),
    /// There is no such route.
    NoSuchRoute,
    /// The caller has asked too often; again in so many seconds.
    LimitedPrincipal(u32),
    /// The callers of the source have; again in so many seconds.
    LimitedSource(u32),
    /// Too many proofs from this address were not accepted; again in so many seconds.
    LimitedAddress(u32),
    /// More callers ask than Cognito allows; again in so many seconds.
    Shed(u32),
    /// A service has had too many requests.
    Throttled,
    /// A service does not answer.
    Unavailable,
    /// A fault of ours or of the deployment.
    Internal,
}

/// Whose fault a denial is, and so who has to do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The caller's: the same request is refused again.
    Caller,
    /// Of nobody but the moment: the same request may be served later.
    Early,
    /// A service's or an issuer's: the same request may be served in a moment.
    Dependency,
    /// Ours or the deployment's: the same request fails until somebody mends it.
    Ours,
}

/// A denial with the cause, which only the log may have, and the rule that decided.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) denial: Denial,
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    pub(crate) rule: Option<Name>,
}

impl Denial {
    /// A stable code for the audit line, listed in LOGGING.md.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid-request",
            Self::UnsupportedGrantType => "unsupported-grant-type",
            Self::InvalidScope => "invalid-scope",
            Self::InvalidTarget(_) => "invalid-target",
            Self::NoProof => "no-proof",
            Self::ProofRejected(reason) => reason,
            Self::KeyNotYetKnown => "key-not-yet-known",
            Self::TokenWithoutId => "token-without-jti",
            Self::TokenUsed => "token-used",
            Self::GuestTokenRejected => "guest-token-rejected",
            Self::MayNotVouch => "may-not-vouch",
            Self::Revoked => "revoked",
            Self::ProofEndsTooSoon => "proof-ends-too-soon",
            Self::GuestNotUpgradable => "guest-not-upgradable",
            Self::DeniedByRule => "denied-by-rule",
            Self::NoRole => "no-role",
            Self::ClaimNotUsable => "claim-not-usable",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::NoSuchRoute => "no-such-route",
            Self::LimitedPrincipal(_) => "limited-principal",
            Self::LimitedSource(_) => "limited-source",
            Self::LimitedAddress(_) => "limited-address",
            Self::Shed(_) => "shed",
            Self::Throttled => "throttled",
            Self::Unavailable => "dependency-failed",
            Self::Internal => "internal",
        }
    }

    /// Whose fault it is.
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Internal => Fault::Ours,
            Self::Throttled | Self::Unavailable => Fault::Dependency,
            Self::KeyNotYetKnown
            | Self::LimitedPrincipal(_)
            | Self::LimitedSource(_)
            | Self::LimitedAddress(_)
            | Self::Shed(_) => Fault::Early,
            _ => Fault::Caller,
        }
    }

    /// Whether the proof was looked at and not accepted.
    pub(crate) fn is_of_the_proof(self) -> bool {
        matches!(self, Self::ProofRejected(_) | Self::KeyNotYetKnown)
    }

    /// Whether the caller was refused, or we failed.
    pub(crate) fn outcome(self) -> Outcome {
        match self.fault() {
            Fault::Caller | Fault::Early => Outcome::Denied,
            Fault::Dependency | Fault::Ours => Outcome::Failed,
        }
    }
}

impl Denied {
    pub(crate) fn because(
        denial: Denial,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            cause: Some(cause.into()),
            ..Self::from(denial)
        }
    }

    pub(crate) fn by_rule(rule: &Name) -> Self {
        Self {
            rule: Some(rule.clone()),
            ..Self::from(Denial::DeniedByRule)
        }
    }
}

impl From<Denial> for Denied {
    fn from(denial: Denial) -> Self {
        Self {
            denial,
            cause: None,
            rule: None,
        }
    }
}

impl From<ServiceError> for Denied {
    fn from(error: ServiceError) -> Self {
        let denial = match error.trouble {
            Trouble::Throttled => Denial::Throttled,
            Trouble::Unavailable => Denial::Unavailable,
            // What AWS refuses here is wired or granted wrongly: nothing that the caller could mend.
            Trouble::Refused => Denial::Internal,
        };
        Self::because(denial, error)
    }
}

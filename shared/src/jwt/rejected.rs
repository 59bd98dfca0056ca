//! Why a JWT is refused, each reason with a code of its own. For the log: a caller learns only that it is.

use std::borrow::Cow;

/// A part of a compact JWS (RFC 7515, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The first.
    Header,
    /// The second, a JWT's claims.
    Claims,
    /// The third.
    Signature,
}

/// Not a JWT that could be verified at all: no key was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedJwt {
    /// Longer than 16 KiB.
    #[error("expected a JWT of at most 16 KiB")]
    TooLong,
    /// Not three parts.
    #[error("expected three parts with dots between them")]
    Parts,
    /// Five parts: a JWE (RFC 7516).
    #[error("expected a signed JWT, not an encrypted one")]
    Encrypted,
    /// A part is not what RFC 7515, section 2, calls base64url.
    #[error("expected base64url without padding in the {0}")]
    Encoding(Part),
    /// A part is not a JSON object.
    #[error("expected a JSON object in the {0}")]
    Json(Part),
    /// A part has a member twice: two parsers may see two tokens (RFC 7515, section 4; RFC 7519, section 4).
    #[error("expected each member of the {0} once")]
    Duplicate(Part),
    /// No `alg`, or one that is not a text.
    #[error("expected an alg in the header")]
    NoAlgorithm,
    /// `alg` is `none`, or the signature is empty.
    #[error("expected a signature")]
    Unsigned,
    /// `alg` is a MAC: whoever can verify it can sign.
    #[error("expected an asymmetric signature algorithm")]
    Symmetric,
    /// `alg` is one that is not implemented.
    #[error("expected a signature algorithm of RFC 7518, or EdDSA")]
    UnknownAlgorithm,
    /// `crit` (RFC 7515, section 4.1.11): whoever does not know what it names must refuse.
    #[error("expected a header without crit")]
    Critical,
    /// `b64` (RFC 7797), which is forbidden without `crit`.
    #[error("expected a header without b64")]
    UnencodedPayload,
    /// A `typ` of tokens that are made for another purpose.
    #[error("expected the typ JWT or at+jwt")]
    Type,
    /// A member of the header that RFC 7515 defines is of another type than it says.
    #[error("expected the header's members to be of the types of RFC 7515")]
    HeaderMember,
    /// No `iss`.
    #[error("expected an iss claim")]
    NoIssuer,
    /// An `iss` that is not a text.
    #[error("expected an iss claim that is a text")]
    IssuerType,
}

/// A JWT that can be read and is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The source does not name its algorithm.
    #[error("the signature algorithm is not one that this source accepts")]
    Algorithm,
    /// The issuer has no such key.
    #[error("the issuer has no key with this kid")]
    UnknownKey,
    /// It has no `kid`, and the issuer has not one key only.
    #[error("the token names no key, and the issuer has several or none")]
    KeyNotNamed,
    /// The key's `use` or `key_ops` are not for verifying signatures (RFC 7517, sections 4.2 and 4.3).
    #[error("the key that the token names is not for verifying signatures")]
    KeyUse,
    /// The key's `alg` is another one (RFC 7517, section 4.4).
    #[error("the key that the token names is for another signature algorithm")]
    KeyAlgorithm,
    /// RSA, EC and OKP keys, and curves, go with an algorithm each.
    #[error("the key that the token names is not of the kind that its signature algorithm needs")]
    KeyKind,
    /// RFC 7518, section 3.3: 2048 bits or more.
    #[error("the RSA key that the token names has fewer than 2048 bits")]
    WeakKey,
    /// The signature is wrong.
    #[error("the signature does not verify")]
    Signature,
    /// A claim is absent.
    #[error("the claim {0} is missing")]
    ClaimMissing(Cow<'static, str>),
    /// A claim is of the wrong type, or out of range.
    #[error("the claim {0} is malformed")]
    ClaimMalformed(Cow<'static, str>),
    /// Past `exp`.
    #[error("the token has expired")]
    Expired,
    /// Past the maximum age that the source sets.
    #[error("the token is older than this source accepts")]
    TooOld,
    /// Before `nbf`.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// Of another issuer than the one that was chosen.
    #[error("the token's iss is not the issuer that was chosen")]
    Issuer,
    /// For somebody else.
    #[error("the token's audience is not one that this source accepts (expected {expected})")]
    Audience {
        /// What the settings accept.
        expected: String,
    },
    /// A Cognito access token of another app client.
    #[error("the token's client_id is not one that this source accepts (expected {expected})")]
    Client {
        /// What the settings accept.
        expected: String,
    },
    /// Issued to a client that the settings do not name.
    #[error("the token's azp is not an authorized party of this source")]
    AuthorizedParty,
    /// Another kind of token than the settings ask for.
    #[error("the token's token_use is not the one that this source accepts")]
    TokenUse,
}

impl MalformedJwt {
    /// A stable code for the audit line, listed in LOGGING.md.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "jwt-too-long",
            Self::Parts => "jwt-parts",
            Self::Encrypted => "jwt-encrypted",
            Self::Encoding(Part::Header) => "jwt-header-encoding",
            Self::Encoding(Part::Claims) => "jwt-claims-encoding",
            Self::Encoding(Part::Signature) => "jwt-signature-encoding",
            Self::Json(Part::Header) => "jwt-header-json",
            Self::Json(_) => "jwt-claims-json",
            Self::Duplicate(Part::Header) => "jwt-header-duplicate",
            Self::Duplicate(_) => "jwt-claims-duplicate",
            Self::NoAlgorithm => "jwt-algorithm-missing",
            Self::Unsigned => "jwt-unsigned",
            Self::Symmetric => "jwt-symmetric",
            Self::UnknownAlgorithm => "jwt-algorithm-unknown",
            Self::Critical => "jwt-critical-extension",
            Self::UnencodedPayload => "jwt-unencoded-payload",
            Self::Type => "jwt-type",
            Self::HeaderMember => "jwt-header-member",
            Self::NoIssuer => "jwt-issuer-missing",
            Self::IssuerType => "jwt-issuer-malformed",
        }
    }
}

impl Rejected {
    /// A stable code for the audit line, listed in LOGGING.md.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Algorithm => "jwt-algorithm-not-accepted",
            Self::UnknownKey => "jwt-unknown-key",
            Self::KeyNotNamed => "jwt-key-not-named",
            Self::KeyUse => "jwt-key-use",
            Self::KeyAlgorithm => "jwt-key-algorithm",
            Self::KeyKind => "jwt-key-kind",
            Self::WeakKey => "jwt-weak-key",
            Self::Signature => "jwt-signature",
            Self::ClaimMissing(_) => "jwt-claim-missing",
            Self::ClaimMalformed(_) => "jwt-claim-malformed",
            Self::Expired => "jwt-expired",
            Self::TooOld => "jwt-too-old",
            Self::NotYetValid => "jwt-not-yet-valid",
            Self::IssuedInFuture => "jwt-issued-in-future",
            Self::Issuer => "jwt-issuer",
            Self::Audience { .. } => "jwt-audience",
            Self::Client { .. } => "jwt-client",
            Self::AuthorizedParty => "jwt-authorized-party",
            Self::TokenUse => "jwt-token-use",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Claims => "claims",
            Self::Signature => "signature",
        })
    }
}

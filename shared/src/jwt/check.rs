//! Whether claims that an issuer signed are what is expected of it. Pure: the time is an argument.
//!
//! jsonwebtoken verifies the signature only: its own checks do not tell a missing claim from a malformed one, and of
//! several faults they name any. An audit line names one, and always the same.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    rejected::Rejected,
    settings::{Settings, TokenUse},
    url::IssuerUrl,
};

type Claims = Map<String, Value>;

/// Whole seconds are exact in an `f64` up to here; no clock will get there.
const MAX_SECONDS: f64 = 9_007_199_254_740_992.0;

/// Checks issuer, times, kind, audience, authorized party and required claims, in this order.
///
/// # Errors
/// The first that is not as expected.
pub(super) fn check(
    claims: &Claims,
    url: &IssuerUrl,
    settings: &Settings,
    now: u64,
) -> Result<(), Rejected> {
    check_issuer(claims, url)?;
    check_times(claims, settings, now as f64)?;
    check_token_use(claims, settings)?;
    match settings.token_use {
        // A Cognito access token has no aud: its client is in client_id.
        Some(TokenUse::Access) => check_client(claims, &settings.audiences)?,
        _ => check_audience(claims, &settings.audiences)?,
    }
    check_authorized_party(claims, settings)?;
    let absent = |claim: &&String| claims.get(claim.as_str()).is_none_or(Value::is_null);
    match settings.required_claims.iter().find(absent) {
        Some(claim) => Err(Rejected::ClaimMissing(claim.clone().into())),
        None => Ok(()),
    }
}

/// As the settings write it; a slash at the end, which some issuers write in one place and not in the other,
/// is looked over.
fn check_issuer(claims: &Claims, url: &IssuerUrl) -> Result<(), Rejected> {
    let iss = text(claims, "iss")?;
    match iss.strip_suffix('/').unwrap_or(iss) == url.as_str() {
        true => Ok(()),
        false => Err(Rejected::Issuer),
    }
}

/// RFC 7519, sections 4.1.4 to 4.1.6. `exp` and `iat` are mandatory.
fn check_times(claims: &Claims, settings: &Settings, now: f64) -> Result<(), Rejected> {
    let leeway = f64::from(settings.leeway_seconds);
    let exp = seconds(claims, "exp")?.ok_or(Rejected::ClaimMissing("exp".into()))?;
    let iat = seconds(claims, "iat")?.ok_or(Rejected::ClaimMissing("iat".into()))?;
    if now >= exp + leeway {
        return Err(Rejected::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(|nbf| nbf > now + leeway) {
        return Err(Rejected::NotYetValid);
    }
    if iat > now + leeway {
        return Err(Rejected::IssuedInFuture);
    }
    if now - iat > f64::from(settings.max_token_age_seconds) + leeway {
        return Err(Rejected::TooOld);
    }
    Ok(())
}

/// A NumericDate, which may have a fraction (RFC 7519, section 2).
fn seconds(claims: &Claims, claim: &'static str) -> Result<Option<f64>, Rejected> {
    let Some(value) = claims.get(claim) else {
        return Ok(None);
    };
    let seconds = value
        .as_f64()
        .filter(|number| (0.0..=MAX_SECONDS).contains(number));
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Rejected::ClaimMalformed(claim.into())),
    }
}

fn check_token_use(claims: &Claims, settings: &Settings) -> Result<(), Rejected> {
    let expected = match settings.token_use {
        None => return Ok(()),
        Some(TokenUse::Id) => "id",
        Some(TokenUse::Access) => "access",
    };
    match text(claims, "token_use")? == expected {
        true => Ok(()),
        false => Err(Rejected::TokenUse),
    }
}

/// RFC 7519, section 4.1.3: a text, or an array of texts of which one is enough.
fn check_audience(claims: &Claims, accepted: &BTreeSet<String>) -> Result<(), Rejected> {
    let malformed = || Rejected::ClaimMalformed("aud".into());
    let audiences: Vec<&str> = match claims.get("aud") {
        None => return Err(Rejected::ClaimMissing("aud".into())),
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) if !several.is_empty() => {
            let texts = several.iter().map(Value::as_str);
            texts.collect::<Option<_>>().ok_or_else(malformed)?
        }
        Some(_) => return Err(malformed()),
    };
    match audiences
        .iter()
        .any(|audience| accepted.contains(*audience))
    {
        true => Ok(()),
        false => Err(Rejected::Audience {
            expected: listed(accepted),
        }),
    }
}

fn check_client(claims: &Claims, accepted: &BTreeSet<String>) -> Result<(), Rejected> {
    match accepted.contains(text(claims, "client_id")?) {
        true => Ok(()),
        false => Err(Rejected::Client {
            expected: listed(accepted),
        }),
    }
}

/// `azp`: the client that the token was issued to (OpenID Connect Core 1.0, section 2).
fn check_authorized_party(claims: &Claims, settings: &Settings) -> Result<(), Rejected> {
    let Some(accepted) = &settings.authorized_parties else {
        return Ok(());
    };
    match accepted.contains(text(claims, "azp")?) {
        true => Ok(()),
        false => Err(Rejected::AuthorizedParty),
    }
}

fn text<'c>(claims: &'c Claims, claim: &'static str) -> Result<&'c str, Rejected> {
    match claims.get(claim) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Rejected::ClaimMalformed(claim.into())),
        None => Err(Rejected::ClaimMissing(claim.into())),
    }
}

fn listed(accepted: &BTreeSet<String>) -> String {
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    accepted.join(", ")
}

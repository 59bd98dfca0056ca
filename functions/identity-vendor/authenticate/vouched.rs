//! The proof that is a back end's word: IAM says which role the back end has, the policy for whom it may vouch.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};
use shared::{
    policy::{Name, VendorBackEnd},
    vending::{Caller, Claims},
};
use time::OffsetDateTime;

use crate::denial::{Denial, Denied};

/// Longest subject, octets; as long as a token's.
const MAX_SUBJECT: usize = 1024;

/// What a back end says of a user, and who the back end is, by API Gateway's IAM authorizer.
pub(crate) struct Vouched {
    /// `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
    pub(crate) user_arn: String,
    /// The account of the back end.
    pub(crate) account_id: String,
    /// The account of the API.
    pub(crate) api_account_id: String,
    pub(crate) source: Name,
    pub(crate) subject: String,
    pub(crate) claims: Map<String, Value>,
}

/// Why a back end's word is not taken. No value of the request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum NotTaken {
    #[error("the source is not one that is vouched for by POST /vouch")]
    UnknownSource,
    #[error("the back end is of another account")]
    AnotherAccount,
    #[error("the back end's principal is not the session of a role")]
    NotARole,
    #[error("the back end's role may not vouch for this source")]
    AnotherRole,
    #[error("the back end may not say one of the claims")]
    Claim,
    #[error("expected a subject of 1 to 1024 octets")]
    Subject,
}

/// The user whom the back end vouches for, and the role that the back end has.
pub(super) fn verify<'v>(
    back_ends: &BTreeMap<Name, VendorBackEnd>,
    vouched: &'v Vouched,
) -> Result<(Caller, &'v str), Denied> {
    let role = check(back_ends, vouched);
    let role = role.map_err(|why| Denied::because(Denial::MayNotVouch, why))?;
    let now = u64::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or(0);
    let mut claims = vouched.claims.clone();
    claims.insert("sub".to_owned(), Value::from(vouched.subject.as_str()));
    let caller = Caller {
        source: vouched.source.clone(),
        subject: vouched.subject.clone(),
        claims: Claims(claims),
        issued_at: now,
        expires_at: now,
        bound_to_proof: false,
        guest_identity: None,
    };
    Ok((caller, role))
}

/// The role whose word is taken.
fn check<'v>(
    back_ends: &BTreeMap<Name, VendorBackEnd>,
    vouched: &'v Vouched,
) -> Result<&'v str, NotTaken> {
    let back_end = back_ends
        .get(&vouched.source)
        .ok_or(NotTaken::UnknownSource)?;
    // The API's own account, so that no other account's roles count, whatever they are called.
    if vouched.account_id != vouched.api_account_id || vouched.account_id.is_empty() {
        return Err(NotTaken::AnotherAccount);
    }
    let role = role_of(&vouched.user_arn, &vouched.account_id).ok_or(NotTaken::NotARole)?;
    if !back_end.roles.contains(role) {
        return Err(NotTaken::AnotherRole);
    }
    if !vouched
        .claims
        .keys()
        .all(|claim| back_end.claims.contains(claim))
    {
        return Err(NotTaken::Claim);
    }
    if vouched.subject.is_empty() || vouched.subject.len() > MAX_SUBJECT {
        return Err(NotTaken::Subject);
    }
    Ok(role)
}

/// The role whose session this is; IAM users and the account's root are none.
fn role_of<'a>(user_arn: &'a str, account_id: &str) -> Option<&'a str> {
    let parts: Vec<&str> = user_arn.splitn(6, ':').collect();
    let ["arn", _, "sts", "", account, resource] = parts.as_slice() else {
        return None;
    };
    let session = resource.strip_prefix("assumed-role/")?;
    let (role, _) = session.split_once('/')?;
    (*account == account_id && !role.is_empty()).then_some(role)
}

/// Who it is about stays out.
impl fmt::Debug for Vouched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vouched")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:sts::123456789012:assumed-role/crm-api/session";

    fn bent(bend: impl FnOnce(&mut Vouched)) -> Result<String, NotTaken> {
        let name = |text: &str| Name::try_from(text.to_owned()).unwrap();
        let back_end = VendorBackEnd {
            roles: BTreeSet::from(["crm-api".to_owned()]),
            claims: BTreeSet::from(["tenant".to_owned()]),
        };
        let mut vouched = Vouched {
            user_arn: ARN.to_owned(),
            account_id: "123456789012".to_owned(),
            api_account_id: "123456789012".to_owned(),
            source: name("crm"),
            subject: "ana".to_owned(),
            claims: json!({"tenant": "acme"}).as_object().unwrap().clone(),
        };
        bend(&mut vouched);
        let role = check(&BTreeMap::from([(name("crm"), back_end)]), &vouched)?;
        Ok(role.to_owned())
    }

    #[test]
    fn a_role_vouches_for_its_source_with_its_claims_and_for_nothing_else() {
        assert_eq!(bent(|_| {}), Ok("crm-api".to_owned()));
        let of = |arn: &'static str| bent(move |vouched| vouched.user_arn = arn.to_owned());
        for arn in [
            "arn:aws:sts::123456789012:assumed-role/crm-api2/session",
            "arn:aws:sts::123456789012:assumed-role/other/crm-api",
        ] {
            assert_eq!(of(arn), Err(NotTaken::AnotherRole), "{arn}");
        }
        for arn in [
            "arn:aws:iam::123456789012:user/crm-api",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/crm-api",
            "arn:aws:sts::123456789012:federated-user/crm-api/x",
            "arn:aws:sts::210987654321:assumed-role/crm-api/session",
            "arn:aws:sts::123456789012:assumed-role/crm-api",
            "",
        ] {
            assert_eq!(of(arn), Err(NotTaken::NotARole), "{arn}");
        }
        let foreign = bent(|it| it.account_id = "210987654321".to_owned());
        assert_eq!(foreign, Err(NotTaken::AnotherAccount));
        let nobody = bent(|it| {
            it.account_id = String::new();
            it.api_account_id = String::new();
        });
        assert_eq!(nobody, Err(NotTaken::AnotherAccount));
        let claim = bent(|it| {
            it.claims.insert("admin".to_owned(), json!(true));
        });
        assert_eq!(claim, Err(NotTaken::Claim));
        let sub = bent(|it| {
            it.claims.insert("sub".to_owned(), json!("eva"));
        });
        assert_eq!(sub, Err(NotTaken::Claim));
        let source = bent(|it| it.source = Name::try_from("app".to_owned()).unwrap());
        assert_eq!(source, Err(NotTaken::UnknownSource));
        for subject in [String::new(), "x".repeat(1025)] {
            assert_eq!(bent(|it| it.subject = subject), Err(NotTaken::Subject));
        }
    }
}

//! Which pool is the old one: what the wiring says of it.

use std::str::FromStr;

/// A pool that users come from, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyUserPool {
    /// The pool.
    pub arn: UserPoolArn,
    /// An app client of it that admits `ALLOW_ADMIN_USER_PASSWORD_AUTH`.
    pub client_id: String,
    /// A role that may ask it, where the function's own may not: in another account.
    pub role_arn: Option<String>,
    /// What the role's trust policy wants as `sts:ExternalId`.
    pub external_id: Option<String>,
}

/// `arn:<partition>:cognito-idp:<region>:<account>:userpool/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPoolArn {
    /// The Region of the pool.
    pub region: String,
    /// `<region>_<id>`.
    pub id: String,
}

/// Not an ARN of a user pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidArn;

impl UserPoolArn {
    /// What a variable must be that holds one.
    pub const EXPECTED: &str = "arn:aws:cognito-idp:<region>:<account>:userpool/<id>";
}

impl FromStr for UserPoolArn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", _, "cognito-idp", region, account, resource] = parts.as_slice() else {
            return Err(InvalidArn);
        };
        let id = resource.strip_prefix("userpool/").ok_or(InvalidArn)?;
        let of_region = id
            .strip_prefix(region)
            .and_then(|rest| rest.strip_prefix('_'));
        let plain = of_region.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || !account || region.is_empty() {
            return Err(InvalidArn);
        }
        Ok(Self {
            region: region.to_owned(),
            id: id.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_region_and_pool() {
        let arn = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Old1";
        let expected = UserPoolArn {
            region: "eu-west-1".to_owned(),
            id: "eu-west-1_Old1".to_owned(),
        };
        assert_eq!(arn.parse(), Ok(expected));
        for wrong in [
            "",
            "eu-west-1_Old1",
            "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/us-east-1_Old1",
            "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_",
            "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a/b",
            "arn:aws:cognito-idp:eu-west-1:12345678901:userpool/eu-west-1_Old1",
            "arn:aws:cognito-identity:eu-west-1:123456789012:userpool/eu-west-1_Old1",
            "arn:aws:cognito-idp::123456789012:userpool/_Old1",
        ] {
            assert_eq!(wrong.parse::<UserPoolArn>(), Err(InvalidArn), "{wrong}");
        }
    }
}

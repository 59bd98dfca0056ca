//! The ARN of an IAM role.

/// The ARN of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleArn(String);

impl RoleArn {
    /// IAM user guide, "IAM identifiers": `arn:<partition>:iam::<account>:role/<path and name>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts.as_slice() else {
            return None;
        };
        let account_id = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let role = resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty());
        let shape =
            *arn == "arn" && !partition.is_empty() && *service == "iam" && region.is_empty();
        (shape && account_id && role).then(|| Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that the role belongs to.
    pub(crate) fn account_id(&self) -> &str {
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_its_account() {
        let arn = RoleArn::parse("arn:aws-cn:iam::123456789012:role/x").unwrap();
        assert_eq!(arn.account_id(), "123456789012");
    }

    #[test]
    fn only_the_arn_of_a_role_is_one() {
        for wrong in [
            "nonsense",
            "arn:aws:iam::1:role/x",
            "arn:aws:iam::123456789012:user/x",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert_eq!(RoleArn::parse(wrong), None, "{wrong}");
        }
    }
}

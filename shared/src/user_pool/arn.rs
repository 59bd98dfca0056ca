//! The ARN of a Lambda function, with or without an alias.

use std::{fmt, str::FromStr};

/// `arn:<partition>:lambda:<region>:<account>:function:<name>[:<alias>]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionArn(String);

/// Not the ARN of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected arn:<partition>:lambda:<region>:<account>:function:<name>[:<alias>]")]
pub struct InvalidArn;

impl FromStr for FunctionArn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let parts: Vec<&str> = text.split(':').collect();
        let [
            "arn",
            partition,
            "lambda",
            region,
            account,
            "function",
            name,
            alias @ ..,
        ] = parts.as_slice()
        else {
            return Err(InvalidArn);
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_$".contains(c);
        let word = |text: &&str| !text.is_empty() && text.chars().all(plain);
        let words = [partition, region, name].into_iter().all(word) && alias.iter().all(word);
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if words && digits && alias.len() <= 1 {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidArn)
        }
    }
}

impl fmt::Display for FunctionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FunctionArn {
    /// The whole.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ARN without the alias.
    pub fn unqualified(&self) -> &str {
        let end = self.0.match_indices(':').nth(6).map(|(at, _)| at);
        self.0
            .get(..end.unwrap_or(self.0.len()))
            .unwrap_or_default()
    }

    /// The alias, if there is one.
    pub fn alias(&self) -> Option<&str> {
        self.0.split(':').nth(7)
    }

    /// The Region.
    pub fn region(&self) -> &str {
        self.0.split(':').nth(3).unwrap_or_default()
    }

    /// Whether `other` is this function, under whatever alias.
    pub fn is_same_function(&self, other: &str) -> bool {
        let same = |other: Self| other.unqualified() == self.unqualified();
        other.parse().is_ok_and(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_function_and_alias() {
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:x";
        let arn: FunctionArn = format!("{function}:live").parse().unwrap();
        assert_eq!((arn.unqualified(), arn.alias()), (function, Some("live")));
        assert_eq!(arn.region(), "eu-west-1");
        assert!(arn.is_same_function(function) && arn.is_same_function(arn.as_str()));
        assert!(!arn.is_same_function(&format!("{function}y:live")));
    }

    #[test]
    fn only_the_arn_of_a_function_is_one() {
        for wrong in [
            "x",
            "arn:aws:lambda:eu-west-1:1:function:x",
            "arn:aws:lambda:eu-west-1:123456789012:layer:x",
            "arn:aws:lambda:eu-west-1:123456789012:function:",
            "arn:aws:lambda:eu-west-1:123456789012:function:x:live:y",
            "arn:aws:lambda:eu-west-1:123456789012:function:x/../y",
        ] {
            assert_eq!(wrong.parse::<FunctionArn>(), Err(InvalidArn), "{wrong}");
        }
    }
}

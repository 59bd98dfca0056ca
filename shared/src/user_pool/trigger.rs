//! The triggers that Poolkeeper has functions for, and which function each should call.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::FunctionArn;
use crate::wiring::Bindings;

/// A trigger, as `LambdaConfig` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// `PreSignUp`.
    PreSignUp,
    /// `PostConfirmation`.
    PostConfirmation,
    /// `UserMigration`.
    UserMigration,
}

impl Trigger {
    /// All.
    pub const ALL: [Self; 3] = [Self::PreSignUp, Self::PostConfirmation, Self::UserMigration];

    /// Its key in `LambdaConfig`.
    pub fn key(self) -> &'static str {
        match self {
            Self::PreSignUp => "PreSignUp",
            Self::PostConfirmation => "PostConfirmation",
            Self::UserMigration => "UserMigration",
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// Which function a pool should call for each trigger; for those that are not named it may call any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Triggers(pub BTreeMap<Trigger, FunctionArn>);

/// Not of the form `PreSignUp=arn,PostConfirmation=arn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected PreSignUp=ARN,PostConfirmation=ARN,UserMigration=ARN, or fewer")]
pub struct InvalidTriggers;

impl FromStr for Triggers {
    type Err = InvalidTriggers;

    fn from_str(text: &str) -> Result<Self, InvalidTriggers> {
        let Bindings(named) = text.parse().map_err(|_| InvalidTriggers)?;
        let mut triggers = BTreeMap::new();
        for (key, arn) in named {
            let trigger = Trigger::ALL
                .into_iter()
                .find(|trigger| trigger.key() == key);
            let arn = arn.parse().map_err(|_| InvalidTriggers)?;
            triggers.insert(trigger.ok_or(InvalidTriggers)?, arn);
        }
        Ok(Self(triggers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggers_are_read_by_the_names_of_lambda_config() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:x:live";
        let triggers: Triggers = format!("PreSignUp={arn},UserMigration={arn}")
            .parse()
            .unwrap();
        let named: Vec<Trigger> = triggers.0.keys().copied().collect();
        assert_eq!(named, [Trigger::PreSignUp, Trigger::UserMigration]);
        for wrong in ["PreSignUp=x".to_owned(), format!("Presignup={arn}")] {
            assert_eq!(wrong.parse::<Triggers>(), Err(InvalidTriggers), "{wrong}");
        }
    }
}

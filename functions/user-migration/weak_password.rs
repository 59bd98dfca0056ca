//! A password that is right, and weaker than the pool allows: Cognito does not look at it when a user moves in.

use std::str::FromStr;

use password::Password;
use shared::{policy::WeakPassword, wiring::Bindings};

/// The password policy of the user pool, as the wiring says it:
/// `minimum_length=12,lowercase=true,uppercase=true,numbers=true,symbols=false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PoolPasswordPolicy {
    minimum_length: usize,
    lowercase: bool,
    uppercase: bool,
    numbers: bool,
    symbols: bool,
}

/// What becomes of a user whose password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// They are in.
    Confirmed,
    /// They are in, and must choose another password.
    ResetRequired,
    /// They stay out.
    Refused,
}

impl PoolPasswordPolicy {
    pub(crate) const EXPECTED: &str =
        "minimum_length=…,lowercase=…,uppercase=…,numbers=…,symbols=…, as the user pool has them";

    /// Whether the pool would take `password` as a new one.
    fn allows(&self, password: &str) -> bool {
        let has = |wanted: bool, kind: fn(char) -> bool| !wanted || password.chars().any(kind);
        password.chars().count() >= self.minimum_length
            && has(self.lowercase, |c| c.is_ascii_lowercase())
            && has(self.uppercase, |c| c.is_ascii_uppercase())
            && has(self.numbers, |c| c.is_ascii_digit())
            && has(self.symbols, is_symbol)
    }
}

/// Cognito's special characters (developer guide, "Adding user pool password requirements"). It counts a
/// space inside as one too; here it does not, for at either end it does not there.
fn is_symbol(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// By the policy's rule for weak passwords.
pub(crate) fn admit(
    rule: WeakPassword,
    pool: Option<&PoolPasswordPolicy>,
    password: &Password,
) -> Admission {
    let weak = pool.is_some_and(|pool| !pool.allows(password.expose()));
    match rule {
        WeakPassword::Reset if weak => Admission::ResetRequired,
        WeakPassword::Refuse if weak => Admission::Refused,
        WeakPassword::Accept | WeakPassword::Reset | WeakPassword::Refuse => Admission::Confirmed,
    }
}

/// Not of the form that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidPolicy;

impl FromStr for PoolPasswordPolicy {
    type Err = InvalidPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let Bindings(mut fields) = text.parse().map_err(|_| InvalidPolicy)?;
        let mut field = |name| fields.remove(name).ok_or(InvalidPolicy);
        let flag = |text: String| text.parse::<bool>().map_err(|_| InvalidPolicy);
        let policy = Self {
            minimum_length: field("minimum_length")?
                .parse()
                .map_err(|_| InvalidPolicy)?,
            lowercase: flag(field("lowercase")?)?,
            uppercase: flag(field("uppercase")?)?,
            numbers: flag(field("numbers")?)?,
            symbols: flag(field("symbols")?)?,
        };
        fields.is_empty().then_some(policy).ok_or(InvalidPolicy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: &str = "minimum_length=8,lowercase=true,uppercase=true,numbers=true,symbols=true";

    fn admitted(rule: WeakPassword, password: &str) -> Admission {
        let pool = POOL.parse().unwrap();
        let password = Password::parse(password.to_owned()).unwrap();
        admit(rule, Some(&pool), &password)
    }

    #[test]
    fn a_password_that_the_pool_would_take_is_never_weak() {
        for rule in [
            WeakPassword::Accept,
            WeakPassword::Reset,
            WeakPassword::Refuse,
        ] {
            assert_eq!(admitted(rule, "Abcdef1!"), Admission::Confirmed);
        }
    }

    #[test]
    fn each_requirement_of_the_pool_counts() {
        for weak in ["Abcde1!", "ABCDEF1!", "abcdef1!", "Abcdefg!", "Abcdefg1"] {
            assert_eq!(admitted(WeakPassword::Accept, weak), Admission::Confirmed);
            assert_eq!(
                admitted(WeakPassword::Reset, weak),
                Admission::ResetRequired
            );
            assert_eq!(admitted(WeakPassword::Refuse, weak), Admission::Refused);
        }
    }

    #[test]
    fn a_policy_is_whole_or_none() {
        for wrong in [
            "",
            "minimum_length=8",
            "minimum_length=x,lowercase=true,uppercase=true,numbers=true,symbols=true",
            "minimum_length=8,lowercase=yes,uppercase=true,numbers=true,symbols=true",
            "minimum_length=8,lowercase=true,uppercase=true,numbers=true,symbols=true,more=1",
        ] {
            assert_eq!(
                wrong.parse::<PoolPasswordPolicy>(),
                Err(InvalidPolicy),
                "{wrong}"
            );
        }
    }
}

//! Environment variables, parsed once at start into one typed struct a function, every error reported.

use std::{collections::BTreeMap, fmt, str::FromStr};

type Lookup<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// Where the variables come from: the process's own environment, or a map in a test.
pub struct Wiring<'a> {
    lookup: Lookup<'a>,
    errors: Vec<WiringError>,
}

/// One variable that is missing or wrong. Its value is not shown: it may be a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiringError {
    /// The variable.
    pub variable: &'static str,
    /// What was expected.
    pub expected: String,
    /// Whether it was not set at all.
    pub missing: bool,
}

/// All that is wrong with a function's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WiringErrors(pub Vec<WiringError>);

impl fmt::Display for WiringErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("environment: ")?;
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let state = if error.missing {
                "is not set"
            } else {
                "is wrong"
            };
            let WiringError {
                variable, expected, ..
            } = error;
            write!(f, "{separator}{variable} {state}: expected {expected}")?;
        }
        Ok(())
    }
}

impl std::error::Error for WiringErrors {}

impl<'a> Wiring<'a> {
    /// The environment of this process.
    pub fn from_env() -> Wiring<'static> {
        Wiring {
            lookup: Box::new(|name| std::env::var(name).ok()),
            errors: Vec::new(),
        }
    }

    /// The variables of `map`.
    pub fn from_map(map: &'a BTreeMap<String, String>) -> Self {
        Self {
            lookup: Box::new(|name| map.get(name).cloned()),
            errors: Vec::new(),
        }
    }

    /// A variable that must be there and not empty. `expected` says what it is.
    pub fn required<T: FromStr>(&mut self, variable: &'static str, expected: &str) -> Option<T> {
        let parsed = self.optional(variable, expected);
        let unset = (self.lookup)(variable).is_none_or(|value| value.is_empty());
        if unset {
            self.error(variable, expected, true);
        }
        parsed
    }

    /// A variable that may be absent or empty.
    pub fn optional<T: FromStr>(&mut self, variable: &'static str, expected: &str) -> Option<T> {
        let value = (self.lookup)(variable).filter(|value| !value.is_empty())?;
        let parsed = value.parse().ok();
        if parsed.is_none() {
            self.error(variable, expected, false);
        }
        parsed
    }

    /// Adds an error that only two values together show.
    pub fn error(&mut self, variable: &'static str, expected: &str, missing: bool) {
        self.errors.push(WiringError {
            variable,
            expected: expected.to_owned(),
            missing,
        });
    }

    /// `value`, if it is there and nothing was wrong.
    ///
    /// # Errors
    /// Everything that was wrong since the beginning.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, WiringErrors> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(WiringErrors(self.errors)),
        }
    }
}

/// `name=value,name=value`: how the wiring binds the policy's names (role aliases, issuer names) to
/// what a stack has made of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings(pub BTreeMap<String, String>);

/// Not of the form `name=value,name=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected name=value,name=value with each name once")]
pub struct InvalidBindings;

impl FromStr for Bindings {
    type Err = InvalidBindings;

    fn from_str(text: &str) -> Result<Self, InvalidBindings> {
        let mut map = BTreeMap::new();
        for pair in text
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').ok_or(InvalidBindings)?;
            let (name, value) = (name.trim(), value.trim());
            if name.is_empty() || value.is_empty() {
                return Err(InvalidBindings);
            }
            if map.insert(name.to_owned(), value.to_owned()).is_some() {
                return Err(InvalidBindings);
            }
        }
        Ok(Self(map))
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn every_wrong_variable_is_reported_at_once_and_no_value_is_shown() {
        let variables = map(&[("PORT", "canary"), ("EMPTY", "")]);
        let mut wiring = Wiring::from_map(&variables);
        let port: Option<u16> = wiring.required("PORT", "a port");
        let _: Option<String> = wiring.required("EMPTY", "a table name");
        let _: Option<String> = wiring.required("TABLE", "a table name");
        let error = wiring.finish(port).unwrap_err().to_string();
        assert_eq!(
            error,
            "environment: PORT is wrong: expected a port; EMPTY is not set: expected a table name; \
             TABLE is not set: expected a table name"
        );
    }

    #[test]
    fn bindings_read_names_and_values() {
        let bindings: Bindings = "a=arn:aws:iam::1:role/x, b=y=z,".parse().unwrap();
        assert_eq!(
            bindings.0,
            map(&[("a", "arn:aws:iam::1:role/x"), ("b", "y=z")])
        );
        for wrong in ["a", "=b", "a=", "a=1,a=2"] {
            assert_eq!(wrong.parse::<Bindings>(), Err(InvalidBindings), "{wrong}");
        }
    }
}

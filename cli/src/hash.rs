//! A stored hash, read by the scheme that a row or the operator names, as the user-migration function reads
//! it; and what a verification may cost there.

use std::time::Duration;

use password::{Budget, Cost, Scheme, SchemeHint, StoredHash};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;

/// The scheme that a hash is said to be of.
pub(crate) enum Named {
    /// None: its syntax tells.
    Nothing,
    /// One that no syntax tells.
    Hint(Box<SchemeHint>),
    /// One that the syntax must turn out to be.
    Scheme(&'static str),
    /// None that there is.
    Unknown,
}

/// The options of a scheme are not its own, or there is no scheme to have them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InvalidOptions;

impl Named {
    /// From a name and the options of its hint.
    ///
    /// # Errors
    /// [`InvalidOptions`].
    pub(crate) fn new(
        name: Option<&str>,
        mut options: Map<String, Value>,
    ) -> Result<Self, InvalidOptions> {
        let bare = options.is_empty();
        let Some(name) = name else {
            return if bare {
                Ok(Self::Nothing)
            } else {
                Err(InvalidOptions)
            };
        };
        if options.insert("scheme".to_owned(), name.into()).is_some() {
            return Err(InvalidOptions);
        }
        match serde_json::from_value(Value::Object(options)) {
            Ok(hint) => Ok(Self::Hint(Box::new(hint))),
            Err(_) if !bare => Err(InvalidOptions),
            Err(_) => {
                let mut names = Scheme::ALL.iter().map(|scheme| scheme.name());
                let known = names.find(|known| *known == name);
                Ok(known.map_or(Self::Unknown, Self::Scheme))
            }
        }
    }

    /// Reads a stored hash.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub(crate) fn read(&self, stored: &[u8]) -> Result<StoredHash, Unreadable> {
        let hint = match self {
            Self::Hint(hint) => Some(&**hint),
            Self::Nothing | Self::Scheme(_) => None,
            Self::Unknown => {
                return Err(Unreadable {
                    code: "unknown_scheme",
                    scheme: None,
                });
            }
        };
        let hash = StoredHash::parse(stored, hint).map_err(|unsupported| Unreadable {
            code: unsupported.reason_code(),
            scheme: unsupported.scheme(),
        })?;
        match self {
            Self::Scheme(name) if *name != hash.scheme().name() => Err(Unreadable {
                code: "another_scheme",
                scheme: Some(hash.scheme()),
            }),
            _ => Ok(hash),
        }
    }
}

/// Why a hash cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unreadable {
    /// Stable, in snake case.
    pub(crate) code: &'static str,
    /// The scheme that it claims, where that much could be read.
    pub(crate) scheme: Option<Scheme>,
}

/// A cost, as it is printed.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct PrintedCost {
    time_ms: f64,
    memory_bytes: u64,
}

impl From<Cost> for PrintedCost {
    fn from(cost: Cost) -> Self {
        Self {
            time_ms: milliseconds(cost.time),
            memory_bytes: cost.memory_bytes,
        }
    }
}

/// To the nanosecond.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e9).round() / 1e6
}

/// What the function that will verify has: `--memory-mb` and `--time-ms`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function {
    memory_mb: u64,
    time_ms: u64,
}

impl Default for Function {
    /// The template's `MigrationMemorySize`, and what Cognito's 5 s leave after the store was asked.
    fn default() -> Self {
        Self {
            memory_mb: 1769,
            time_ms: 4500,
        }
    }
}

impl Function {
    /// What the options mean, for usage texts.
    pub(crate) const USAGE: &str = "
  --memory-mb N         memory of the user-migration function (default: 1769); half of it is the hash's
  --time-ms N           time that it has for a hash (default: 4500 of Cognito's 5000)";

    /// Takes an option, if it is one of these.
    ///
    /// # Errors
    /// For a value that is no number.
    pub(crate) fn option(
        &mut self,
        name: &str,
        parser: &mut lexopt::Parser,
    ) -> Result<bool, Error> {
        use lexopt::ValueExt as _;

        match name {
            "memory-mb" => self.memory_mb = parser.value()?.parse()?,
            "time-ms" => self.time_ms = parser.value()?.parse()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What a verification may use.
    pub(crate) fn budget(self) -> Budget {
        let memory_bytes = self.memory_mb.saturating_mul(1024 * 1024);
        Budget::for_function(memory_bytes, Duration::from_millis(self.time_ms))
    }
}

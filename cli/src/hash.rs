//! A stored hash, read by the scheme that a row or the operator names, as the user-migration function reads
//! it; and what a verification may cost there.

use std::time::Duration;

use password::{Budget, Cost, FunctionMemory, Scheme, SchemeHint, StoredHash, UnsupportedHash};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;

/// What is said of the scheme of a hash: the policy's hint, and what the row names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    row_scheme: Option<String>,
    hint: Option<SchemeHint>,
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
                Ok(Self::default())
            } else {
                Err(InvalidOptions)
            };
        };
        if options.insert("scheme".to_owned(), name.into()).is_some() {
            return Err(InvalidOptions);
        }
        match serde_json::from_value(Value::Object(options)) {
            Ok(hint) => Ok(Self {
                row_scheme: None,
                hint: Some(hint),
            }),
            Err(_) if !bare => Err(InvalidOptions),
            Err(_) => Ok(Self {
                row_scheme: Some(name.to_owned()),
                hint: None,
            }),
        }
    }

    /// Whether it names an unknown scheme: every hash is refused then.
    pub(crate) fn is_unknown(&self) -> bool {
        let name = self.row_scheme.as_deref();
        name.is_some_and(|name| Scheme::named(name).is_none())
    }

    /// Reads the hash of a row, which may name its scheme, as the user-migration function does.
    ///
    /// # Errors
    /// [`UnsupportedHash`].
    pub(crate) fn read(
        &self,
        stored: &[u8],
        row_scheme: Option<&str>,
    ) -> Result<StoredHash, UnsupportedHash> {
        let row_scheme = row_scheme.or(self.row_scheme.as_deref());
        StoredHash::parse_row(stored, row_scheme, self.hint.as_ref())
    }
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
  --memory-mb N         memory of the user-migration function (default: 1769, one core); half of it is the hash's, and
                        times are estimated for its share of a core
  --time-ms N           time that it has for a hash (default: 4500 of Cognito's 5000); a fifth is kept in reserve";

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

    /// Its memory, and so its share of a core.
    pub(crate) fn memory(self) -> FunctionMemory {
        FunctionMemory::from_megabytes(self.memory_mb)
    }

    /// What a verification may use, in times of the reference machine.
    pub(crate) fn budget(self) -> Budget {
        Budget::for_function(self.memory(), Duration::from_millis(self.time_ms))
    }
}

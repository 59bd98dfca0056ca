//! The columns that a pool's import file has.

use serde::Deserialize;

use crate::error::Error;

/// The column of the hashes.
pub(crate) const PASSWORD_HASH: &str = "password_hash";
/// The column of the user names.
pub(crate) const USERNAME: &str = "cognito:username";

/// The columns, in the order of the file.
pub(crate) struct PoolHeader(Vec<String>);

/// What GetCSVHeader answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "CSVHeader")]
    header: Vec<String>,
}

impl PoolHeader {
    /// From what `aws cognito-idp get-csv-header` printed, or from the first line of the console's template.
    /// `password_hash` is added where it is missing: a job with a hashing algorithm fails without it.
    ///
    /// # Errors
    /// With what to do.
    pub(crate) fn read(text: &str) -> Result<Self, Error> {
        let invalid = |what: &str| Err(Error::PoolHeader(what.to_owned()));
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut columns = if text.starts_with('{') {
            match serde_json::from_str::<Answer>(text) {
                Ok(answer) => answer.header,
                Err(_) => {
                    return invalid("JSON without a CSVHeader: give what get-csv-header printed");
                }
            }
        } else {
            let line = text.lines().next().unwrap_or_default();
            line.split(',').map(|name| name.trim().to_owned()).collect()
        };
        if columns
            .iter()
            .any(|name| name.is_empty() || name.contains(['"', ',', '\\']))
        {
            return invalid("a name is empty or quoted: give what get-csv-header printed");
        }
        if !columns.iter().any(|name| name == USERNAME) {
            return invalid("cognito:username is missing: give what get-csv-header printed");
        }
        if !columns.iter().any(|name| name == PASSWORD_HASH) {
            columns.push(PASSWORD_HASH.to_owned());
        }
        let mut sorted: Vec<_> = columns.iter().collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair.first() == pair.last()) {
            return invalid("a name is there twice: give what get-csv-header printed");
        }
        Ok(Self(columns))
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &[String] {
        &self.0
    }
}

//! What an export is: its format, and which of its columns is what.

use std::io::{self, StdinLock};

use password::{StoredHash, UnsupportedHash};
use serde_json::{Map, Value};

use crate::{
    error::Error,
    hash::{InvalidOptions, Named},
    rows::{Format, Row, Rows},
};

/// What the options say of an export.
pub(crate) struct Source {
    format: Format,
    delimiter: u8,
    scheme: Option<String>,
    scheme_options: Map<String, Value>,
    /// The column of the hashes.
    pub(crate) hash: String,
    /// The column of their schemes, if rows name one.
    pub(crate) hash_scheme: Option<String>,
    /// The column of the user names.
    pub(crate) username: Optional,
    /// The column of the e-mail addresses.
    pub(crate) email: Optional,
    /// The column of the phone numbers.
    pub(crate) phone: Optional,
}

/// A column that an export may lack, unless the operator named it.
pub(crate) struct Optional {
    /// Its name.
    pub(crate) name: String,
    named: bool,
}

impl Optional {
    fn default(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            named: false,
        }
    }

    fn named(name: String) -> Self {
        Self { name, named: true }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self {
            format: Format::Csv,
            delimiter: b',',
            scheme: None,
            scheme_options: Map::new(),
            hash: "password_hash".to_owned(),
            hash_scheme: None,
            username: Optional::default("username"),
            email: Optional::default("email"),
            phone: Optional::default("phone_number"),
        }
    }
}

impl Source {
    /// What the options mean, for usage texts.
    pub(crate) const USAGE: &str = "
  --format csv|jsonl    how the export is written (default: csv, with a header)
  --delimiter C         between the columns of CSV (default: a comma)
  --hash-column NAME    (default: password_hash)
  --username-column NAME  (default: username)
  --email-column NAME   (default: email)
  --phone-column NAME   (default: phone_number)
  --scheme NAME         the scheme of all hashes, where they do not tell (docs/passwords.md)
  --scheme-options JSON the options of that scheme, as the hint in policy.toml has them; with the column below too, rows that name
                        this scheme take them
  --scheme-column NAME  the column that names the scheme of each row";

    /// Takes an option, if it is one of these.
    ///
    /// # Errors
    /// For a value that it does not take.
    pub(crate) fn option(
        &mut self,
        name: &str,
        parser: &mut lexopt::Parser,
    ) -> Result<bool, Error> {
        use lexopt::ValueExt as _;

        match name {
            "format" => {
                self.format = match parser.value()?.to_str() {
                    Some("csv") => Format::Csv,
                    Some("jsonl") => Format::JsonLines,
                    _ => return Err(wrong("format", "csv or jsonl")),
                };
            }
            "delimiter" => match *parser.value()?.as_encoded_bytes() {
                [byte] if byte.is_ascii() => self.delimiter = byte,
                [b'\\', b't'] => self.delimiter = b'\t',
                _ => return Err(wrong("delimiter", "one ASCII character, or \\t")),
            },
            "hash-column" => self.hash = parser.value()?.string()?,
            "scheme-column" => self.hash_scheme = Some(parser.value()?.string()?),
            "username-column" => self.username = Optional::named(parser.value()?.string()?),
            "email-column" => self.email = Optional::named(parser.value()?.string()?),
            "phone-column" => self.phone = Optional::named(parser.value()?.string()?),
            "scheme" => self.scheme = Some(parser.value()?.string()?),
            // Its value may hold a secret: neither lexopt nor serde is to quote it.
            "scheme-options" => {
                let options = parser.value()?;
                self.scheme_options = serde_json::from_slice(options.as_encoded_bytes())
                    .map_err(|_| wrong("scheme-options", "an object of JSON"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The format of the export.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Opens stdin, and looks whether the columns are there.
    ///
    /// # Errors
    /// With what to do.
    pub(crate) fn open(&self) -> Result<Rows<StdinLock<'static>>, Error> {
        let rows = Rows::open(io::stdin().lock(), self.format, self.delimiter)?;
        let required = [
            (Some(&self.hash), "hash-column"),
            (self.hash_scheme.as_ref(), "scheme-column"),
        ];
        let optional = [
            (&self.username, "username-column"),
            (&self.email, "email-column"),
            (&self.phone, "phone-column"),
        ];
        let optional = optional
            .iter()
            .map(|(column, option)| (column.named.then_some(&column.name), *option));
        for (column, option) in required.into_iter().chain(optional) {
            if let Some(column) = column
                && !rows.has(column)?
            {
                return Err(Error::Header(format!(
                    "no column is called {column:?}: the first line has to name the columns; say which by --{option}"
                )));
            }
        }
        Ok(rows)
    }

    /// The scheme of all hashes.
    ///
    /// # Errors
    /// If the scheme is unknown, or an option does not belong to it.
    pub(crate) fn named(&self) -> Result<Named, Error> {
        let named = Named::new(self.scheme.as_deref(), self.scheme_options.clone());
        match named {
            Ok(named) if named.is_unknown() => Err(Error::Option {
                option: "scheme",
                problem: "no scheme of that name, or it needs --scheme-options (docs/passwords.md lists them)".to_owned(),
            }),
            Ok(named) => Ok(named),
            Err(InvalidOptions) => Err(Error::Option {
                option: "scheme-options",
                problem: "they are not those of --scheme (docs/passwords.md lists them)".to_owned(),
            }),
        }
    }

    /// Reads the hash of a row, by the scheme that the row names, or by `--scheme`.
    ///
    /// # Errors
    /// [`UnsupportedHash`].
    pub(crate) fn read_hash(
        &self,
        named: &Named,
        row: &Row<'_>,
        stored: &[u8],
    ) -> Result<StoredHash, UnsupportedHash> {
        let column = self.hash_scheme.as_deref();
        let row_scheme = column.and_then(|column| row.field(column));
        let row_scheme = row_scheme.as_deref().map(String::from_utf8_lossy);
        named.read(stored, row_scheme.as_deref())
    }
}

/// An option whose value is none of those that it takes.
pub(crate) fn wrong(option: &'static str, takes: &str) -> Error {
    Error::Option {
        option,
        problem: format!("takes {takes}"),
    }
}

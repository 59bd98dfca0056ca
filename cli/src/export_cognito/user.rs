//! A row of the export, as a row of Cognito's file; or why it is none.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    io::Read,
};

use shared::{email::EmailAddress, phone::is_e164};

use super::{
    algorithm::Algorithm,
    pool_header::{PASSWORD_HASH, PoolHeader, USERNAME},
};
use crate::{
    error::Error,
    hash::Named,
    rows::{Row, Rows},
    source::Source,
};

/// Longest value of an attribute (Cognito's API, `AttributeValueType`), in characters.
const MAX_VALUE: usize = 2048;
/// Longest user name (`UsernameType`), in characters.
const MAX_USERNAME: usize = 128;
/// Longest row, in characters.
const MAX_ROW: usize = 16_000;

/// Where the attributes come from, as the operator says.
#[derive(Default)]
pub(crate) struct Mapping(BTreeMap<String, Origin>);

/// Where a value comes from.
#[derive(Clone)]
enum Origin {
    /// A column of the export.
    Column(String),
    /// The same for all.
    Fixed(String),
    /// Nowhere.
    Nothing,
}

impl Mapping {
    /// `--map`.
    pub(crate) fn set_column(&mut self, (attribute, column): (&str, &str)) {
        let column = Origin::Column(column.to_owned());
        self.0.insert(attribute.to_owned(), column);
    }

    /// `--set`.
    pub(crate) fn set_fixed(&mut self, (attribute, value): (&str, &str)) {
        let value = Origin::Fixed(value.to_owned());
        self.0.insert(attribute.to_owned(), value);
    }
}

/// A row of Cognito's file.
pub(crate) struct User {
    /// Of the file.
    pub(crate) algorithm: Algorithm,
    /// Escaped, without what ends it.
    pub(crate) row: String,
}

/// Makes users of rows.
pub(crate) struct Users {
    named: Named,
    columns: Vec<(String, Origin)>,
    /// Keyed digests of the user names and addresses so far; see `audit::distinct` for what 64 bits mean.
    digests: RandomState,
    usernames: HashSet<u64>,
    emails: Option<HashSet<u64>>,
}

impl Users {
    /// # Errors
    /// For an attribute that the pool has not, and a column that the export has not.
    pub(crate) fn new(
        source: &Source,
        header: &PoolHeader,
        mut mapping: Mapping,
        rows: &Rows<impl Read>,
        allow_same_email: bool,
    ) -> Result<Self, Error> {
        let mut columns = Vec::new();
        for attribute in header.columns() {
            let default = match attribute.as_str() {
                USERNAME => &source.username.name,
                "email" => &source.email.name,
                "phone_number" => &source.phone.name,
                name => name,
            };
            let origin = match mapping.0.remove(attribute) {
                _ if attribute == PASSWORD_HASH => Origin::Nothing,
                Some(Origin::Column(column)) if !rows.has(&column)? => {
                    return Err(Error::Option {
                        option: "map",
                        problem: format!(
                            "no column is called {column:?}: the first line names them"
                        ),
                    });
                }
                Some(origin) => origin,
                None if rows.has(default)? => Origin::Column(default.to_owned()),
                None if attribute == USERNAME => {
                    return Err(Error::Option {
                        option: "username-column",
                        problem: format!(
                            "no column is called {default:?}: say which names the users"
                        ),
                    });
                }
                None => Origin::Nothing,
            };
            columns.push((attribute.clone(), origin));
        }
        if let Some(attribute) = mapping.0.keys().next() {
            return Err(Error::PoolHeader(format!(
                "there is no {attribute:?}, which --map or --set gives: add it to the pool, or leave it out"
            )));
        }
        Ok(Self {
            named: source.named()?,
            columns,
            digests: RandomState::new(),
            usernames: HashSet::new(),
            emails: (!allow_same_email).then(HashSet::new),
        })
    }

    /// # Errors
    /// The reason code, of a row that Cognito would not take, or not as it is.
    pub(crate) fn user(&mut self, source: &Source, row: &Row<'_>) -> Result<User, String> {
        let (algorithm, hash) = self.hash(source, row)?;
        let (mut fields, mut values) = (Vec::new(), BTreeMap::new());
        for (attribute, origin) in &self.columns {
            let text = match origin {
                _ if attribute == PASSWORD_HASH => {
                    fields.push(escape(&hash));
                    continue;
                }
                Origin::Nothing => String::new(),
                Origin::Fixed(value) => value.clone(),
                Origin::Column(column) => {
                    let field = row.field(column).unwrap_or_default();
                    let field = str::from_utf8(&field);
                    field.map_err(|_| reason(attribute, "not-utf8"))?.to_owned()
                }
            };
            let value = value(attribute, text.trim())?;
            fields.push(escape(&value));
            values.insert(attribute.as_str(), value);
        }
        let is = |attribute, value: &str| values.get(attribute).is_some_and(|it| it == value);
        let verified = |flag, of| is(flag, "TRUE").then(|| !is(of, "") && values.contains_key(of));
        match (
            verified("email_verified", "email"),
            verified("phone_number_verified", "phone_number"),
        ) {
            (None, None) => return Err("nothing-verified".to_owned()),
            (Some(false), _) => return Err("email-missing".to_owned()),
            (_, Some(false)) => return Err("phone-number-missing".to_owned()),
            _ => {}
        }
        let row = fields.join(",");
        if row.chars().count() > MAX_ROW {
            return Err("row-too-long".to_owned());
        }
        let username = values.get(USERNAME).map_or("", String::as_str);
        let username = self.digests.hash_one(username.to_lowercase());
        let email = values.get("email").and_then(|text| text.parse().ok());
        let email = email.map(|email: EmailAddress| self.digests.hash_one(email.canonical()));
        if self.usernames.contains(&username) {
            return Err("username-duplicate".to_owned());
        }
        if let (Some(emails), Some(email)) = (&mut self.emails, email)
            && !emails.insert(email)
        {
            return Err("email-duplicate".to_owned());
        }
        self.usernames.insert(username);
        Ok(User { algorithm, row })
    }

    fn hash(&self, source: &Source, row: &Row<'_>) -> Result<(Algorithm, String), String> {
        let stored = row.exact_field(&source.hash).unwrap_or_default();
        let hash = source.read_hash(&self.named, row, &stored);
        let hash = hash.map_err(|unsupported| format!("hash-{}", unsupported.reason_code()))?;
        let stored = String::from_utf8_lossy(&stored);
        Algorithm::convert(&stored, hash.scheme()).map_err(|not_taken| not_taken.code().to_owned())
    }
}

/// The reason code of a value that is not Cognito's: the attribute, and what is wrong with it.
fn reason(attribute: &str, what: &str) -> String {
    let attribute = attribute.strip_prefix("cognito:").unwrap_or(attribute);
    format!("{}-{what}", attribute.replace(['_', ':'], "-"))
}

/// A value as Cognito's file has it.
///
/// # Errors
/// The reason code.
fn value(attribute: &str, text: &str) -> Result<String, String> {
    let attribute = attribute.strip_prefix("cognito:").unwrap_or(attribute);
    let wrong = |what: &str| Err(reason(attribute, what));
    // Nothing says how these are written: values "should not be in quotation marks", and a backslash stands
    // before a comma.
    if text.contains(['"', '\\']) || text.chars().any(char::is_control) {
        return wrong("unwritable");
    }
    if text.is_empty() {
        return match attribute {
            "username" => wrong("missing"),
            // The guide requires a value for every user; an export rarely has the column.
            "mfa_enabled" => Ok("FALSE".to_owned()),
            _ => Ok(String::new()),
        };
    }
    match attribute {
        "username" if text.chars().any(char::is_whitespace) => wrong("blank-inside"),
        "username" if text.chars().count() > MAX_USERNAME => wrong("too-long"),
        "email_verified" | "phone_number_verified" | "mfa_enabled" => {
            match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "yes" | "1" => Ok("TRUE".to_owned()),
                "false" | "f" | "no" | "0" => Ok("FALSE".to_owned()),
                _ => wrong("not-boolean"),
            }
        }
        "email" if text.parse::<EmailAddress>().is_err() => wrong("invalid"),
        "phone_number" if !is_e164(text) => wrong("not-e164"),
        "updated_at" if !text.bytes().all(|byte| byte.is_ascii_digit()) => wrong("not-epoch"),
        "birthdate" => match birthdate(text) {
            Some(date) => Ok(date),
            None => wrong("not-a-date"),
        },
        _ if text.chars().count() > MAX_VALUE => wrong("too-long"),
        _ => Ok(text.to_owned()),
    }
}

/// `mm/dd/yyyy`, from that or from ISO 8601's `yyyy-mm-dd`.
fn birthdate(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['/', '-']).collect();
    let (month, day, year) = match *parts {
        [month, day, year] if text.contains('/') && !text.contains('-') => (month, day, year),
        [year, month, day] if !text.contains('/') => (month, day, year),
        _ => return None,
    };
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    let sound = digits(month, 2)
        && digits(day, 2)
        && digits(year, 4)
        && ("01"..="12").contains(&month)
        && ("01"..="31").contains(&day);
    sound.then(|| format!("{month}/{day}/{year}"))
}

/// A backslash before each comma; no quotation marks.
fn escape(value: &str) -> String {
    value.replace(',', "\\,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birthdate_becomes_cognitos() {
        assert_eq!(birthdate("1985-02-01").as_deref(), Some("02/01/1985"));
        assert_eq!(birthdate("02/01/1985").as_deref(), Some("02/01/1985"));
        for bad in [
            "1985-13-01",
            "31/12/1985",
            "1985/02/01",
            "1.2.1985",
            "1985-2-1",
        ] {
            assert_eq!(birthdate(bad), None, "{bad}");
        }
    }
}

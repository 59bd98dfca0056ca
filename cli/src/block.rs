//! `poolkeeper block` and `poolkeeper unblock`: who may not sign up from now on, without a deploy.

use std::{
    io::{self, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use lexopt::prelude::{Long, Short, ValueExt as _};
use serde_json::{Value, json};
use shared::{
    email::{Domain, EmailAddress},
    policy::PhonePrefix,
    state::DirectoryKey,
};

use crate::{Outcome, error::Error, help, shell::quoted};

const USAGE: &str = "\
poolkeeper block   --table NAME --email ADDRESS | --domain NAME | --phone PREFIX [--days N]
poolkeeper unblock --table NAME --email ADDRESS | --domain NAME | --phone PREFIX

Prints the command of the AWS CLI that blocks an address, a domain with those below it, or the phone numbers that begin
so; or lifts the block. A check `blocked = {}` of pre-sign-up obeys at once. Calls nobody.

  --table NAME       the directory table (output DirectoryTableName of the stack)
  --days N           blocks for so long, 1 to 3650; until it is lifted if left out
  --email ADDRESS    this address, and the provider's other spellings of its mailbox
  --domain NAME      addresses of this domain and of those below it
  --phone PREFIX     phone numbers that begin so: + and digits";

const DAY: u64 = 24 * 3600;

/// Runs `block`.
///
/// # Errors
/// For arguments that there are not, that are missing or that are not what they should be, and where stdout fails.
pub(crate) fn block(parser: lexopt::Parser) -> Result<Outcome, Error> {
    let Some(asked) = Asked::read(parser)? else {
        return help(USAGE);
    };
    let mut item = asked.key;
    if let (Some(days), Some(item)) = (asked.days, item.as_object_mut()) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let until = now.unwrap_or_default().as_secs() + u64::from(days) * DAY;
        item.insert("expires_at".to_owned(), json!({"N": until.to_string()}));
    }
    let (table, item) = (quoted(&asked.table), quoted(&item.to_string()));
    let command = format!("aws dynamodb put-item --table-name {table} --item {item}");
    writeln!(io::stdout(), "{command}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// Runs `unblock`.
///
/// # Errors
/// As [`block`].
pub(crate) fn unblock(parser: lexopt::Parser) -> Result<Outcome, Error> {
    let Some(asked) = Asked::read(parser)? else {
        return help(USAGE);
    };
    if asked.days.is_some() {
        return Err(problem("days", "is for block"));
    }
    let (table, key) = (quoted(&asked.table), quoted(&asked.key.to_string()));
    let command = format!("aws dynamodb delete-item --table-name {table} --key {key}");
    writeln!(io::stdout(), "{command}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// What is asked for.
struct Asked {
    table: String,
    /// As the AWS CLI reads it.
    key: Value,
    days: Option<u16>,
}

impl Asked {
    /// `None` where help is asked for.
    fn read(mut parser: lexopt::Parser) -> Result<Option<Self>, Error> {
        let (mut table, mut days) = (None, None);
        let mut keys = Vec::new();
        while let Some(argument) = parser.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(None),
                Long("table") => table = Some(parser.value()?.string()?),
                Long("days") => days = Some(parser.value()?.parse()?),
                Long("email") => keys.push(email(&parser.value()?.string()?)?),
                Long("domain") => keys.push(domain(&parser.value()?.string()?)?),
                Long("phone") => keys.push(phone(parser.value()?.string()?)?),
                other => return Err(other.unexpected().into()),
            }
        }
        let table = table.filter(|table| !table.is_empty());
        let table = table.ok_or_else(|| problem("table", "is needed"))?;
        if days.is_some_and(|days| !(1..=3650).contains(&days)) {
            return Err(problem("days", "takes 1 to 3650"));
        }
        let [key] = keys.as_slice() else {
            let expected = "expected one of --email, --domain and --phone, once";
            return Err(problem("email", expected));
        };
        let key = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
        Ok(Some(Self { table, key, days }))
    }
}

fn email(text: &str) -> Result<DirectoryKey, Error> {
    let address: EmailAddress = text
        .parse()
        .map_err(|_| problem("email", "expected an e-mail address"))?;
    Ok(DirectoryKey::block("email", &address.mailbox()))
}

fn domain(text: &str) -> Result<DirectoryKey, Error> {
    let domain: Domain = text
        .parse()
        .map_err(|_| problem("domain", "expected a domain such as example.com"))?;
    Ok(DirectoryKey::block("domain", domain.as_str()))
}

fn phone(text: String) -> Result<DirectoryKey, Error> {
    let prefix = PhonePrefix::try_from(text).map_err(|expected| problem("phone", expected))?;
    Ok(DirectoryKey::block("phone", prefix.as_str()))
}

fn problem(option: &'static str, problem: &str) -> Error {
    let problem = problem.to_owned();
    Error::Option { option, problem }
}

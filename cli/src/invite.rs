//! `poolkeeper invite`: makes an invitation, lists them, takes one back.

use std::{
    io::{self, Write as _},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lexopt::prelude::{Long, Short, ValueExt as _};
use serde_json::{Value, json};
use shared::{email::EmailAddress, invitation::address_digest, state::DirectoryKey};

use crate::{Outcome, error::Error, help, shell::quoted};

const USAGE: &str = "\
poolkeeper invite --table NAME [--days N] [--email ADDRESS] [--group NAME]…
poolkeeper invite --table NAME --list
poolkeeper invite --table NAME --revoke DIGEST

Prints a command of the AWS CLI, and calls nobody. The first form makes a code, says it once on stderr, and its command
writes the invitation; the table holds a digest of the code, from which nobody makes the code again.

  --table NAME      the directory table (output DirectoryTableName of the stack)
  --days N          for how long, 1 to 365; 14 if left out
  --email ADDRESS   the only address that it is for
  --group NAME      a group of the user pool that its bearer joins; more than once for more
  --list            the invitations: digest, expiry, who redeemed them
  --revoke DIGEST   takes back the invitation of this digest";

/// Octets of a code: nobody guesses one.
const CODE_OCTETS: usize = 16;
const DAY: u64 = 24 * 3600;

/// What is asked for.
#[derive(Default)]
struct Asked {
    table: Option<String>,
    days: Option<u16>,
    email: Option<String>,
    groups: Vec<String>,
    list: bool,
    revoke: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not or that are missing, and where stdout or the system's random numbers fail.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    let mut asked = Asked::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("table") => asked.table = Some(parser.value()?.string()?),
            Long("days") => asked.days = Some(parser.value()?.parse()?),
            Long("email") => asked.email = Some(parser.value()?.string()?),
            Long("group") => asked.groups.push(parser.value()?.string()?),
            Long("list") => asked.list = true,
            Long("revoke") => asked.revoke = Some(parser.value()?.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let table = asked.table.as_deref().filter(|table| !table.is_empty());
    let table = table.ok_or_else(|| wrong("table", "is needed"))?;
    let makes = asked.days.is_some() || asked.email.is_some() || !asked.groups.is_empty();
    let command = match (asked.list, &asked.revoke) {
        (false, None) => {
            let (code, command) = make(table, &asked)?;
            let told = writeln!(io::stderr(), "the code, which is shown once: {code}");
            told.map_err(Error::Output)?;
            command
        }
        (true, None) if !makes => list(table),
        (false, Some(digest)) if !makes => revoke(table, digest)?,
        _ => return Err(wrong("list", "and --revoke stand alone")),
    };
    writeln!(io::stdout(), "{command}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// A code, and the command that writes its invitation.
fn make(table: &str, asked: &Asked) -> Result<(String, String), Error> {
    let days = asked.days.unwrap_or(14);
    if !(1..=365).contains(&days) {
        return Err(wrong("days", "takes 1 to 365"));
    }
    let address: Option<EmailAddress> = match &asked.email {
        None => None,
        Some(email) => {
            let parsed = email.parse();
            Some(parsed.map_err(|_| wrong("email", "takes one e-mail address"))?)
        }
    };
    let mut octets = [0; CODE_OCTETS];
    getrandom::fill(&mut octets).map_err(|error| Error::Output(io::Error::other(error)))?;
    let code = base16ct::lower::encode_string(&octets);
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or(Duration::ZERO).as_secs();
    let expires_at = now + u64::from(days) * DAY;
    let key = DirectoryKey::invitation(&code);
    let mut item = json!({
        "pk": {"S": key.pk},
        "sk": {"S": key.sk},
        "expires_at": {"N": expires_at.to_string()},
        "invited_at": {"N": now.to_string()},
    });
    if let (Some(address), Some(item)) = (address, item.as_object_mut()) {
        let digest = address_digest(&address.canonical());
        item.insert("email".to_owned(), json!({"S": digest}));
    }
    if let (false, Some(item)) = (asked.groups.is_empty(), item.as_object_mut()) {
        item.insert("groups".to_owned(), json!({"SS": asked.groups}));
    }
    let command = format!(
        "aws dynamodb put-item --table-name {} --condition-expression 'attribute_not_exists(pk)' --item {}",
        quoted(table),
        quoted(&item.to_string()),
    );
    Ok((code, command))
}

fn list(table: &str) -> String {
    let values = json!({":invitation": {"S": "INVITATION"}});
    format!(
        "aws dynamodb scan --table-name {} --filter-expression 'sk = :invitation' \
         --expression-attribute-values {} \
         --projection-expression 'pk, expires_at, reserved_until, redeemed_by, redeemed_at'",
        quoted(table),
        quoted(&values.to_string()),
    )
}

fn revoke(table: &str, digest: &str) -> Result<String, Error> {
    let digest = digest.trim_start_matches("INVITE#");
    let hexadecimal = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
    if digest.len() != 64 || !digest.bytes().all(hexadecimal) {
        return Err(wrong("revoke", "takes the 64 digits behind INVITE#"));
    }
    let key = DirectoryKey::invitation_by_digest(digest);
    let key: Value = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
    Ok(format!(
        "aws dynamodb delete-item --table-name {} --key {}",
        quoted(table),
        quoted(&key.to_string()),
    ))
}

fn wrong(option: &'static str, problem: &str) -> Error {
    let problem = problem.to_owned();
    Error::Option { option, problem }
}

//! `poolkeeper erase`: removes a person from the user pool and from every table.
//!
//! Each step may be repeated, and the order keeps reconcile from bringing anybody back: the directory has a
//! tombstone before the pool loses the user, and loses the tombstone last.

mod pool;
mod tables;

use std::{
    io::{self, Write as _},
    time::Duration,
};

use serde_json::json;
use shared::{
    aws::{self, ServiceError},
    deadline::Deadline,
    record::User,
    retire::{Leave, Retirer},
};

use self::{pool::Pool, tables::Tables};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper erase --user-pool ID --directory TABLE --user NAME | --sub SUB [options] [--yes]

Removes a person: the claim of their mailbox, their profile, their outbox events and the vendor's record of their
identities from the directory table, and the user from the pool. Consumers hear `user.deleted`. Without --yes it only says what there is. Credentials and Region are
those of the environment. What was begun may be repeated, by --sub once the pool has lost the user.

  --user-pool ID        the user pool
  --directory TABLE     the directory table (output DirectoryTableName of the stack)
  --user NAME           the user name, or an address by which the person signs in
  --sub SUB             the user's `sub`, where the pool does not know them any more
  --keep-user           leaves the user in the pool, and a tombstone in the directory so that nobody records them anew
  --legacy TABLE:COLUMN=KEY   also deletes this row of a legacy table; may be given more than once
  --yes                 does it";

/// What all of it may take.
const TIME: Duration = Duration::from_secs(600);

/// What told of the deletion, in the event.
const SOURCE: &str = "poolkeeper erase";

/// What is left, and for how long. Printed, because somebody has to answer for it.
const LEFT: [&str; 7] = [
    "the identities of the identity pool, by identity_ids: aws cognito-identity delete-identities",
    "that the person moved in from a legacy store, by a digest: without it they would come back by their old password",
    "that an invitation was redeemed, by the sub",
    "limits, reservations and marks in the ephemeral table, by digests: they expire within 40 days",
    "audit lines, by a keyed hash, until the log groups' retention ends",
    "events on the bus and wherever rules have carried them, by the sub",
    "the table's point-in-time recovery, for 35 days",
];

/// What the command is to do.
#[derive(Default)]
struct Request {
    user_pool: String,
    directory: String,
    user: Option<String>,
    sub: Option<String>,
    keep_user: bool,
    legacy: Vec<LegacyRow>,
    yes: bool,
}

/// A row of a legacy table.
struct LegacyRow {
    table: String,
    column: String,
    key: String,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not or that are missing, and where a service refuses or does not answer.
pub(crate) fn run(parser: lexopt::Parser) -> Result<Outcome, Error> {
    let Some(request) = read(parser)? else {
        return help(USAGE);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Output)?;
    let report = runtime.block_on(erase(&request))?;
    writeln!(io::stdout(), "{report:#}").map_err(Error::Output)?;
    Ok(if request.yes {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

/// `None` where help is asked for.
fn read(mut parser: lexopt::Parser) -> Result<Option<Request>, Error> {
    use lexopt::{
        ValueExt as _,
        prelude::{Long, Short},
    };

    let mut request = Request::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("user-pool") => request.user_pool = parser.value()?.string()?,
            Long("directory") => request.directory = parser.value()?.string()?,
            Long("user") => request.user = Some(parser.value()?.string()?),
            Long("sub") => request.sub = Some(parser.value()?.string()?),
            Long("keep-user") => request.keep_user = true,
            Long("legacy") => request.legacy.push(legacy(&parser.value()?.string()?)?),
            Long("yes") => request.yes = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let needed = |option, problem: &str| Error::Option {
        option,
        problem: problem.to_owned(),
    };
    if request.user_pool.is_empty() {
        return Err(needed("user-pool", "is needed"));
    }
    if request.directory.is_empty() {
        return Err(needed("directory", "is needed"));
    }
    if request.user.is_some() == request.sub.is_some() {
        return Err(needed("user", "either this or --sub is needed"));
    }
    Ok(Some(request))
}

fn legacy(text: &str) -> Result<LegacyRow, Error> {
    let parts = text.split_once(':').and_then(|(table, rest)| {
        let (column, key) = rest.split_once('=')?;
        Some([table, column, key])
    });
    match parts {
        Some([table, column, key]) if ![table, column, key].contains(&"") => Ok(LegacyRow {
            table: table.to_owned(),
            column: column.to_owned(),
            key: key.to_owned(),
        }),
        _ => Err(Error::Option {
            option: "legacy",
            problem: "expected TABLE:COLUMN=KEY".to_owned(),
        }),
    }
}

async fn erase(request: &Request) -> Result<serde_json::Value, Error> {
    let config = aws::config()
        .await
        .map_err(|error| Error::Erase(error.to_string()))?;
    let deadline = Deadline::after(TIME);
    let pool = Pool::new(&config, &request.user_pool);
    let dynamodb = aws_sdk_dynamodb::Client::new(&config);
    let tables = Tables {
        client: dynamodb.clone(),
        directory: &request.directory,
    };
    let found = match (&request.user, &request.sub) {
        (Some(name), _) => pool.find(name, deadline).await?,
        _ => None,
    };
    let sub = match (&found, &request.sub) {
        (Some(found), _) => found.sub.clone(),
        (None, Some(sub)) => sub.clone(),
        (None, None) => {
            let problem = "the pool has no such user: name them by --sub".to_owned();
            return Err(Error::Erase(problem));
        }
    };
    let records = tables.find(&request.user_pool, &sub, deadline).await?;
    let mut report = json!({
        "user_pool_id": request.user_pool,
        "sub": sub,
        "done": request.yes,
        "in_pool": found.is_some(),
        "keeps_user": request.keep_user,
        "profile": records.profile,
        "claim": records.claim.is_some(),
        "events": records.events.len(),
        "moved_in_records": records.moved.len(),
        "identities": records.identities.len(),
        "identity_ids": records.identity_ids,
        "guest_identities": records.guests.len(),
        "legacy_rows": request.legacy.len(),
    });
    if let Some(members) = report.as_object_mut() {
        members.insert("left".to_owned(), json!(LEFT));
    }
    if request.yes {
        let named = found.as_ref().map_or("", |found| found.user_name.as_str());
        let user = User {
            user_pool_id: &request.user_pool,
            sub: &sub,
            user_name: named,
            client_id: None,
            source: SOURCE,
            attributes: Vec::new(),
            mailbox: None,
            groups: std::collections::BTreeSet::new(),
            redeems: false,
        };
        let retirer = Retirer::new(request.directory.clone(), dynamodb);
        let keeps = request.keep_user && found.is_some();
        // Before the pool loses the user: a reconcile that runs meanwhile brings nobody back.
        let claim = records.claim.as_deref();
        retirer
            .retire(&user, claim, Leave::Tombstone, deadline)
            .await?;
        tables.forget(&records, deadline).await?;
        for row in &request.legacy {
            tables.delete_row(row, deadline).await?;
        }
        if let (Some(found), false) = (&found, keeps) {
            pool.delete(&found.user_name, deadline).await?;
        }
        if !keeps {
            retirer
                .retire(&user, None, Leave::Nothing, deadline)
                .await?;
        }
    }
    Ok(report)
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Erase(error.to_string())
    }
}

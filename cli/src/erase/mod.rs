//! `poolkeeper erase`: removes a person from the user pool and from every table.
//!
//! Each step may be repeated, and the order keeps reconcile and the legacy store from bringing anybody back: nobody
//! can move in any more, then the directory has a tombstone, then the pool loses the user, and the tombstone goes last.

mod audit;
mod pool;
mod request;
mod tables;

use std::{
    io::{self, Write as _},
    time::Duration,
};

use aws_config::SdkConfig;
use serde_json::{Value, json};
use shared::{
    aws::{self, ServiceError},
    deadline::Deadline,
    record::User,
    retire::{Leave, Retirer},
};

use self::{
    audit::Erasures,
    pool::{Found, Pool},
    request::{By, Request, Whom},
    tables::{Records, Tables},
};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper erase --directory TABLE --user-pool ID --user NAME | --sub SUB [options] [--yes]
poolkeeper erase --directory TABLE --subject SOURCE=SUBJECT [--yes]

Removes a person: the claim of their mailbox, their profile, their outbox events and the vendor's record of their
identities from the directory table, and the user from the pool. Consumers hear `user.deleted`. Without --yes it only
says what there is. Credentials and Region are those of the environment, and the directory keeps whose they were. What
was begun may be repeated, by --sub once the pool has lost the user.

  --directory TABLE     the directory table (output DirectoryTableName of the stack)
  --user-pool ID        the user pool
  --user NAME           the user name, or an address by which the person signs in
  --sub SUB             the user's `sub`, also where the pool does not know them any more
  --subject SOURCE=SUBJECT    a subject of a source of the vendor's policy: their identities, and nothing of the pool
  --keep-user           leaves the user in the pool, and a tombstone in the directory so that nobody records them anew
  --legacy TABLE:COLUMN=KEY   also deletes this row of a legacy table; may be given more than once
  --yes                 does it";

/// What all of it may take.
const TIME: Duration = Duration::from_secs(600);

/// What told of the deletion, in the event.
const SOURCE: &str = "poolkeeper erase";

/// What is left, and for how long. Printed, because somebody has to answer for it.
const LEFT: [&str; 11] = [
    "the identities of the identity pool, by identity_ids: aws cognito-identity delete-identities",
    "rows of legacy stores that --legacy does not name, and those that it cannot: of a table with a sort key or a key \
     that is no text, of a database, behind an endpoint, in an old user pool",
    "that the person moved in from a legacy store, by a digest: without it they would come back by their old password",
    "that an invitation was redeemed, by the sub",
    "a block of the address or number, by a digest, which refuses their next sign-up: poolkeeper unblock lifts it",
    "limits, reservations and marks in the ephemeral table, by digests: they expire within 40 days",
    "messages of DeferredQueue and its dead-letter queue, by the user name: they expire within 14 days",
    "audit lines, by a keyed hash, until the log groups' retention ends",
    "events on the bus and wherever rules have carried them, by the sub",
    "the record of this erasure, by a digest: who ran it, and when",
    "the table's point-in-time recovery, for 35 days",
];

/// Runs the command.
///
/// # Errors
/// For arguments that there are not or that are missing, and where a service refuses or does not answer.
pub(crate) fn run(parser: lexopt::Parser) -> Result<Outcome, Error> {
    let Some(request) = Request::read(parser)? else {
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

/// What an erasure is made with.
struct Eraser<'a> {
    config: SdkConfig,
    client: aws_sdk_dynamodb::Client,
    request: &'a Request,
    deadline: Deadline,
}

async fn erase(request: &Request) -> Result<Value, Error> {
    let config = aws::config()
        .await
        .map_err(|error| Error::Erase(error.to_string()))?;
    let eraser = Eraser {
        client: aws_sdk_dynamodb::Client::new(&config),
        config,
        request,
        deadline: Deadline::after(TIME),
    };
    match &request.whom {
        Whom::User {
            user_pool,
            by,
            keep,
        } => eraser.user(user_pool, by, *keep).await,
        Whom::Subject { source, subject } => eraser.subject(source, subject).await,
    }
}

impl Eraser<'_> {
    async fn user(&self, user_pool: &str, by: &By, keep: bool) -> Result<Value, Error> {
        let pool = Pool::new(&self.config, user_pool);
        let tables = self.tables();
        let found = match by {
            By::Name(name) => pool.find(name, self.deadline).await?,
            By::Sub(sub) => pool.find_by_sub(sub, self.deadline).await?,
        };
        let sub = match (&found, by) {
            (Some(found), _) => found.sub.clone(),
            (None, By::Sub(sub)) if !keep => sub.clone(),
            (None, By::Sub(_)) => {
                let problem = "the pool has no such user, so there is nobody to keep".to_owned();
                let option = "keep-user";
                return Err(Error::Option { option, problem });
            }
            (None, By::Name(_)) => {
                let problem = "the pool has no such user: name them by --sub".to_owned();
                return Err(Error::Erase(problem));
            }
        };
        let names = found.as_ref().map(Found::all_names).unwrap_or_default();
        let records = tables
            .of_user(user_pool, &sub, &names, self.deadline)
            .await?;
        let erasures = self.erasures(user_pool, &sub);
        let mut report = self.report(&records, &erasures).await?;
        report.extend([
            ("user_pool_id".to_owned(), json!(user_pool)),
            ("sub".to_owned(), json!(sub)),
            ("in_pool".to_owned(), json!(found.is_some())),
            ("keeps_user".to_owned(), json!(keep)),
            ("profile".to_owned(), json!(records.profile)),
            ("claim".to_owned(), json!(!records.claims.is_empty())),
            ("events".to_owned(), json!(records.events.len())),
            ("moved_in_records".to_owned(), json!(records.moved.len())),
        ]);
        if self.request.yes {
            let begun = self.begin(&erasures, keep).await?;
            tables.forget_moved(&records, self.deadline).await?;
            let named = found.as_ref().map_or("", |found| found.user_name.as_str());
            let user = User {
                user_pool_id: user_pool,
                sub: &sub,
                user_name: named,
                client_id: None,
                source: SOURCE,
                attributes: Vec::new(),
                mailbox: None,
                groups: std::collections::BTreeSet::new(),
                redeems: false,
            };
            let retirer = Retirer::new(self.request.directory.clone(), self.client.clone());
            // Nobody is told that a user is gone of whom nobody has ever heard.
            let is_user = found.is_some() || records.known;
            if is_user {
                // Before the pool loses the user: a reconcile that runs meanwhile brings nobody back.
                retirer
                    .retire(&user, None, Leave::Tombstone, self.deadline)
                    .await?;
            }
            for claim in &records.claims {
                retirer.release_claim(&sub, claim, self.deadline).await?;
            }
            self.forget(&records).await?;
            if let (Some(found), false) = (&found, keep) {
                pool.delete(&found.user_name, self.deadline).await?;
            }
            if is_user && !keep {
                retirer
                    .retire(&user, None, Leave::Nothing, self.deadline)
                    .await?;
            }
            erasures.complete(&begun, self.deadline).await?;
        }
        Ok(Value::Object(report))
    }

    async fn subject(&self, source: &str, subject: &str) -> Result<Value, Error> {
        let tables = self.tables();
        let records = tables.of_subject(source, subject, self.deadline).await?;
        let erasures = self.erasures(source, subject);
        let mut report = self.report(&records, &erasures).await?;
        report.insert("source".to_owned(), json!(source));
        if self.request.yes {
            let begun = self.begin(&erasures, false).await?;
            self.forget(&records).await?;
            erasures.complete(&begun, self.deadline).await?;
        }
        Ok(Value::Object(report))
    }

    /// What is said of everybody.
    async fn report(
        &self,
        records: &Records,
        erasures: &Erasures<'_>,
    ) -> Result<serde_json::Map<String, Value>, ServiceError> {
        let mut rows = 0;
        for row in &self.request.legacy {
            rows += usize::from(self.tables().has_row(row, self.deadline).await?);
        }
        let members = [
            ("done", json!(self.request.yes)),
            ("identities", json!(records.identities.len())),
            ("identity_ids", json!(records.identity_ids)),
            ("guest_identities", json!(records.guests.len())),
            ("legacy_rows", json!(rows)),
            (
                "erased_before",
                json!(erasures.before(self.deadline).await?),
            ),
            ("left", json!(LEFT)),
        ];
        let members = members.into_iter();
        Ok(members
            .map(|(name, value)| (name.to_owned(), value))
            .collect())
    }

    async fn begin(
        &self,
        erasures: &Erasures<'_>,
        keeps_user: bool,
    ) -> Result<shared::state::DirectoryKey, ServiceError> {
        let caller = audit::caller(&self.config, self.deadline).await?;
        erasures.begin(&caller, keeps_user, self.deadline).await
    }

    /// What has nothing to do with a user of the pool.
    async fn forget(&self, records: &Records) -> Result<(), ServiceError> {
        let tables = self.tables();
        tables.forget(records, self.deadline).await?;
        for row in &self.request.legacy {
            tables.delete_row(row, self.deadline).await?;
        }
        Ok(())
    }

    fn tables(&self) -> Tables<'_> {
        Tables {
            client: self.client.clone(),
            directory: &self.request.directory,
        }
    }

    fn erasures<'a>(&'a self, scope: &'a str, subject: &'a str) -> Erasures<'a> {
        Erasures {
            client: self.client.clone(),
            directory: &self.request.directory,
            scope,
            subject,
        }
    }
}

impl From<ServiceError> for Error {
    fn from(error: ServiceError) -> Self {
        Self::Erase(error.to_string())
    }
}

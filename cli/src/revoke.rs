//! `poolkeeper revoke`: proofs that were made before now are no longer good, and neither are sessions, if asked.

use std::io::{self, Write as _};

use serde_json::{Value, json};
use shared::state::{DirectoryKey, rfc3339};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Outcome, error::Error, help, shell::quoted};

const USAGE: &str = "\
poolkeeper revoke --table NAME --source NAME --subject ID --identity-pool ID [options]
poolkeeper revoke --table NAME --source NAME [options]
poolkeeper revoke --table NAME --role ALIAS [options]

Prints the commands of the AWS CLI by which identity-vendor refuses, from its next call on, every proof that was made
before now: of one subject, of a source, or for a role. With --deny-role also those that take the sessions which are
out already away from a role. Calls nobody.

  --table NAME          the directory table (output DirectoryTableName of the stack)
  --source NAME         the source, by its name in policy.toml
  --subject ID          the subject, as the source names it (`sub`)
  --identity-pool ID    the vendor's identity pool (output IdentityPoolId)
  --role ALIAS          the role, by its alias in policy.toml
  --before TIME         RFC 3339; now if it is left out. An earlier time than the one on record changes nothing
  --deny-role NAME      the name of an IAM role whose sessions of before are denied everything; may be repeated
  --session-name NAME   of these sessions only those of this name (CloudTrail's userIdentity has it)";

/// What is revoked.
enum Target {
    Subject {
        pool: String,
        source: String,
        subject: String,
    },
    Source(String),
    Role(String),
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, that are missing or do not go together, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::{
        ValueExt as _,
        prelude::{Long, Short},
    };

    let [mut table, mut source, mut subject, mut pool] = [const { None::<String> }; 4];
    let [mut role, mut before, mut session] = [const { None::<String> }; 3];
    let mut denied = Vec::new();
    while let Some(argument) = parser.next()? {
        let value = match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("table") => &mut table,
            Long("source") => &mut source,
            Long("subject") => &mut subject,
            Long("identity-pool") => &mut pool,
            Long("role") => &mut role,
            Long("before") => &mut before,
            Long("session-name") => &mut session,
            Long("deny-role") => {
                denied.push(parser.value()?.string()?);
                continue;
            }
            other => return Err(other.unexpected().into()),
        };
        *value = Some(parser.value()?.string()?).filter(|value| !value.is_empty());
    }
    let wrong = |option, problem: &str| Error::Option {
        option,
        problem: problem.to_owned(),
    };
    let table = table.ok_or_else(|| wrong("table", "is needed"))?;
    let target = match (role, source, subject, pool) {
        (Some(role), None, None, None) => Target::Role(role),
        (None, Some(source), None, None) => Target::Source(source),
        (None, Some(source), Some(subject), Some(pool)) => Target::Subject {
            pool,
            source,
            subject,
        },
        (None, Some(_), Some(_), None) => {
            return Err(wrong("identity-pool", "goes with --subject"));
        }
        (None, Some(_), None, Some(_)) => {
            return Err(wrong("subject", "goes with --identity-pool"));
        }
        (Some(_), ..) => return Err(wrong("role", "goes with no --source and no --subject")),
        (None, None, ..) => return Err(wrong("source", "or --role is needed")),
    };
    if session.is_some() && denied.is_empty() {
        return Err(wrong("session-name", "goes with --deny-role"));
    }
    let before = match before {
        None => OffsetDateTime::now_utc(),
        Some(text) => OffsetDateTime::parse(&text, &Rfc3339)
            .map_err(|_| wrong("before", "expected a time such as 2026-11-30T12:00:00Z"))?,
    };
    let mut commands = vec![update(&table, &target, before)];
    let denials = denied.iter();
    commands.extend(denials.map(|role| denial(role, session.as_deref(), before)));
    writeln!(io::stdout(), "{}", commands.join("\n")).map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// What the vendor reads beside the identity record. A later time on record stays.
fn update(table: &str, target: &Target, before: OffsetDateTime) -> String {
    let key = match target {
        Target::Subject {
            pool,
            source,
            subject,
        } => DirectoryKey::identity(pool, source, subject),
        Target::Source(source) => DirectoryKey::revoked("source", source),
        Target::Role(alias) => DirectoryKey::revoked("role", alias),
    };
    let key = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}});
    let values = json!({":before": {"N": before.unix_timestamp().to_string()}});
    format!(
        "aws dynamodb update-item --table-name {} --key {} \
         --update-expression 'SET revoked_before = :before' \
         --condition-expression 'attribute_not_exists(revoked_before) OR revoked_before < :before' \
         --expression-attribute-values {}",
        quoted(table),
        quoted(&key.to_string()),
        quoted(&values.to_string()),
    )
}

/// IAM user guide, "Revoking IAM role temporary security credentials".
fn denial(role: &str, session: Option<&str>, before: OffsetDateTime) -> String {
    let mut condition = json!({"DateLessThan": {"aws:TokenIssueTime": rfc3339(before)}});
    if let (Some(session), Value::Object(operators)) = (session, &mut condition) {
        let of_session = json!({"aws:userid": format!("*:{session}")});
        operators.insert("StringLike".to_owned(), of_session);
    }
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}],
    });
    let name = match session {
        None => "poolkeeper-revoked".to_owned(),
        Some(session) => format!("poolkeeper-revoked-{session}"),
    };
    format!(
        "aws iam put-role-policy --role-name {} --policy-name {} --policy-document {}",
        quoted(role),
        quoted(&name),
        quoted(&policy.to_string()),
    )
}

//! `poolkeeper readmit`: lets a user who has moved in before move in once more.

use std::io::{self, Write as _};

use serde_json::json;
use shared::state::DirectoryKey;

use crate::{Outcome, error::Error, help, shell::quoted};

const USAGE: &str = "\
poolkeeper readmit --table NAME --user-pool ID --store NAME --record-id ID

Prints the command of the AWS CLI that deletes the record of a user who moved in from a legacy store, so that the
user-migration function offers them to Cognito again. Calls nobody.

  --table NAME       the directory table (output DirectoryTableName of the stack)
  --user-pool ID     the user pool
  --store NAME       the store's name in policy.toml
  --record-id ID     what the store calls the record: the key of a row, the id of an endpoint's user";

/// Runs the command.
///
/// # Errors
/// For arguments that there are not or that are missing, and where stdout fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::{
        ValueExt as _,
        prelude::{Long, Short},
    };

    let [mut table, mut pool, mut store, mut record] = [const { None::<String> }; 4];
    while let Some(argument) = parser.next()? {
        let value = match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("table") => &mut table,
            Long("user-pool") => &mut pool,
            Long("store") => &mut store,
            Long("record-id") => &mut record,
            other => return Err(other.unexpected().into()),
        };
        *value = Some(parser.value()?.string()?);
    }
    let given = |value: Option<String>, option| {
        value
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Error::Option {
                option,
                problem: "is needed".to_owned(),
            })
    };
    let (table, pool) = (given(table, "table")?, given(pool, "user-pool")?);
    let (store, record) = (given(store, "store")?, given(record, "record-id")?);
    let key = DirectoryKey::moved(&pool, &store, &record);
    let key = json!({"pk": {"S": key.pk}, "sk": {"S": key.sk}}).to_string();
    let (table, key) = (quoted(&table), quoted(&key));
    let command = format!("aws dynamodb delete-item --table-name {table} --key {key}");
    writeln!(io::stdout(), "{command}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

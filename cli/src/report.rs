//! `poolkeeper report`: who has not moved in yet, by the scheme of the hash.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs, io,
    path::Path,
};

use password::StoredHash;
use serde::{Deserialize, Serialize};
use shared::state::DirectoryKey;

use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper report --user-pool ID --store NAME --moved FILE [--legacy FILE] [options]

Counts the users of a legacy table who have moved in, who were offered to Cognito and not yet seen in the pool, and
who are left, by the scheme of their hash; lists who must enrol a second factor again. Calls nobody: it reads what the AWS CLI wrote.

  aws dynamodb scan --table-name <LegacyUsersTableName> --output json > legacy.json
  aws dynamodb scan --table-name <DirectoryTableName> --output json --filter-expression 'begins_with(pk, :moved)' \\
    --expression-attribute-values '{\":moved\": {\"S\": \"MOVED#\"}}' > moved.json

  --user-pool ID        the user pool
  --store NAME          the store's name in policy.toml
  --legacy FILE         the legacy table, as above; it holds hashes: keep it safe, and delete it afterwards. Without it
                        (the store is no table) nobody is counted as left
  --moved FILE          the records of who moved in, as above
  --key COLUMN          the key of the legacy table (default: username)
  --hash COLUMN         its hashes (default: password_hash)
  --scheme COLUMN       its schemes (default: hash_scheme)";

/// What the AWS CLI writes of a scan.
#[derive(Deserialize)]
struct Scan {
    #[serde(rename = "Items")]
    items: Vec<HashMap<String, Attribute>>,
}

/// An attribute, of which texts and flags count.
#[derive(Deserialize)]
struct Attribute {
    #[serde(rename = "S")]
    text: Option<String>,
    #[serde(rename = "BOOL")]
    flag: Option<bool>,
}

/// How far the migration is.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Report {
    /// Rows of the legacy table.
    users: u64,
    /// Seen in the pool.
    moved: u64,
    /// Offered to Cognito, and not seen in the pool.
    offered: u64,
    /// When somebody was offered last, RFC 3339.
    last_offered_at: Option<String>,
    /// Neither.
    left: u64,
    /// Of those who are left: whose password was right once all the same (the pool's policy refused it, say), where the
    /// store notes that.
    left_verified: u64,
    /// When one of them showed it last, RFC 3339.
    left_last_verified_at: Option<String>,
    /// Who had a second factor in the old system, by the name in the pool: it did not move.
    enrol_mfa_again: BTreeSet<String>,
    /// Those who are left, by scheme, or by why there is none.
    left_by_scheme: BTreeMap<String, u64>,
}

/// The names of the legacy table's columns.
struct Columns {
    key: String,
    hash: String,
    scheme: String,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not or that are missing, for files that are no scans, and where stdout
/// fails.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::{
        ValueExt as _,
        prelude::{Long, Short},
    };

    let [mut pool, mut store, mut legacy, mut moved] = [const { None::<String> }; 4];
    let mut columns = Columns {
        key: "username".to_owned(),
        hash: "password_hash".to_owned(),
        scheme: "hash_scheme".to_owned(),
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Long("user-pool") => pool = Some(parser.value()?.string()?),
            Long("store") => store = Some(parser.value()?.string()?),
            Long("legacy") => legacy = Some(parser.value()?.string()?),
            Long("moved") => moved = Some(parser.value()?.string()?),
            Long("key") => columns.key = parser.value()?.string()?,
            Long("hash") => columns.hash = parser.value()?.string()?,
            Long("scheme") => columns.scheme = parser.value()?.string()?,
            other => return Err(other.unexpected().into()),
        }
    }
    let given = |value: Option<String>, option| {
        let problem = "is needed".to_owned();
        value.ok_or(Error::Option { option, problem })
    };
    let (pool, store) = (given(pool, "user-pool")?, given(store, "store")?);
    let legacy = legacy.map(|path| scan(Path::new(&path))).transpose()?;
    let moved = scan(Path::new(&given(moved, "moved")?))?;
    let report = report(&pool, &store, &columns, legacy.as_ref(), &moved);
    let mut out = io::stdout();
    serde_json::to_writer_pretty(&mut out, &report).map_err(|error| Error::Output(error.into()))?;
    io::Write::write_all(&mut out, b"\n").map_err(Error::Output)?;
    Ok(if report.left == 0 {
        Outcome::Clean
    } else {
        Outcome::Findings
    })
}

fn scan(path: &Path) -> Result<Scan, Error> {
    let failed = |source| Error::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read(path).map_err(failed)?;
    // serde's own words would quote the file.
    let expected = "expected what `aws dynamodb scan --output json` writes";
    serde_json::from_slice(&text)
        .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, expected)))
}

fn report(
    pool: &str,
    store: &str,
    columns: &Columns,
    legacy: Option<&Scan>,
    moved: &Scan,
) -> Report {
    let text = |item: &HashMap<String, Attribute>, name: &str| {
        item.get(name).and_then(|value| value.text.clone())
    };
    let flag = |item: &HashMap<String, Attribute>, name: &str| {
        item.get(name).is_some_and(|value| value.flag == Some(true))
    };
    let of_store = |item: &&HashMap<String, Attribute>| {
        text(item, "user_pool_id").as_deref() == Some(pool)
            && text(item, "store").as_deref() == Some(store)
    };
    let state_of =
        |item: &HashMap<String, Attribute>| (text(item, "state"), text(item, "offered_at"));
    let records: HashMap<String, (Option<String>, Option<String>)> = moved
        .items
        .iter()
        .filter_map(|item| Some((text(item, "pk")?, state_of(item))))
        .collect();
    let mut report = Report::default();
    let with_mfa = moved.items.iter().filter(of_store);
    let with_mfa = with_mfa.filter(|item| flag(item, "mfa"));
    report.enrol_mfa_again = with_mfa
        .filter_map(|item| text(item, "user_name"))
        .collect();
    let Some(legacy) = legacy else {
        for (state, at) in moved.items.iter().filter(of_store).map(state_of) {
            report.count(state.as_deref(), at);
        }
        return report;
    };
    for row in &legacy.items {
        report.users += 1;
        let key = text(row, &columns.key).unwrap_or_default();
        let record = records.get(&DirectoryKey::moved(pool, store, &key).pk);
        match record {
            Some((state, at)) => report.count(state.as_deref(), at.clone()),
            None => {
                report.left += 1;
                if let Some(at) = text(row, "verified_at") {
                    report.left_verified += 1;
                    report.left_last_verified_at =
                        report.left_last_verified_at.take().max(Some(at));
                }
                let hash = text(row, &columns.hash).unwrap_or_default();
                let named = text(row, &columns.scheme);
                let scheme = match StoredHash::parse_row(hash.as_bytes(), named.as_deref(), None) {
                    Ok(hash) => hash.scheme().name().to_owned(),
                    Err(unsupported) => format!("unsupported: {}", unsupported.reason_code()),
                };
                *report.left_by_scheme.entry(scheme).or_default() += 1;
            }
        }
    }
    report
}

impl Report {
    /// One who was offered at `at`, or more.
    fn count(&mut self, state: Option<&str>, at: Option<String>) {
        if state == Some("moved") {
            self.moved += 1;
        } else {
            self.offered += 1;
            // RFC 3339 in UTC sorts as text.
            self.last_offered_at = self.last_offered_at.take().max(at);
        }
    }
}

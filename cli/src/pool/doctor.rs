//! `poolkeeper doctor`: what is wrong with a user pool's triggers, and what to do about it.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use lexopt::ValueExt as _;
use serde_json::{Value, json};
use shared::{
    policy::{IdentityVendor, PolicyFile, UserMigration},
    user_pool::{Facts, Finding, PoolSettings, Severity, Trigger, Triggers, findings},
};

use super::{
    by_policy::{RoleArns, of_attributes, of_roles},
    session::{Session, with_session},
    wanted::{Deployed, Wanted},
};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper doctor POOL (--outputs FILE | --pre-sign-up ARN …) [--policy FILE [--roles FILE]] [--json]

Looks at what the pool calls, who may invoke the functions, their aliases, the flows of the app clients, the password
policy that user-migration believes in, and the account's concurrency; with the policy also at the attributes that
user-migration fills and at the vended roles. Every finding has its remedy. Changes nothing.

  --outputs FILE            what `aws cloudformation describe-stacks --stack-name STACK` prints of Poolkeeper's
                            stack; - is stdin
  --pre-sign-up ARN         a function, by the ARN of its alias; goes before the outputs
  --post-confirmation ARN
  --user-migration ARN
  --policy FILE             the policy that is deployed
  --roles FILE              what `aws iam list-roles` prints; needs --policy and --outputs
  --all-moved-in            no user of an old system is still to come: no client has to show the password
  --json                    the findings as a JSON object

Exit codes: 0 all is well, 1 there are findings, 2 it could not be told.";

/// Fewer than these, and a flood of sign-ins leaves nothing for the other triggers. New accounts have 10.
const FEW_ENVIRONMENTS: u64 = 100;

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, and calls that fail.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short, Value};

    let (mut pool, mut wanted) = (None, Wanted::default());
    let (mut as_json, mut moving_in) = (false, true);
    let (mut policy, mut roles) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Value(id) if pool.is_none() => pool = Some(id.string()?),
            Long("json") => as_json = true,
            Long("all-moved-in") => moving_in = false,
            Long("policy") => policy = Some(PathBuf::from(parser.value()?)),
            Long("roles") => roles = Some(PathBuf::from(parser.value()?)),
            Long(name) => {
                let name = name.to_owned();
                if !wanted.take(&name, &mut parser)? {
                    return Err(Long(&name).unexpected().into());
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let pool = pool.ok_or_else(|| Error::Pool("name a user pool".to_owned()))?;
    let deployed = wanted.deployed()?;
    let policy = policy.as_deref().map(PolicyFile::read).transpose();
    let policy = policy.map_err(|errors| Error::Explain(errors.to_string()))?;
    let roles = roles.as_deref().map(listed_roles).transpose()?;
    let found = with_session(&pool, async |session| {
        let settings = session.api.describe(session.deadline).await?;
        let mut found = look(&session, &settings, &deployed.triggers, moving_in).await?;
        if let Some(policy) = &policy {
            found
                .extend(by_policy(&session, &settings, &deployed, policy, roles.as_deref()).await?);
        }
        found.sort_by_key(|finding| finding.severity);
        Ok(found)
    })?;
    tell(&pool, &found, as_json).map_err(Error::Output)?;
    Ok(match found.is_empty() {
        true => Outcome::Clean,
        false => Outcome::Findings,
    })
}

/// What `aws iam list-roles` printed.
fn listed_roles(path: &Path) -> Result<Vec<Value>, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    let listed = serde_json::from_str(&text).unwrap_or(Value::Null);
    let roles = listed.get("Roles").and_then(Value::as_array).cloned();
    roles.ok_or_else(|| Error::Option {
        option: "roles",
        problem: "expected the JSON that `aws iam list-roles` prints".to_owned(),
    })
}

async fn by_policy(
    session: &Session,
    pool: &PoolSettings,
    deployed: &Deployed,
    policy: &PolicyFile,
    roles: Option<&[Value]>,
) -> Result<Vec<Finding>, Error> {
    let unreadable = |errors: shared::policy::PolicyErrors| Error::Explain(errors.to_string());
    let mut found = Vec::new();
    if deployed.triggers.0.contains_key(&Trigger::UserMigration) {
        let migration: UserMigration = policy.section().map_err(unreadable)?;
        found.extend(of_attributes(pool, &migration));
    }
    let Some(roles) = roles else {
        return Ok(found);
    };
    let vendor = deployed.vendor.as_ref().ok_or_else(|| Error::Option {
        option: "roles",
        problem: "needs --outputs, which name the vendor that knows the roles".to_owned(),
    })?;
    let named = session.variable(vendor, "ROLE_ARNS").await?;
    let arns = RoleArns {
        prefix: session.variable(vendor, "ROLE_ARN_PREFIX").await?,
        named: named.and_then(|text| text.parse().ok()).unwrap_or_default(),
    };
    let rules: IdentityVendor = policy.section().map_err(unreadable)?;
    found.extend(of_roles(roles, &arns, &rules));
    Ok(found)
}

async fn look(
    session: &Session,
    pool: &PoolSettings,
    wanted: &Triggers,
    moving_in: bool,
) -> Result<Vec<Finding>, Error> {
    let clients = session.api.clients(session.deadline).await?;
    let (mut policies, mut found) = (BTreeMap::new(), Vec::new());
    let mut password_policy = None;
    for (trigger, arn) in &wanted.0 {
        if !session.exists(arn).await? {
            let what = format!("there is no function {arn}");
            let remedy = "Deploy the stack, or name the alias that it has".to_owned();
            found.push(Finding::fault("function-missing", what, remedy));
            continue;
        }
        policies.insert(
            *trigger,
            session.api.policy_of(arn, session.deadline).await?,
        );
        if *trigger == Trigger::UserMigration {
            password_policy = session.password_policy(arn).await?;
        }
    }
    let facts = Facts {
        pool,
        clients: &clients,
        wanted,
        policies: &policies,
        password_policy: password_policy.as_ref(),
        moving_in,
    };
    found.extend(findings(&facts));
    let region = pool.id().split('_').next().unwrap_or_default();
    let limit = session.concurrency_limit(region).await?;
    if let Some(limit) = limit.filter(|limit| *limit < FEW_ENVIRONMENTS) {
        let what = format!("the account may run {limit} function environments at once");
        let remedy = "Ask for more: Service Quotas, Lambda, Concurrent executions".to_owned();
        found.push(Finding::advice("concurrency-low", what, remedy));
    }
    Ok(found)
}

fn tell(pool: &str, found: &[Finding], as_json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let severity = |finding: &Finding| match finding.severity {
        Severity::Fault => "fault",
        Severity::Advice => "advice",
    };
    if as_json {
        let each = found.iter().map(|it| {
            json!({ "severity": severity(it), "code": it.code, "what": it.what, "remedy": it.remedy })
        });
        let told = json!({ "user_pool_id": pool, "findings": each.collect::<Vec<_>>() });
        return writeln!(out, "{told:#}");
    }
    for finding in found {
        writeln!(
            out,
            "{:<6}  {}: {}",
            severity(finding),
            finding.code,
            finding.what
        )?;
        writeln!(out, "        {}", finding.remedy)?;
    }
    if found.is_empty() {
        writeln!(out, "{pool}: all is well")?;
    }
    Ok(())
}

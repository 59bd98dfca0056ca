//! `poolkeeper attach`: has a user pool call Poolkeeper's functions, and loses no other setting of it.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use lexopt::ValueExt as _;
use shared::user_pool::{self, FunctionArn, Options, Triggers, Unknown, admits, statement_id};

use super::{
    backup::{Backup, Statement},
    session::{Session, with_session},
    told,
    wanted::Wanted,
};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper attach POOL (--outputs FILE | --pre-sign-up ARN …) [--yes]

Has the user pool call Poolkeeper's functions. Every other setting is sent back as it came, and compared afterwards:
UpdateUserPool resets what it is not given. Without --yes it shows what would change, and changes nothing.

  --outputs FILE            what `aws cloudformation describe-stacks --stack-name STACK` prints of Poolkeeper's
                            stack; - is stdin
  --pre-sign-up ARN         a function, by the ARN of its alias; goes before the outputs
  --post-confirmation ARN
  --user-migration ARN
  --yes                     do it
  --replace                 also where the pool calls somebody else's function
  --pass-unknown            send back settings that this version does not know as they are, rather than refuse
  --backup FILE             where the settings before go (default: POOL-TIME.json here; never overwritten)

Credentials and endpoints are those of the AWS SDKs' environment. Exit codes: 0 all is as it should be, 1 something is
to be changed (say --yes), 2 it was not done.";

struct Arguments {
    pool: String,
    wanted: Triggers,
    options: Options,
    yes: bool,
    backup: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, calls that fail, and settings that would not survive.
pub(crate) fn run(mut parser: lexopt::Parser) -> Result<Outcome, Error> {
    use lexopt::prelude::{Long, Short, Value};

    let (mut pool, mut wanted, mut options) = (None, Wanted::default(), Options::default());
    let (mut yes, mut backup) = (false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Value(id) if pool.is_none() => pool = Some(id.string()?),
            Long("yes") => yes = true,
            Long("replace") => options.replace = true,
            Long("pass-unknown") => options.unknown = Unknown::Pass,
            Long("backup") => backup = Some(PathBuf::from(parser.value()?)),
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
    let arguments = Arguments {
        wanted: wanted.read()?,
        backup: backup.unwrap_or_else(|| Backup::default_path(&pool)),
        pool,
        options,
        yes,
    };
    with_session(&arguments.pool, async |session| {
        attach(&session, &arguments).await
    })
}

async fn attach(session: &Session, arguments: &Arguments) -> Result<Outcome, Error> {
    let found = session.api.describe(session.deadline).await?;
    let mfa = session.api.mfa(session.deadline).await?;
    let plan = user_pool::attach(&found, &arguments.wanted, arguments.options)?;
    let mut closed: Vec<&FunctionArn> = Vec::new();
    for arn in arguments.wanted.0.values() {
        if !session.exists(arn).await? {
            return Err(Error::Pool(format!("there is no function {arn}")));
        }
        let policy = session.api.policy_of(arn, session.deadline).await?;
        if !policy.is_some_and(|policy| admits(&policy, found.arn())) {
            closed.push(arn);
        }
    }
    let mut out = io::stdout().lock();
    for change in &plan.changes {
        writeln!(out, "{}", told(change)).map_err(Error::Output)?;
    }
    for arn in &closed {
        writeln!(out, "permission: the pool may invoke {arn}").map_err(Error::Output)?;
    }
    if plan.changes.is_empty() && closed.is_empty() {
        writeln!(out, "{}: attached already", arguments.pool).map_err(Error::Output)?;
        return Ok(Outcome::Clean);
    }
    if !arguments.yes {
        writeln!(out, "Nothing was changed: --yes does it.").map_err(Error::Output)?;
        return Ok(Outcome::Findings);
    }
    let statements = closed.iter().map(|arn| Statement {
        function: arn.to_string(),
        id: statement_id(found.arn(), arn.as_str()),
    });
    let backup = Backup {
        attached: plan.attaches(),
        statements: statements.collect(),
        pool: found,
        mfa,
    };
    backup.write(&arguments.backup)?;
    // Permissions first: a trigger that may not be invoked refuses every sign-up.
    for arn in closed {
        session.add_permission(arn, backup.pool.arn()).await?;
    }
    if !plan.changes.is_empty() {
        let applied = user_pool::apply(
            &session.api,
            &plan,
            &backup.pool,
            &backup.mfa,
            session.deadline,
        );
        applied
            .await
            .map_err(|error| not_verified(error, &arguments.backup))?;
    }
    let path = arguments.backup.display();
    writeln!(out, "Attached and verified. The settings before: {path}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

/// The error that tells where the settings before are, and how they come back.
pub(super) fn not_verified(error: user_pool::ApplyError, backup: &Path) -> Error {
    let cause = match &error {
        user_pool::ApplyError::Call(call) => Error::from(call.clone()).to_string(),
        other => other.to_string(),
    };
    let path = backup.display();
    Error::Pool(format!(
        "{cause}. The settings before are in {path}; `poolkeeper detach POOL --from {path} --whole --yes` sends them \
         back"
    ))
}

//! `poolkeeper detach`: takes Poolkeeper's functions off a user pool, and puts back what they took the place of.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use lexopt::ValueExt as _;
use shared::user_pool::{self, Options, Plan, Triggers, Unknown, statement_id};

use super::{
    attach::not_verified,
    backup::{Backup, Statement},
    session::{Session, with_session},
    told,
    wanted::Wanted,
};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper detach POOL (--from BACKUP | --outputs FILE | --pre-sign-up ARN …) [--yes]

Takes off the pool what `poolkeeper attach` put there: the triggers become those of the backup, and the permissions
that were added go. A function that somebody else has put there since is left. Without --yes it shows what would
change, and changes nothing. Without pre-sign-up everybody may sign up.

  --from BACKUP             the file that attach wrote
  --whole                   every setting becomes that of the backup, not the triggers alone
  --outputs FILE            without a backup: what `aws cloudformation describe-stacks --stack-name STACK` prints of
                            Poolkeeper's stack; - is stdin
  --pre-sign-up ARN         without a backup: a function, by the ARN of its alias
  --post-confirmation ARN
  --user-migration ARN
  --yes                     do it
  --pass-unknown            send back settings that this version does not know as they are, rather than refuse
  --backup FILE             where the settings before go (default: POOL-TIME.json here; never overwritten)

Exit codes: 0 nothing of Poolkeeper's is attached, 1 something is to be changed (say --yes), 2 it was not done.";

struct Arguments {
    pool: String,
    from: Option<Backup>,
    attached: Triggers,
    whole: bool,
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
    let (mut yes, mut whole, mut from, mut backup) = (false, false, None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return help(USAGE),
            Value(id) if pool.is_none() => pool = Some(id.string()?),
            Long("yes") => yes = true,
            Long("whole") => whole = true,
            Long("pass-unknown") => options.unknown = Unknown::Pass,
            Long("from") => from = Some(PathBuf::from(parser.value()?)),
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
    let from = from.map(|path| Backup::read(&path)).transpose()?;
    let problem = match &from {
        Some(from) if from.pool.id() != pool => Some("is of another pool"),
        None if whole => Some("is missing: --whole needs it"),
        _ => None,
    };
    if let Some(problem) = problem {
        return Err(Error::Option {
            option: "from",
            problem: problem.to_owned(),
        });
    }
    let attached = match &from {
        Some(from) => from.attached.clone(),
        None => wanted.read()?,
    };
    let arguments = Arguments {
        backup: backup.unwrap_or_else(|| Backup::default_path(&pool)),
        pool,
        from,
        attached,
        whole,
        options,
        yes,
    };
    with_session(&arguments.pool, async |session| {
        detach(&session, &arguments).await
    })
}

async fn detach(session: &Session, arguments: &Arguments) -> Result<Outcome, Error> {
    let found = session.api.describe(session.deadline).await?;
    let mfa = session.api.mfa(session.deadline).await?;
    let before = arguments.from.as_ref();
    let plan = match before.filter(|_| arguments.whole) {
        Some(before) => user_pool::restore(&found, &before.pool, arguments.options)?,
        None => {
            let before = before.map(|before| &before.pool);
            user_pool::detach(&found, &arguments.attached, before, arguments.options)?
        }
    };
    let others = match before.filter(|_| arguments.whole) {
        Some(before) => {
            let mut others = found.differences(&before.pool);
            others.extend(mfa.differences(&before.mfa));
            others
        }
        None => Vec::new(),
    };
    let mut out = io::stdout().lock();
    for change in &plan.changes {
        writeln!(out, "{}", told(change)).map_err(Error::Output)?;
    }
    for name in &others {
        writeln!(out, "{name}: as in the backup").map_err(Error::Output)?;
    }
    for trigger in &plan.left {
        writeln!(
            out,
            "{trigger}: left, for it calls a function that is not Poolkeeper's"
        )
        .map_err(Error::Output)?;
    }
    if plan.changes.is_empty() && others.is_empty() {
        writeln!(out, "{}: nothing to take off", arguments.pool).map_err(Error::Output)?;
        return Ok(Outcome::Clean);
    }
    if !arguments.yes {
        writeln!(out, "Nothing was changed: --yes does it.").map_err(Error::Output)?;
        return Ok(Outcome::Findings);
    }
    let now = Backup {
        pool: found,
        mfa,
        attached: Triggers::default(),
        statements: Vec::new(),
    };
    now.write(&arguments.backup)?;
    carry_out(session, &plan, &now, arguments).await?;
    for statement in statements(arguments, now.pool.arn()) {
        if let Ok(function) = statement.function.parse() {
            session.remove_permission(&function, &statement.id).await?;
        }
    }
    let path = arguments.backup.display();
    writeln!(out, "Detached and verified. The settings before: {path}").map_err(Error::Output)?;
    Ok(Outcome::Clean)
}

async fn carry_out(
    session: &Session,
    plan: &Plan,
    now: &Backup,
    arguments: &Arguments,
) -> Result<(), Error> {
    // What every other setting must be afterwards.
    let aim = arguments
        .from
        .as_ref()
        .filter(|_| arguments.whole)
        .unwrap_or(now);
    let applied = user_pool::apply(&session.api, plan, &aim.pool, &aim.mfa, session.deadline);
    applied
        .await
        .map_err(|error| not_verified(error, &arguments.backup))
}

/// The statements that attaching added. Without a backup those that it would have added: they are named by
/// pool and function.
fn statements(arguments: &Arguments, pool_arn: &str) -> Vec<Statement> {
    match &arguments.from {
        Some(from) => from.statements.clone(),
        None => {
            let functions = arguments.attached.0.values();
            let statement = |arn: &user_pool::FunctionArn| Statement {
                function: arn.to_string(),
                id: statement_id(pool_arn, arn.as_str()),
            };
            functions.map(statement).collect()
        }
    }
}

//! `poolkeeper credentials`: the vendor's credentials for every SDK of this machine, by `credential_process`, or its
//! Cognito token in a file.

mod cache;
mod private_file;
mod problem;
mod process;
mod proof;
mod session;
mod vendor;
mod web_identity;

use std::{
    fmt::Display,
    io::{self, Write as _},
    path::PathBuf,
    time::Duration,
};

use lexopt::{
    ValueExt as _,
    prelude::{Long, Short},
};
use shared::{https::HttpsUrl, name::Name};
use time::OffsetDateTime;

pub(crate) use self::problem::Problem;
use self::{process::Process, proof::ProofSource, vendor::Vendor, web_identity::WebIdentity};
use crate::{Outcome, error::Error, help};

const USAGE: &str = "\
poolkeeper credentials --vendor URL [--role ALIAS] PROOF [options]

Prints credentials for credential_process of AWS's configuration file. They are kept in a file that only you read
($XDG_CACHE_HOME/poolkeeper/credentials, or ~/.cache), and replaced early; processes that need new ones at the same time
ask once.

  --vendor URL            the stack's output VendorApiUrl
  --role ALIAS            the alias of a role in policy.toml; left out, the first that the rules grant
PROOF, a JWT of a source of the policy, is one of
  --proof-command COMMAND what this command of the shell prints
  --proof-file FILE       what this file holds
  --proof-env NAME        what this environment variable holds
options:
  --refresh-before SECONDS  replaces what is good for no longer than this (1200, or half of a shorter session)
  --wait SECONDS          for how long the vendor is asked again, 0 to 300 (20); an attempt takes 10 s at most
  --no-cache              keeps nothing and reads nothing that was kept
  --web-identity-file FILE  writes a Cognito token into FILE instead, for AWS_WEB_IDENTITY_TOKEN_FILE
  --stay                  and renews it there, for as long as the program runs";

/// What is to be done with what is vended.
enum Target {
    Process { cached: bool },
    WebIdentity { file: PathBuf, stay: bool },
}

/// What is asked for.
struct Asked {
    token_url: HttpsUrl,
    role: Option<Name>,
    source: ProofSource,
    refresh_before: Option<i64>,
    wait: Duration,
    target: Target,
}

/// Runs the command.
///
/// # Errors
/// For arguments that there are not, that are missing or that exclude each other, and [`Problem`].
pub(crate) fn run(parser: lexopt::Parser) -> Result<Outcome, Error> {
    let Some(asked) = read(parser)? else {
        return help(USAGE);
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Problem::Runtime)?;
    runtime.block_on(serve(asked))?;
    Ok(Outcome::Clean)
}

async fn serve(asked: Asked) -> Result<(), Error> {
    let url = asked.token_url.as_str().to_owned();
    let key = process::key(&url, asked.role.as_ref(), &asked.source);
    let vendor = Vendor::new(asked.token_url, asked.role, asked.wait)?;
    match asked.target {
        Target::Process { cached } => {
            let process = Process {
                vendor: &vendor,
                source: &asked.source,
                refresh_before: asked.refresh_before,
            };
            let session = process.session(cached.then_some(&key)).await?;
            writeln!(io::stdout(), "{}", session.for_process()).map_err(Error::Output)
        }
        Target::WebIdentity { file, stay } => {
            let web_identity = WebIdentity {
                vendor: &vendor,
                source: &asked.source,
                file: &file,
                refresh_before: asked.refresh_before,
            };
            let done = if stay {
                web_identity.stay().await
            } else {
                web_identity.once().await
            };
            Ok(done?)
        }
    }
}

/// `None` where help is asked for.
fn read(mut parser: lexopt::Parser) -> Result<Option<Asked>, Error> {
    let mut vendor = None;
    let mut role = None;
    let mut sources = Vec::new();
    let mut refresh_before = None;
    let mut wait = 20;
    let mut file = None;
    let (mut cached, mut stay) = (true, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(None),
            Long("vendor") => vendor = Some(token_url(&parser.value()?.string()?)?),
            Long("role") => role = Some(alias(parser.value()?.string()?)?),
            Long("proof-command") => {
                sources.push(ProofSource::Command(parser.value()?.string()?));
            }
            Long("proof-file") => sources.push(ProofSource::File(parser.value()?.into())),
            Long("proof-env") => {
                sources.push(ProofSource::Environment(parser.value()?.string()?));
            }
            Long("refresh-before") => {
                refresh_before = Some(seconds(&mut parser, "refresh-before", 43_200)?)
            }
            Long("wait") => wait = seconds(&mut parser, "wait", 300)?,
            Long("no-cache") => cached = false,
            Long("web-identity-file") => file = Some(PathBuf::from(parser.value()?)),
            Long("stay") => stay = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let token_url = vendor.ok_or_else(|| wrong("vendor", "is needed"))?;
    let only = sources.pop().filter(|_| sources.is_empty());
    let source = only.ok_or_else(|| {
        wrong(
            "proof-command",
            "give this, --proof-file or --proof-env, one of them and once",
        )
    })?;
    let target = match file {
        Some(_) if !cached => return Err(wrong("no-cache", "--web-identity-file has no cache")),
        Some(file) => Target::WebIdentity { file, stay },
        None if stay => return Err(wrong("stay", "goes with --web-identity-file only")),
        None => Target::Process { cached },
    };
    Ok(Some(Asked {
        token_url,
        role,
        source,
        refresh_before,
        wait: Duration::from_secs(wait.unsigned_abs()),
        target,
    }))
}

fn token_url(vendor: &str) -> Result<HttpsUrl, Error> {
    let problem = "takes an https URL, the stack's output VendorApiUrl (http to 127.0.0.1, [::1] or localhost only)";
    if vendor.contains('?') {
        return Err(wrong("vendor", problem));
    }
    let url = format!("{}/token", vendor.trim_end_matches('/'));
    url.parse().map_err(|_| wrong("vendor", problem))
}

fn alias(text: String) -> Result<Name, Error> {
    Name::try_from(text).map_err(|problem| wrong("role", problem))
}

fn seconds(parser: &mut lexopt::Parser, option: &'static str, most: i64) -> Result<i64, Error> {
    let found: Option<i64> = parser.value()?.parse().ok();
    let found = found.filter(|seconds| (0..=most).contains(seconds));
    found.ok_or_else(|| wrong(option, &format!("takes seconds, 0 to {most}")))
}

fn wrong(option: &'static str, problem: &str) -> Error {
    let problem = problem.to_owned();
    Error::Option { option, problem }
}

/// Seconds of this machine's clock.
fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// What somebody may want to know, though it goes on.
fn note(what: &dyn Display) {
    // Nothing is left to tell it to where this fails.
    let _ = writeln!(io::stderr(), "poolkeeper: {what}");
}

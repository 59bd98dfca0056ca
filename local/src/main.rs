//! `poolkeeper-local`: starts the suite on one machine, plays the tour, and stays up.

use std::{
    ffi::OsString,
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use emulator::{dynamodb::Storage, lambda::log_to_file, stack::Stack, user_pool::Delivery};
use local::{
    Options,
    tour::{self, TourError},
};
use shared::{policy::PolicyFile, telemetry::error_chain};

mod printed;

const USAGE: &str = "\
poolkeeper-local [options]          starts the suite, plays the tour, stays up until Ctrl-C

  --once             ends after the tour
  --no-tour          plays no tour
  --port PORT        port of the AWS APIs (default: a free one)
  --api-port PORT    port of the vendor's HTTP API (default: a free one)
  --data FILE        keeps tables in FILE, users beside it (default: in memory)
  --template FILE    (default: template.yaml)
  --policy FILE      (default: policy/policy.toml)
  --binaries FOLDER  where the functions' binaries are (default: beside this program)
  --parameter NAME=VALUE
                     sets a parameter of the template; may be repeated
  --physical-id LOGICAL=NAME
                     names a resource of the template as another deployment does; may be repeated
  --migration-fires-pre-sign-up
                     a user who moves in has pre-sign-up called too, as AWS may
  --logs FILE        where the functions' logs go (default: local.log beside this program)";

/// What the command line says.
enum Command {
    Help,
    Run(Box<Arguments>),
}

struct Arguments {
    options: Options,
    logs: PathBuf,
    migration_fires_pre_sign_up: bool,
    tour: bool,
    stay: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut out = std::io::stdout();
    let result = match parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => writeln!(out, "{USAGE}").map_err(Failure::Output),
        Ok(Command::Run(arguments)) => run(*arguments, &mut out).await,
        Err(error) => Err(Failure::Told(format!("{error}\n\n{USAGE}"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read has read enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failure::Output(error)) => failed(&error.to_string()),
        Err(Failure::Told(text)) => failed(&text),
    }
}

fn failed(text: &str) -> ExitCode {
    // If nobody listens there either, the exit code says it.
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::FAILURE
}

/// Why the program ends early.
enum Failure {
    /// With this text.
    Told(String),
    /// Its output cannot be written.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};

    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.parent().unwrap_or(Path::new(".")).to_path_buf();
    let mut arguments = Arguments {
        logs: beside.join("local.log"),
        options: Options::new(beside),
        migration_fires_pre_sign_up: false,
        tour: true,
        stay: true,
    };
    let options = &mut arguments.options;
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => return Ok(Command::Help),
            Long("once") => arguments.stay = false,
            Long("no-tour") => arguments.tour = false,
            Long("port") => options.aws_port = parser.value()?.parse()?,
            Long("api-port") => options.api_port = parser.value()?.parse()?,
            Long("data") => options.storage = Storage::File(parser.value()?.into()),
            Long("template") => options.template = parser.value()?.into(),
            Long("policy") => options.policy = absolute(parser.value()?),
            Long("binaries") => options.binaries = absolute(parser.value()?),
            Long("parameter") => {
                let pair = parser.value()?.string()?;
                let pair = pair
                    .split_once('=')
                    .ok_or("--parameter: expected NAME=VALUE")?;
                let parameters = &mut options.parameters;
                parameters.insert(pair.0.to_owned(), pair.1.to_owned());
            }
            Long("physical-id") => {
                let pair = parser.value()?.string()?;
                let pair = pair
                    .split_once('=')
                    .ok_or("--physical-id: expected LOGICAL=NAME")?;
                let ids = &mut options.physical_ids;
                ids.insert(pair.0.to_owned(), pair.1.to_owned());
            }
            Long("migration-fires-pre-sign-up") => arguments.migration_fires_pre_sign_up = true,
            Long("logs") => arguments.logs = parser.value()?.into(),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Command::Run(Box::new(arguments)))
}

/// The functions run elsewhere. A path that cannot be made absolute is left to fail where it is used.
fn absolute(path: OsString) -> PathBuf {
    std::path::absolute(&path).unwrap_or_else(|_| path.into())
}

fn check_policy(file: &Path) -> Result<(), Failure> {
    let checked = PolicyFile::read(file).and_then(|policy| policy.check_all());
    checked.map_err(|errors| {
        let lines: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
        Failure::Told(lines.join("\n"))
    })
}

async fn run(arguments: Arguments, out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let Arguments {
        mut options,
        logs,
        migration_fires_pre_sign_up,
        tour,
        stay,
    } = arguments;
    let log = log_to_file(&logs)
        .map_err(|error| Failure::Told(format!("{}: {error}", logs.display())))?;
    options.log_sink = Some(log);
    check_policy(&options.policy)?;
    let stack = local::start(&options)
        .await
        .map_err(|error| Failure::Told(error_chain(&error)))?;
    if migration_fires_pre_sign_up {
        stack.user_pool.fire_pre_sign_up_on_migration();
    }
    let shown = show(&stack, &logs, tour, stay, out).await;
    stack.shutdown().await;
    shown
}

async fn show(
    stack: &Stack,
    logs: &Path,
    tour: bool,
    stay: bool,
    out: &mut (dyn Write + Send),
) -> Result<(), Failure> {
    printed::addresses(stack, out)?;
    writeln!(out, "functions' log {}", logs.display())?;
    if tour {
        match tour::play(stack, out).await {
            Ok(()) => {}
            Err(TourError::Write(error)) => return Err(Failure::Output(error)),
            Err(error) => {
                let text = format!("the tour stopped: {}", error_chain(&error));
                return Err(Failure::Told(text));
            }
        }
        writeln!(out, "\nThe tour is over, and every step went as it must.")?;
    }
    if stay {
        printed::how_to_reach(stack, out)?;
        wait_for_ctrl_c(stack, out).await?;
    }
    Ok(())
}

async fn wait_for_ctrl_c(stack: &Stack, out: &mut dyn Write) -> Result<(), Failure> {
    let mut mailbox = stack.user_pool.mailbox().subscribe();
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut ended => return Ok(()),
            message = mailbox.recv() => {
                if let Ok(Delivery { destination, code, purpose, .. }) = message {
                    writeln!(out, "to {destination} ({purpose:?}): {code}")?;
                }
            }
        }
    }
}

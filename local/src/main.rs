//! `poolkeeper-local`: starts the suite on one machine, plays the tour, and stays up.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program talks to a person in a terminal"
)]

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use emulator::{dynamodb::Storage, lambda::log_to_file, stack::Stack, user_pool::Delivery};
use local::{Options, tour};
use shared::{policy::PolicyFile, telemetry::error_chain};

const USAGE: &str = "\
poolkeeper-local [options]          starts the suite, plays the tour, stays up until Ctrl-C

  --once             ends after the tour
  --no-tour          plays no tour
  --port PORT        port of the AWS APIs (default: a free one)
  --api-port PORT    port of the vendor's HTTP API (default: a free one)
  --data FILE        keeps the tables in FILE (default: in memory)
  --template FILE    (default: template.yaml)
  --policy FILE      (default: policy/policy.toml)
  --binaries FOLDER  where the functions' binaries are (default: beside this program)
  --physical-id LOGICAL=NAME
                     names a resource of the template as another deployment does; may be repeated
  --logs FILE        where the functions' logs go (default: local.log beside this program)";

/// What the command line says.
enum Command {
    Help,
    Run(Box<Arguments>),
}

struct Arguments {
    options: Options,
    logs: PathBuf,
    tour: bool,
    stay: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            println!("{USAGE}");
            Ok(())
        }
        Ok(Command::Run(arguments)) => run(*arguments).await,
        Err(error) => Err(format!("{error}\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut parser: lexopt::Parser) -> Result<Command, lexopt::Error> {
    use lexopt::prelude::{Long, Short, ValueExt};

    let program = std::env::current_exe().unwrap_or_default();
    let beside = program.parent().unwrap_or(Path::new(".")).to_path_buf();
    let mut arguments = Arguments {
        logs: beside.join("local.log"),
        options: Options::new(beside),
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
            Long("physical-id") => {
                let pair = parser.value()?.string()?;
                let (logical_id, name) = pair
                    .split_once('=')
                    .ok_or_else(|| format!("--physical-id {pair}: expected LOGICAL=NAME"))?;
                let ids = &mut options.physical_ids;
                ids.insert(logical_id.to_owned(), name.to_owned());
            }
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

fn check_policy(file: &Path) -> Result<(), String> {
    let checked = PolicyFile::read(file).and_then(|policy| policy.check_all());
    checked.map_err(|errors| {
        let lines: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
        lines.join("\n")
    })
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let Arguments {
        mut options,
        logs,
        tour,
        stay,
    } = arguments;
    let log = log_to_file(&logs).map_err(|error| format!("{}: {error}", logs.display()))?;
    options.log_sink = Some(log);
    check_policy(&options.policy)?;
    let stack = local::start(&options)
        .await
        .map_err(|error| error_chain(&error))?;
    println!("AWS APIs       {}", stack.aws_url);
    println!("vendor         {}", stack.api_url);
    println!("functions' log {}", logs.display());
    if tour {
        let played = tour::play(&stack, &mut std::io::stdout()).await;
        played.map_err(|error| format!("the tour stopped: {}", error_chain(&error)))?;
        println!("\nThe tour is over, and every step went as it must.");
    }
    if stay {
        print_how_to_reach(&stack);
        wait_for_ctrl_c(&stack).await;
    }
    stack.shutdown().await;
    Ok(())
}

fn print_how_to_reach(stack: &Stack) {
    let (aws, api) = (&stack.aws_url, &stack.api_url);
    let pool = stack.user_pool.settings();
    let admin = Stack::admin();
    println!(
        "
Try it yourself, in another terminal, with the AWS CLI:

export AWS_REGION={region} AWS_DEFAULT_REGION={region} AWS_ENDPOINT_URL={aws}
alias as-admin='AWS_ACCESS_KEY_ID={id} AWS_SECRET_ACCESS_KEY={secret}'

aws cognito-idp sign-up --client-id {client} --username you@example.com --password 'Your-passw0rd' \\
  --user-attributes Name=email,Value=you@example.com --no-sign-request
aws cognito-idp confirm-sign-up --client-id {client} --username you@example.com --no-sign-request \\
  --confirmation-code CODE   # the code appears below
aws cognito-idp initiate-auth --client-id {client} --auth-flow USER_PASSWORD_AUTH --no-sign-request \\
  --auth-parameters USERNAME=you@example.com,PASSWORD='Your-passw0rd'
as-admin aws cognito-idp list-users --user-pool-id {pool_id}

# A JWT of your application, and AWS credentials for it; the CLI fetches and renews them by itself:
export AWS_CONTAINER_CREDENTIALS_FULL_URI={api}/credentials
export AWS_CONTAINER_AUTHORIZATION_TOKEN=\"Bearer $(curl -s -d subject=you {issuer}/token | sed 's/.*\"id_token\":\"\\([^\"]*\\).*/\\1/')\"
aws sts get-caller-identity
IDENTITY_ID=$(curl -s {api}/token -d grant_type=urn:ietf:params:oauth:grant-type:token-exchange \\
  -d subject_token_type=urn:ietf:params:oauth:token-type:jwt \\
  -d subject_token=\"${{AWS_CONTAINER_AUTHORIZATION_TOKEN#Bearer }}\" | sed 's/.*\"identity_id\":\"\\([^\"]*\\).*/\\1/')
aws dynamodb put-item --table-name {data} --item '{{\"owner\":{{\"S\":\"'$IDENTITY_ID'\"}},\"item\":{{\"S\":\"note\"}}}}'
aws dynamodb get-item --table-name {data} --key '{{\"owner\":{{\"S\":\"'$IDENTITY_ID'\"}},\"item\":{{\"S\":\"note\"}}}}'
aws dynamodb get-item --table-name {data} --key '{{\"owner\":{{\"S\":\"somebody-else\"}},\"item\":{{\"S\":\"note\"}}}}'  # refused

Ctrl-C ends everything. Messages to users appear here:",
        region = stack.template.place().region,
        id = admin.access_key_id(),
        secret = admin.secret_access_key(),
        client = pool.client_id,
        pool_id = pool.pool_id,
        issuer = stack.issuer.issuer(),
        data = stack.physical_name("DataTable"),
    );
}

async fn wait_for_ctrl_c(stack: &Stack) {
    let mut mailbox = stack.user_pool.mailbox().subscribe();
    let mut ended = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            _ = &mut ended => return,
            message = mailbox.recv() => {
                if let Ok(Delivery { destination, code, purpose, .. }) = message {
                    println!("to {destination} ({purpose:?}): {code}");
                }
            }
        }
    }
}

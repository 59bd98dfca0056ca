//! The suite's defaults: which template, policy, names and issuer the emulator is started with.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use emulator::{
    dynamodb::Storage,
    lambda::LogSink,
    stack::{self, PortError, Socket, Stack},
    template::{Place, Settings},
};

/// The audience of the development issuer's tokens, as policy/policy.toml wants it.
pub const AUDIENCE: &str = "poolkeeper";

/// The stack's name, and so the prefix of physical names.
const STACK_NAME: &str = "poolkeeper";

/// What to run, and where.
#[derive(Clone)]
pub struct Options {
    /// template.yaml.
    pub template: PathBuf,
    /// Values for the template's parameters, over the suite's own.
    pub parameters: BTreeMap<String, String>,
    /// Where the functions' binaries are.
    pub binaries: PathBuf,
    /// Whether a function without a binary is an error at start.
    pub check_binaries: bool,
    /// The policy file that the functions read.
    pub policy: PathBuf,
    /// The port of the AWS APIs; 0 takes a free one.
    pub aws_port: u16,
    /// The port of the vendor's HTTP API; 0 takes a free one.
    pub api_port: u16,
    /// Where tables and users are kept.
    pub storage: Storage,
    /// Sees every line that a function logs.
    pub log_sink: Option<LogSink>,
    /// Variables set over those of the template, by the function's logical id.
    pub environment: BTreeMap<String, BTreeMap<String, String>>,
    /// The names of resources that were deployed elsewhere, by logical id.
    pub physical_ids: BTreeMap<String, String>,
}

impl Options {
    /// The workspace's template and policy, the functions in `binaries`, free ports, tables in memory.
    pub fn new(binaries: PathBuf) -> Self {
        Self {
            template: workspace_root().join("template.yaml"),
            parameters: BTreeMap::new(),
            binaries,
            check_binaries: true,
            policy: workspace_root().join("policy/policy.toml"),
            aws_port: 0,
            api_port: 0,
            storage: Storage::Memory,
            log_sink: None,
            environment: BTreeMap::new(),
            physical_ids: BTreeMap::new(),
        }
    }
}

/// The suite could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken.
    #[error("{source}: choose another with {flag}, or leave it out to take a free one")]
    Port {
        /// The flag that sets it.
        flag: &'static str,
        /// Which, and what the system says.
        source: PortError,
    },
    /// The emulator.
    #[error(transparent)]
    Stack(#[from] stack::StartError),
}

/// Starts the suite. When it returns, everything answers.
///
/// # Errors
/// The template, a port or a table is not usable.
pub async fn start(options: &Options) -> Result<Stack, StartError> {
    let aws = bind(options.aws_port, "--port").await?;
    let api = bind(options.api_port, "--api-port").await?;
    let mut parameters = BTreeMap::from([
        ("AppIssuerUrl".to_owned(), format!("{}/oidc", aws.url())),
        // The tour and the printed commands use its table and its bucket.
        ("WithDemoDataPlane".to_owned(), "true".to_owned()),
    ]);
    parameters.extend(options.parameters.clone());
    let Settings {
        place,
        mut physical_ids,
        ..
    } = settings();
    physical_ids.extend(options.physical_ids.clone());
    let policy = options.policy.display().to_string();
    let emulated = stack::Options {
        parameters,
        physical_ids,
        place,
        check_binaries: options.check_binaries,
        storage: options.storage.clone(),
        log_sink: options.log_sink.clone(),
        function_environment: BTreeMap::from([("POLICY_FILE".to_owned(), policy)]),
        environment: options.environment.clone(),
        issuer_audience: AUDIENCE.to_owned(),
        ..stack::Options::new(&options.template, &options.binaries)
    };
    Ok(Stack::start(aws, api, &emulated).await?)
}

async fn bind(port: u16, flag: &'static str) -> Result<Socket, StartError> {
    let bound = Socket::bind(port).await;
    bound.map_err(|source| StartError::Port { flag, source })
}

/// The suite's names, the same from one run to the next; parameters as the template has them.
pub fn settings() -> Settings {
    let place = Place {
        stack_name: STACK_NAME.to_owned(),
        ..Place::default()
    };
    let region = &place.region;
    let ours = [
        ("UserPool", format!("{region}_Poolkeepr")),
        ("UserPoolClient", "1example23456789poolkeeper".to_owned()),
        (
            "IdentityPool",
            format!("{region}:11111111-2222-4333-8444-555555555555"),
        ),
        (
            "UserIdentityPool",
            format!("{region}:22222222-3333-4444-8555-666666666666"),
        ),
    ];
    Settings {
        parameters: BTreeMap::new(),
        physical_ids: BTreeMap::from(ours.map(|(name, id)| (name.to_owned(), id))),
        place,
    }
}

/// Where the workspace was built.
pub fn workspace_root() -> &'static Path {
    let local = Path::new(env!("CARGO_MANIFEST_DIR"));
    local.parent().unwrap_or(local)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[tokio::test]
    async fn a_resource_goes_by_the_name_that_it_was_given_elsewhere() {
        let mut options = Options::new(PathBuf::from("/none"));
        options.check_binaries = false;
        let names = [
            ("DataTable", "elsewhere-1"),
            ("MemberRole", "elsewhere-2"),
            (
                "IdentityPool",
                "us-east-1:22222222-2222-4333-8444-555555555555",
            ),
        ];
        options.physical_ids = names.map(|(id, name)| (id.into(), name.into())).into();
        let stack = start(&options).await.unwrap();
        for (logical_id, name) in names {
            assert_eq!(stack.physical_name(logical_id), name);
        }
        let member = "arn:aws:iam::123456789012:role/elsewhere-2";
        assert!(stack.template.roles().iter().any(|role| role.arn == member));
        stack.shutdown().await;
    }
}

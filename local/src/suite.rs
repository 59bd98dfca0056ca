//! The suite's defaults: which template, policy, names and issuer the emulator is started with.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use emulator::{
    dynamodb::Storage,
    lambda::LogSink,
    stack::{self, PortError, Socket, Stack},
    template::{Place, Settings, Template},
};

use crate::development_source::{self, DEVELOPMENT};

/// The audience of the development issuer's tokens, as policy/policy.toml wants it.
pub const AUDIENCE: &str = "poolkeeper";

/// The stack's name, and so the prefix of physical names.
const STACK_NAME: &str = "poolkeeper";

/// The vendor, as the template calls it.
const VENDOR: &str = "IdentityVendorFunction";

/// Whose tokens are those of the policy's source `app`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppIssuer {
    /// Whose the template says: the stack's user pool, unless AppIssuerUrl names another. Tokens of the development
    /// issuer are then of a source of their own, `development`, for which the rules of `app` hold.
    AsDeployed,
    /// The development issuer's, and nobody else's.
    Development,
}

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
    /// Whose tokens are those of the source `app`.
    pub app_issuer: AppIssuer,
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
    /// Whether two first calls for one login of an identity pool get two identities.
    pub two_first_identities: bool,
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
            app_issuer: AppIssuer::AsDeployed,
            aws_port: 0,
            api_port: 0,
            storage: Storage::Memory,
            log_sink: None,
            environment: BTreeMap::new(),
            physical_ids: BTreeMap::new(),
            two_first_identities: false,
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
    /// The policy file, or the one that is made of it for the vendor.
    #[error("{}: {source}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
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
        // The tour and the printed commands use its table and its bucket.
        ("WithDemoDataPlane".to_owned(), "true".to_owned()),
    ]);
    parameters.extend(options.parameters.clone());
    let mut settings = settings();
    settings.parameters = parameters;
    settings.physical_ids.extend(options.physical_ids.clone());
    let template = Template::load(&options.template, &settings).map_err(stack::StartError::from)?;
    let policy = options.policy.display().to_string();
    let mut environment = options.environment.clone();
    let vendor = environment.entry(VENDOR.to_owned()).or_default();
    for (name, value) in sources(options, &template, &format!("{}/oidc", aws.url()))? {
        vendor.entry(name).or_insert(value);
    }
    let emulated = stack::Options {
        check_binaries: options.check_binaries,
        storage: options.storage.clone(),
        log_sink: options.log_sink.clone(),
        function_environment: BTreeMap::from([("POLICY_FILE".to_owned(), policy)]),
        environment,
        issuer_audience: AUDIENCE.to_owned(),
        two_first_identities: options.two_first_identities,
        ..stack::Options::new(&options.template, &options.binaries)
    };
    Ok(Stack::run(aws, api, template, &emulated).await?)
}

/// The vendor's variables by which it knows the development issuer, over those of the template.
fn sources(
    options: &Options,
    template: &Template,
    development: &str,
) -> Result<BTreeMap<String, String>, StartError> {
    let variable = |name: &str, value: String| (name.to_owned(), value);
    if options.app_issuer == AppIssuer::Development {
        let urls = variable("ISSUER_URLS", format!("app={development}"));
        return Ok([urls, variable("ISSUER_AUDIENCES", String::new())].into());
    }
    let fault = |path: &Path| {
        let path = path.to_owned();
        |source| StartError::Policy { path, source }
    };
    let policy = fs::read_to_string(&options.policy).map_err(fault(&options.policy))?;
    let folder = options.policy.parent().unwrap_or(Path::new("."));
    let beside = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let Some(policy) = development_source::added(&policy, AUDIENCE, beside) else {
        return Ok(BTreeMap::new());
    };
    let file = development_source::write(&policy, &options.binaries);
    let file = file.map_err(fault(&options.binaries))?;
    let mut functions = template.functions().iter();
    let vendor = functions.find(|function| function.logical_id == VENDOR);
    let deployed = vendor.and_then(|vendor| vendor.environment.get("ISSUER_URLS"));
    let deployed = deployed.map(|urls| format!("{urls},")).unwrap_or_default();
    let urls = format!("{deployed}{DEVELOPMENT}={development}");
    let policy = variable("POLICY_FILE", file.display().to_string());
    Ok([variable("ISSUER_URLS", urls), policy].into())
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
        options.app_issuer = AppIssuer::Development;
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

//! The suite as template.yaml describes it, running: functions, tables, roles, pools, one address.
//!
//! The template is interpreted, not copied: the environment of each function, the tables, the roles and
//! their trust policies are those that would be deployed. Every AWS API answers at one address, told
//! apart as AWS's own front ends do, by `X-Amz-Target` or `Action`; the HTTP API has another.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    dynamodb::{self, DynamoDb, DynamoDbError, Storage},
    http_client,
    iam::{self, AssumeError, Context, Iam, IamError, JsonError},
    identity_pool::{self, IdentityPool, TokenKey, UnusableKey},
    jwt_signer::KeyError,
    lambda::{
        FunctionSpec, HostOptions, LambdaHost, LogSink,
        http_api::{HttpApiSpec, http_api_router},
        invoke_api::invoke_router,
    },
    oidc_issuer::OidcIssuer,
    sts::Sts,
    template::{Place, Settings, Template, TemplateError},
    user_pool::{self, TriggerOutcome, Triggers, UserPool},
};

/// The audience of the development issuer's tokens, as policy/policy.toml wants it.
pub const AUDIENCE: &str = "poolkeeper";

const USER_POOL_TARGET: &str = "AWSCognitoIdentityProviderService.";

/// What to run, and where.
#[derive(Clone)]
pub struct Options {
    /// template.yaml.
    pub template: PathBuf,
    /// Where the functions' binaries are.
    pub binaries: PathBuf,
    /// The policy file that the functions read.
    pub policy: PathBuf,
    /// The port of the AWS APIs; 0 takes a free one.
    pub aws_port: u16,
    /// The port of the vendor's HTTP API; 0 takes a free one.
    pub api_port: u16,
    /// Where tables are kept.
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
            binaries,
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
    /// The template.
    #[error("the template is not usable")]
    Template(#[from] TemplateError),
    /// The template lacks something that the suite cannot do without.
    #[error("the template has no {0}")]
    Missing(&'static str),
    /// The roles.
    #[error("the template's roles are not usable")]
    Iam(#[from] IamError),
    /// A function's role does not trust Lambda.
    #[error("the role of {0} is not for Lambda")]
    FunctionRole(String, #[source] AssumeError),
    /// The tables.
    #[error("the tables cannot be made")]
    DynamoDb(#[from] DynamoDbError),
    /// A development key.
    #[error("a development key is not usable")]
    Key(#[from] KeyError),
    /// The identity pool's development key.
    #[error("the identity pool's development key is not usable")]
    TokenKey(#[from] UnusableKey),
    /// A port.
    #[error(
        "127.0.0.1:{port} cannot be used: choose another with {flag}, or leave it out to take a free one"
    )]
    Port {
        /// The port.
        port: u16,
        /// The flag that sets it.
        flag: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// The running suite. Ends with this value; [`Stack::shutdown`] also waits for the processes.
pub struct Stack {
    /// The address of every AWS API, `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL` is set to.
    pub aws_url: String,
    /// The address of the vendor's HTTP API.
    pub api_url: String,
    /// The template, interpreted.
    pub template: Template,
    /// The functions.
    pub lambda: LambdaHost,
    /// The user pool.
    pub user_pool: UserPool,
    /// The development issuer whose tokens the vendor believes.
    pub issuer: OidcIssuer,
    /// Roles and sessions.
    pub iam: Arc<Iam>,
    /// The tables.
    pub dynamodb: Arc<DynamoDb>,
    // Dropped with this value, which tells the listeners to end.
    _shutdown: [oneshot::Sender<()>; 2],
}

impl Stack {
    /// Starts everything. When it returns, everything answers.
    ///
    /// # Errors
    /// The template, a port or a table is not usable.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let (aws, aws_url) = listen(options.aws_port, "--port").await?;
        let (api, api_url) = listen(options.api_port, "--api-port").await?;
        let issuer = OidcIssuer::new(&aws_url, AUDIENCE)?;
        let template = load(options, issuer.issuer())?;
        let place = template.place().clone();
        let iam = Iam::new(place.clone(), template.roles(), iam::system_clock())?;
        let iam = Arc::new(iam);
        let lambda = host(&template, &iam, options, &aws_url)?;
        let user_pool = user_pool(&template, &lambda, &aws_url)?;
        let key = Arc::new(TokenKey::development(&place.region)?);
        let pool = template
            .identity_pool()
            .ok_or(StartError::Missing("identity pool"))?;
        let identity_pool = IdentityPool::new(pool.clone(), Arc::clone(&iam), Arc::clone(&key));
        let dynamodb =
            DynamoDb::start(Arc::clone(&iam), &options.storage, template.tables()).await?;
        let dynamodb = Arc::new(dynamodb);
        let identity_router = identity_pool.router();
        let user_pool_arn = template.user_pool().map(|pool| pool.arn.clone());
        let services = Arc::new(Services {
            iam: Arc::clone(&iam),
            user_pool_arn: user_pool_arn.unwrap_or_default(),
            dynamodb: Arc::clone(&dynamodb),
            sts: Sts::new(Arc::clone(&iam), key),
            identity_pool,
            user_pool: user_pool.clone(),
        });
        let front = Router::new()
            .route("/", post(dispatch))
            .with_state(services)
            .merge(invoke_router(lambda.clone()))
            .merge(identity_router)
            .merge(user_pool.router())
            .merge(issuer.router());
        let http_api = http_api(&template)?;
        let shutdown = [
            serve(aws, front),
            serve(api, http_api_router(lambda.clone(), http_api)),
        ];
        Ok(Self {
            aws_url,
            api_url,
            template,
            lambda,
            user_pool,
            issuer,
            iam,
            dynamodb,
            _shutdown: shutdown,
        })
    }

    /// The configuration of an SDK client of somebody with these credentials.
    pub fn sdk_config(&self, credentials: Credentials) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.aws_url)
            .region(Region::new(self.template.place().region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client::sdk_client())
            .retry_config(RetryConfig::disabled())
            .build()
    }

    /// The account owner's credentials, who may do everything.
    pub fn admin() -> Credentials {
        let (id, secret) = (iam::ADMIN_ACCESS_KEY_ID, iam::ADMIN_SECRET_ACCESS_KEY);
        Credentials::new(id, secret, None, None, "local administrator")
    }

    /// The physical name of a resource of the template, as `Ref` gives it for functions and tables.
    pub fn physical_name(&self, logical_id: &str) -> String {
        match self.template.get(logical_id) {
            Some(resource) => resource.reference.clone(),
            None => format!("{}-{logical_id}", self.template.place().stack_name),
        }
    }

    /// Ends every function's process.
    pub async fn shutdown(self) {
        self.lambda.shutdown().await;
    }
}

/// Where the workspace was built.
pub fn workspace_root() -> &'static Path {
    let local = Path::new(env!("CARGO_MANIFEST_DIR"));
    local.parent().unwrap_or(local)
}

/// User-pool operations that clients call without AWS credentials (Amazon Cognito user pools API
/// reference, "Unauthenticated and token-authorized operations").
const PUBLIC_OPERATIONS: [&str; 8] = [
    "ConfirmForgotPassword",
    "ConfirmSignUp",
    "ForgotPassword",
    "GetUser",
    "InitiateAuth",
    "ResendConfirmationCode",
    "RespondToAuthChallenge",
    "SignUp",
];

struct Services {
    iam: Arc<Iam>,
    user_pool_arn: String,
    dynamodb: Arc<DynamoDb>,
    sts: Sts,
    identity_pool: IdentityPool,
    user_pool: UserPool,
}

async fn dispatch(
    State(services): State<Arc<Services>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    match target {
        None => services.sts.handle(&headers, body).await,
        Some(target) => {
            if target.starts_with(dynamodb::TARGET_PREFIX)
                || target.starts_with(dynamodb::STREAMS_TARGET_PREFIX)
            {
                services.dynamodb.handle(&headers, body).await
            } else if target.starts_with(identity_pool::TARGET_PREFIX) {
                services.identity_pool.handle(&headers, body).await
            } else if let Some(operation) = target.strip_prefix(USER_POOL_TARGET) {
                match services.admit(operation, &headers, &body) {
                    Ok(()) => services.user_pool.handle(operation, &body).await,
                    Err(error) => error.into_response("1.1"),
                }
            } else {
                let message = "this service is not part of the local stack";
                (StatusCode::NOT_FOUND, message).into_response()
            }
        }
    }
}

impl Services {
    /// Whether the caller may do this operation of the user pool.
    fn admit(&self, operation: &str, headers: &HeaderMap, body: &[u8]) -> Result<(), JsonError> {
        if PUBLIC_OPERATIONS.contains(&operation) {
            return Ok(());
        }
        let caller = self.iam.authenticate(headers, body)?;
        let action = format!("cognito-idp:{operation}");
        self.iam
            .authorize(&caller, &action, &self.user_pool_arn, &Context::new())?;
        Ok(())
    }
}

fn load(options: &Options, issuer: &str) -> Result<Template, TemplateError> {
    let parameters = BTreeMap::from([("AppIssuerUrl".to_owned(), issuer.to_owned())]);
    let place = Place::default();
    let physical_ids = [
        ("UserPool", format!("{}_Poolkeepr", place.region)),
        ("UserPoolClient", "1example23456789poolkeeper".to_owned()),
        (
            "IdentityPool",
            format!("{}:11111111-2222-4333-8444-555555555555", place.region),
        ),
    ];
    let mut physical_ids = BTreeMap::from(physical_ids.map(|(name, id)| (name.to_owned(), id)));
    physical_ids.extend(options.physical_ids.clone());
    let settings = Settings {
        parameters,
        place,
        physical_ids,
    };
    Template::load(&options.template, &settings)
}

fn host(
    template: &Template,
    iam: &Iam,
    options: &Options,
    aws_url: &str,
) -> Result<LambdaHost, StartError> {
    let mut specs = Vec::new();
    for function in template.functions() {
        let session = iam
            .session_for_role(&function.role_arn, &function.name)
            .map_err(|error| StartError::FunctionRole(function.logical_id.clone(), error))?;
        let mut environment = function.environment.clone();
        environment.extend(
            [
                ("AWS_ACCESS_KEY_ID", session.access_key_id.as_str()),
                ("AWS_SECRET_ACCESS_KEY", &session.secret_access_key),
                ("AWS_SESSION_TOKEN", &session.session_token),
                ("AWS_ENDPOINT_URL", aws_url),
                ("POLICY_FILE", &options.policy.display().to_string()),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let more = options.environment.get(&function.logical_id);
        environment.extend(
            more.into_iter()
                .flatten()
                .map(|(k, v)| (k.clone(), v.clone())),
        );
        specs.push(FunctionSpec {
            name: function.name.clone(),
            binary: options.binaries.join(&function.binary),
            environment,
            timeout: Duration::from_secs(function.timeout),
            memory_mb: u32::try_from(function.memory_mb).unwrap_or(u32::MAX),
        });
    }
    let place = template.place();
    let host = HostOptions {
        region: place.region.clone(),
        account_id: place.account_id.clone(),
        log_sink: options.log_sink.clone(),
        ..HostOptions::default()
    };
    Ok(LambdaHost::new(specs, host))
}

fn user_pool(
    template: &Template,
    lambda: &LambdaHost,
    aws_url: &str,
) -> Result<UserPool, StartError> {
    let pool = template
        .user_pool()
        .ok_or(StartError::Missing("user pool"))?;
    let client_id = pool
        .client_id
        .as_deref()
        .ok_or(StartError::Missing("user pool client"))?;
    let function = |trigger: &str| {
        let logical_id = pool.triggers.get(trigger)?;
        let mut functions = template.functions().iter();
        let function = functions.find(|function| function.logical_id == *logical_id)?;
        Some(function.name.clone())
    };
    let mut settings = user_pool::Settings::new(&pool.id, client_id, aws_url);
    settings.triggers = Triggers {
        pre_sign_up: function("PreSignUp"),
        post_confirmation: function("PostConfirmation"),
        user_migration: function("UserMigration"),
    };
    let lambda = lambda.clone();
    let invoke: user_pool::Invoke = Arc::new(move |function, event| {
        let lambda = lambda.clone();
        Box::pin(async move {
            match lambda.invoke(&function, event).await {
                Ok(done) if done.function_error.is_some() => {
                    TriggerOutcome::FunctionError(done.payload)
                }
                Ok(done) => TriggerOutcome::Answered(done.payload),
                Err(error) => TriggerOutcome::Unreachable(error.to_string()),
            }
        })
    });
    Ok(UserPool::new(settings, invoke)?)
}

/// The routes of the template's HTTP API, all of which the vendor answers.
fn http_api(template: &Template) -> Result<HttpApiSpec, StartError> {
    let mut functions = template.functions().iter();
    let vendor = functions.find(|function| function.binary == "identity-vendor");
    let function = vendor
        .ok_or(StartError::Missing("identity vendor"))?
        .name
        .clone();
    let keys = template.resources("AWS::ApiGatewayV2::Route");
    let keys = keys.filter_map(|route| route.properties.get("RouteKey")?.as_str());
    let routes = keys.filter_map(|key| key.split_once(' '));
    let routes = routes.map(|(method, path)| (method.to_owned(), path.to_owned()));
    Ok(HttpApiSpec {
        function,
        routes: routes.collect(),
        cors: None,
    })
}

async fn listen(port: u16, flag: &'static str) -> Result<(TcpListener, String), StartError> {
    let fault = |source| StartError::Port { port, flag, source };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address).await.map_err(fault)?;
    let url = format!("http://{}", listener.local_addr().map_err(fault)?);
    Ok((listener, url))
}

/// Serves until the sender is dropped.
fn serve(listener: TcpListener, router: Router) -> oneshot::Sender<()> {
    let (shutdown, ended) = oneshot::channel::<()>();
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(async move {
            // An error is the sender dropped, which means the same.
            let _ = ended.await;
        });
        if let Err(error) = served.await {
            tracing::error!(%error, "a listener ended");
        }
    });
    shutdown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_resource_goes_by_the_name_that_it_was_given_elsewhere() {
        let mut options = Options::new(PathBuf::from("/none"));
        let names = [
            ("DataTable", "elsewhere-1"),
            ("MemberRole", "elsewhere-2"),
            (
                "IdentityPool",
                "us-east-1:22222222-2222-4333-8444-555555555555",
            ),
        ];
        options.physical_ids = names.map(|(id, name)| (id.into(), name.into())).into();
        let stack = Stack::start(&options).await.unwrap();
        for (logical_id, name) in names {
            assert_eq!(stack.physical_name(logical_id), name);
        }
        let member = "arn:aws:iam::123456789012:role/elsewhere-2";
        assert!(stack.template.roles().iter().any(|role| role.arn == member));
        stack.shutdown().await;
    }
}

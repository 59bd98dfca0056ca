//! A template, running: functions, tables, roles, pools, at two addresses.
//!
//! The template is interpreted, not copied: the environment of each function, the tables, the roles and
//! their trust policies are those that would be deployed. Every AWS API answers at one address; the HTTP
//! API has another.

mod cors;
mod front;
mod options;
mod rules;
mod schedules;
mod sockets;
mod user_pools;
mod wiring;

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Uri},
    middleware,
    routing::post,
};
use tokio::sync::oneshot;

use crate::{
    dynamodb::{DynamoDb, Storage},
    event_bus::EventBus,
    http_client,
    iam::{self, Iam},
    identity_pool::{IdentityPools, TokenKey},
    lambda::{
        LambdaHost, http_api::http_api_router, invoke_api::invoke_router, policy_api::policy_router,
    },
    oidc_issuer::OidcIssuer,
    s3::S3,
    secrets_manager::SecretsManager,
    sqs::Sqs,
    sts::Sts,
    template::{Settings, Template},
    user_pool::UserPool,
};
use front::{Services, dispatch};
pub use options::{Options, PortError, StartError};
pub use rules::{Polled, RuleError};
pub use schedules::ScheduleError;
pub use sockets::Socket;

/// The running stack. Ends with this value; [`Stack::shutdown`] also waits for the processes.
pub struct Stack {
    /// The address of every AWS API, `http://127.0.0.1:<port>`: what `AWS_ENDPOINT_URL` is set to.
    pub aws_url: String,
    /// The address of the HTTP API.
    pub api_url: String,
    /// The template, interpreted.
    pub template: Template,
    /// The functions.
    pub lambda: LambdaHost,
    /// The user pool: of several, the first with triggers.
    pub user_pool: UserPool,
    /// The development issuer.
    pub issuer: OidcIssuer,
    /// Roles and sessions.
    pub iam: Arc<Iam>,
    /// The tables.
    pub dynamodb: Arc<DynamoDb>,
    /// The queues.
    pub sqs: Arc<Sqs>,
    /// The event buses, which record.
    pub events: Arc<EventBus>,
    /// The identity pools.
    pub identity_pools: Arc<IdentityPools>,
    // Dropped with this value, which tells the listeners to end.
    _shutdown: [oneshot::Sender<()>; 2],
}

impl Stack {
    /// Starts everything. When it returns, everything answers: AWS's APIs on `aws`, the HTTP API on
    /// `api`.
    ///
    /// # Errors
    /// The template or a table is not usable.
    pub async fn start(aws: Socket, api: Socket, options: &Options) -> Result<Self, StartError> {
        let settings = Settings {
            parameters: options.parameters.clone(),
            place: options.place.clone(),
            physical_ids: options.physical_ids.clone(),
        };
        let template = Template::load(&options.template, &settings)?;
        Self::run(aws, api, template, options).await
    }

    /// Starts a template that is resolved already; `options` says the rest.
    ///
    /// # Errors
    /// The same.
    pub async fn run(
        aws: Socket,
        api: Socket,
        template: Template,
        options: &Options,
    ) -> Result<Self, StartError> {
        let (aws_url, api_url) = (aws.url().to_owned(), api.url().to_owned());
        let issuer = OidcIssuer::new(&aws_url, &options.issuer_audience)?;
        let place = template.place().clone();
        let iam = Iam::new(place.clone(), template.roles(), Arc::clone(&options.clock))?;
        let iam = Arc::new(iam);
        let lambda = wiring::host(&template, &iam, options, &aws_url)?;
        wiring::permit(&template, &lambda);
        if options.check_binaries {
            wiring::check_binaries(&template, &options.binaries)?;
        }
        let user_pools = wiring::user_pools(&template, &lambda, &aws_url)?;
        let user_pool = user_pools.first().clone();
        if let Storage::File(path) = &options.storage {
            let kept = user_pools.keep_in(path);
            let path = path.clone();
            kept.map_err(|source| StartError::Users { path, source })?;
        }
        let key = Arc::new(TokenKey::development(&place.region)?);
        let pools = template.identity_pools();
        let identity_pools = IdentityPools::new(pools, &iam, &key, Some(&user_pool));
        if options.two_first_identities {
            identity_pools.give_two_first_identities();
        }
        let identity_pools = Arc::new(identity_pools);
        let dynamodb =
            DynamoDb::start(Arc::clone(&iam), &options.storage, template.tables()).await?;
        let dynamodb = Arc::new(dynamodb);
        let sqs = Arc::new(Sqs::new(Arc::clone(&iam), wiring::queues(&template)));
        let events = Arc::new(EventBus::new(Arc::clone(&iam), wiring::buses(&template)));
        let secrets = SecretsManager::new(Arc::clone(&iam), template.secrets());
        let objects = Arc::new(S3::new(Arc::clone(&iam)));
        let objects = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
            objects.handle(&method, &uri, &headers, body)
        };
        let identity_router = identity_pools.router();
        let services = Arc::new(Services {
            iam: Arc::clone(&iam),
            dynamodb: Arc::clone(&dynamodb),
            secrets: secrets.map_err(|_| StartError::NoRandomness)?,
            sqs: Arc::clone(&sqs),
            events: Arc::clone(&events),
            sts: Sts::new(Arc::clone(&iam), key),
            identity_pools: Arc::clone(&identity_pools),
            user_pools,
        });
        let front = Router::new()
            .route("/", post(dispatch))
            .with_state(services)
            .merge(invoke_router(lambda.clone()))
            .merge(policy_router(lambda.clone(), Arc::clone(&iam)))
            .merge(identity_router)
            .merge(user_pool.router())
            .merge(issuer.router())
            .fallback(objects)
            .layer(middleware::from_fn(cors::cors));
        let http_api = wiring::http_api(&template, &iam)?;
        let shutdown = [
            aws.serve(front),
            api.serve(http_api_router(lambda.clone(), http_api)),
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
            sqs,
            events,
            identity_pools,
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

    /// What the template says and this stack does not do, by property.
    pub fn not_obeyed(&self) -> Vec<String> {
        self.user_pool.settings().not_obeyed()
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

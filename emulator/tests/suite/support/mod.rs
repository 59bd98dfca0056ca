//! The AWS services of the fixture template on one loopback port, and real SDK clients for them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentity as cognitoidentity;
use aws_sdk_dynamodb::{self as dynamodb, types::AttributeValue};
use aws_sdk_sts as sts;
use axum::{Router, body::Bytes, http::HeaderMap, response::Response, routing::post};
use emulator::{
    dynamodb::{DynamoDb, Storage},
    iam::{ADMIN_ACCESS_KEY_ID, ADMIN_SECRET_ACCESS_KEY, Iam},
    identity_pool::{self, IdentityPool, TokenKey},
    sts::Sts,
    template::{Settings, Template},
};

/// When the tests take place: seconds since 1970.
pub(crate) const START: u64 = 1_800_000_000;
pub(crate) const PROVIDER: &str = "app.example";

pub(crate) struct Services {
    pub(crate) sts: Sts,
    pub(crate) identity_pool: IdentityPool,
    pub(crate) dynamodb: DynamoDb,
}

pub(crate) struct Aws {
    pub(crate) template: Template,
    pub(crate) iam: Arc<Iam>,
    pub(crate) key: Arc<TokenKey>,
    pub(crate) services: Arc<Services>,
    endpoint: String,
    clock: Arc<AtomicU64>,
}

impl Aws {
    /// The fixture's services in memory.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}, Storage::Memory).await
    }

    pub(crate) async fn start_with(bend: impl FnOnce(&mut String), storage: Storage) -> Self {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/template.yaml");
        let mut text = std::fs::read_to_string(fixture).unwrap();
        bend(&mut text);
        let template = Template::parse(&text, &Settings::default()).unwrap();
        let clock = Arc::new(AtomicU64::new(START));
        let time = Arc::clone(&clock);
        let iam = Iam::new(
            template.place().clone(),
            template.roles(),
            Arc::new(move || time.load(Ordering::SeqCst)),
        );
        let iam = Arc::new(iam.unwrap());
        let key = Arc::new(TokenKey::development("us-east-1").unwrap());
        let pool = template.identity_pool().unwrap().clone();
        let services = Arc::new(Services {
            sts: Sts::new(Arc::clone(&iam), Arc::clone(&key)),
            identity_pool: IdentityPool::new(pool, Arc::clone(&iam), Arc::clone(&key)),
            dynamodb: DynamoDb::start(Arc::clone(&iam), &storage, template.tables())
                .await
                .unwrap(),
        });
        let router = services
            .identity_pool
            .router()
            .merge(aws_router(Arc::clone(&services)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            template,
            iam,
            key,
            services,
            endpoint,
            clock,
        }
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) fn role(&self, logical_id: &str) -> String {
        format!("arn:aws:iam::123456789012:role/example-{logical_id}")
    }

    /// Credentials as the vendor function has them.
    pub(crate) fn vendor(&self) -> Credentials {
        let role = self.role("IdentityVendorRole");
        let session = self.iam.session_for_role(&role, "vendor").unwrap();
        let token = Some(session.session_token.clone());
        credentials(&session.access_key_id, &session.secret_access_key, token)
    }

    pub(crate) fn dynamodb(&self, credentials: Credentials) -> dynamodb::Client {
        let config = dynamodb::Config::builder()
            .behavior_version(dynamodb::config::BehaviorVersion::latest())
            .region(dynamodb::config::Region::new("us-east-1"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint)
            .credentials_provider(credentials);
        dynamodb::Client::from_conf(config.build())
    }

    pub(crate) fn sts(&self, credentials: Option<Credentials>) -> sts::Client {
        let config = sts::Config::builder()
            .behavior_version(sts::config::BehaviorVersion::latest())
            .region(sts::config::Region::new("us-east-1"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint);
        let config = match credentials {
            Some(credentials) => config.credentials_provider(credentials),
            None => config,
        };
        sts::Client::from_conf(config.build())
    }

    pub(crate) fn cognito(&self, credentials: Option<Credentials>) -> cognitoidentity::Client {
        let config = cognitoidentity::Config::builder()
            .behavior_version(cognitoidentity::config::BehaviorVersion::latest())
            .region(cognitoidentity::config::Region::new("us-east-1"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(&self.endpoint);
        let config = match credentials {
            Some(credentials) => config.credentials_provider(credentials),
            None => config,
        };
        cognitoidentity::Client::from_conf(config.build())
    }

    pub(crate) fn pool_id(&self) -> String {
        self.template.identity_pool().unwrap().id.clone()
    }

    /// What the vendor does: a token for a developer user, with `vend_alias` if there is an alias.
    pub(crate) async fn token(&self, user: &str, alias: Option<&str>) -> (String, String) {
        let mut request = self
            .cognito(Some(self.vendor()))
            .get_open_id_token_for_developer_identity()
            .identity_pool_id(self.pool_id())
            .logins(PROVIDER, user);
        if let Some(alias) = alias {
            request = request.principal_tags("vend_alias", alias);
        }
        let answer = request.send().await.unwrap();
        (answer.identity_id.unwrap(), answer.token.unwrap())
    }

    /// What the holder of a token does.
    pub(crate) fn assume(
        &self,
        role: &str,
        token: &str,
    ) -> sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder
    {
        self.sts(None)
            .assume_role_with_web_identity()
            .role_arn(self.role(role))
            .role_session_name("test-session")
            .web_identity_token(token)
    }

    /// A member's identity and credentials.
    pub(crate) async fn member(&self, user: &str) -> (String, Credentials) {
        let (identity_id, token) = self.token(user, Some("member")).await;
        let answer = self.assume("MemberRole", &token).send().await.unwrap();
        (identity_id, of_sts(answer.credentials.unwrap()))
    }
}

fn aws_router(services: Arc<Services>) -> Router {
    let dispatch = move |headers: HeaderMap, body: Bytes| {
        let services = Arc::clone(&services);
        async move { dispatch(&services, &headers, body).await }
    };
    Router::new().route("/", post(dispatch))
}

async fn dispatch(services: &Services, headers: &HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .map(|target| target.to_str().unwrap());
    match target {
        Some(target) if target.starts_with(identity_pool::TARGET_PREFIX) => {
            services.identity_pool.handle(headers, body).await
        }
        Some(_) => services.dynamodb.handle(headers, body).await,
        None => services.sts.handle(headers, body).await,
    }
}

pub(crate) fn credentials(key: &str, secret: &str, token: Option<String>) -> Credentials {
    Credentials::from_keys(key, secret, token)
}

pub(crate) fn admin() -> Credentials {
    credentials(ADMIN_ACCESS_KEY_ID, ADMIN_SECRET_ACCESS_KEY, None)
}

pub(crate) fn of_sts(issued: sts::types::Credentials) -> Credentials {
    credentials(
        issued.access_key_id(),
        issued.secret_access_key(),
        Some(issued.session_token().to_owned()),
    )
}

pub(crate) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// The code and message of an SDK error.
pub(crate) fn refusal<T, E>(result: Result<T, dynamodb::error::SdkError<E>>) -> (String, String)
where
    E: dynamodb::error::ProvideErrorMetadata,
{
    let Err(error) = result else {
        return ("no refusal".to_owned(), String::new());
    };
    let error = error.as_service_error().unwrap().meta().clone();
    (
        error.code().unwrap_or_default().to_owned(),
        error.message().unwrap_or_default().to_owned(),
    )
}

/// The code alone.
pub(crate) fn code<T, E>(result: Result<T, dynamodb::error::SdkError<E>>) -> String
where
    E: dynamodb::error::ProvideErrorMetadata,
{
    refusal(result).0
}

//! The AWS services of the fixture template on one loopback port, and real SDK clients for them.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentity as cognitoidentity;
use aws_sdk_dynamodb::{self as dynamodb, types::AttributeValue};
use aws_sdk_sts as sts;
use aws_sigv4::{
    http_request::{PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use emulator::{
    dynamodb::Storage,
    http_client::{Answer, send},
    iam::{ADMIN_ACCESS_KEY_ID, ADMIN_SECRET_ACCESS_KEY, Iam},
    identity_pool::TokenKey,
    stack::{Options, Socket, Stack, StartError},
    template::{Settings, Template},
};

/// When the tests take place: seconds since 1970.
pub(crate) const START: u64 = 1_800_000_000;
pub(crate) const PROVIDER: &str = "app.example";

/// The fixture template, running, at a time that tests set.
pub(crate) struct Aws {
    pub(crate) stack: Stack,
    pub(crate) template: Template,
    pub(crate) iam: Arc<Iam>,
    pub(crate) key: TokenKey,
    endpoint: String,
    clock: Arc<AtomicU64>,
}

impl Aws {
    /// The fixture's services in memory.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}, Storage::Memory).await
    }

    pub(crate) async fn start_with(bend: impl FnOnce(&mut String), storage: Storage) -> Self {
        Self::try_start(bend, storage).await.unwrap()
    }

    pub(crate) async fn try_start(
        bend: impl FnOnce(&mut String),
        storage: Storage,
    ) -> Result<Self, StartError> {
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/template.yaml");
        let mut text = std::fs::read_to_string(&fixture).unwrap();
        bend(&mut text);
        let template = Template::parse(&text, &Settings::default()).unwrap();
        let clock = Arc::new(AtomicU64::new(START));
        let time = Arc::clone(&clock);
        let options = Options {
            check_binaries: false,
            storage,
            clock: Arc::new(move || time.load(Ordering::SeqCst)),
            ..Options::new(&fixture, Path::new("/nonexistent"))
        };
        let [aws, api] = [
            Socket::bind(0).await.unwrap(),
            Socket::bind(0).await.unwrap(),
        ];
        let stack = Stack::run(aws, api, template.clone(), &options).await?;
        Ok(Self {
            template,
            iam: Arc::clone(&stack.iam),
            key: TokenKey::development("us-east-1").unwrap(),
            endpoint: stack.aws_url.clone(),
            clock,
            stack,
        })
    }

    /// One request of a service whose SDK is not linked here, signed by AWS's own signer.
    pub(crate) async fn call(
        &self,
        credentials: &Credentials,
        service: &str,
        (method, path): (&str, &str),
        target: &str,
        body: &serde_json::Value,
    ) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let url = format!("{}{path}", self.endpoint);
        let identity = credentials.clone().into();
        let mut settings = SigningSettings::default();
        if service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
        }
        let params = SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(service)
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let mut headers = vec![(
            "content-type".to_owned(),
            "application/x-amz-json-1.1".to_owned(),
        )];
        if !target.is_empty() {
            headers.push(("x-amz-target".to_owned(), target.to_owned()));
        }
        let signable = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let request =
            SignableRequest::new(method, &url, signable, SignableBody::Bytes(body.as_bytes()));
        let (instructions, _) = sign(request.unwrap(), &params).unwrap().into_parts();
        for (name, value) in instructions.headers() {
            headers.push((name.to_owned(), value.to_owned()));
        }
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        send(method, &url, &headers, &body).await.unwrap()
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

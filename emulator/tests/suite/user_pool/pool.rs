//! A pool behind HTTP, with stub functions.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use aws_credential_types::Credentials;
use aws_sdk_cognitoidentityprovider::{
    Client,
    config::{BehaviorVersion, Region, retry::RetryConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        initiate_auth::{InitiateAuthError, InitiateAuthOutput},
        sign_up::builders::SignUpFluentBuilder,
    },
    types::{AttributeType, AuthFlowType},
};
use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use emulator::user_pool::{Invoke, Settings, TriggerOutcome, UserPool};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) const POOL: &str = "us-east-1_Test";
pub(crate) const CLIENT: &str = "1example23456789";
pub(crate) const PASSWORD: &str = "correct horse";

/// Everything a test needs; the server ends with it.
pub(crate) struct Pool {
    pub(crate) pool: UserPool,
    pub(crate) client: Client,
    pub(crate) base_url: String,
    events: Events,
    server: JoinHandle<()>,
}

type Events = Arc<Mutex<Vec<Value>>>;

impl Drop for Pool {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The event as it came: nothing decided, nothing known.
pub(crate) fn untouched(event: Value) -> TriggerOutcome {
    TriggerOutcome::Answered(event.to_string().into_bytes())
}

/// The event with this response.
pub(crate) fn respond(mut event: Value, response: Value) -> TriggerOutcome {
    event["response"] = response;
    untouched(event)
}

/// What Lambda answers for a function that raised an error.
pub(crate) fn refuse(message: &str) -> TriggerOutcome {
    TriggerOutcome::FunctionError(json!({ "errorMessage": message }).to_string().into_bytes())
}

/// All three triggers are one stub, which tells them apart by the event.
pub(crate) fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new(POOL, CLIENT, base_url);
    settings.triggers.pre_sign_up = Some("pre-sign-up".into());
    settings.triggers.post_confirmation = Some("post-confirmation".into());
    settings.triggers.user_migration = Some("user-migration".into());
    settings
}

/// A function host that keeps the events it was given.
pub(crate) fn invoke(
    events: Events,
    stub: impl Fn(Value) -> TriggerOutcome + Send + Sync + 'static,
) -> Invoke {
    Arc::new(move |_function, event| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        events.lock().unwrap().push(event.clone());
        let outcome = stub(event);
        Box::pin(async move { outcome })
    })
}

pub(crate) async fn start(stub: impl Fn(Value) -> TriggerOutcome + Send + Sync + 'static) -> Pool {
    start_with(|_| {}, stub).await
}

pub(crate) async fn start_with(
    bend: impl FnOnce(&mut Settings),
    stub: impl Fn(Value) -> TriggerOutcome + Send + Sync + 'static,
) -> Pool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = settings(&base_url);
    bend(&mut settings);
    let events = Events::default();
    let pool = UserPool::new(settings, invoke(events.clone(), stub)).unwrap();
    let router = Router::new()
        .route("/", post(dispatch))
        .with_state(pool.clone())
        .merge(pool.router());
    let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&base_url)
        .credentials_provider(Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "test",
        ))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let client = Client::from_conf(config);
    Pool {
        pool,
        client,
        base_url,
        events,
        server,
    }
}

async fn dispatch(
    State(pool): State<UserPool>,
    headers: HeaderMap,
    body: Bytes,
) -> axum::response::Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let operation = target
        .strip_prefix("AWSCognitoIdentityProviderService.")
        .unwrap();
    pool.handle(operation, &body).await
}

impl Pool {
    pub(crate) fn events(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn event(&self, source: &str) -> Value {
        let events = self.events();
        let event = events.iter().find(|event| event["triggerSource"] == source);
        event
            .unwrap_or_else(|| panic!("no {source} among {events:?}"))
            .clone()
    }

    pub(crate) fn sources(&self) -> Vec<String> {
        let events = self.events();
        events
            .iter()
            .map(|event| event["triggerSource"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn sign_up(&self, email: &str) -> SignUpFluentBuilder {
        self.client
            .sign_up()
            .client_id(CLIENT)
            .username(email)
            .password(PASSWORD)
    }

    pub(crate) fn last_code(&self) -> String {
        self.pool
            .mailbox()
            .deliveries()
            .last()
            .unwrap()
            .code
            .clone()
    }

    /// Signs up and confirms.
    pub(crate) async fn member(&self, email: &str) {
        self.sign_up(email).send().await.unwrap();
        let confirm = self
            .client
            .confirm_sign_up()
            .client_id(CLIENT)
            .username(email);
        confirm
            .confirmation_code(self.last_code())
            .send()
            .await
            .unwrap();
    }

    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: &str,
    ) -> Result<InitiateAuthOutput, SdkError<InitiateAuthError>> {
        let request = self.client.initiate_auth().client_id(CLIENT);
        request
            .auth_flow(AuthFlowType::UserPasswordAuth)
            .auth_parameters("USERNAME", name)
            .auth_parameters("PASSWORD", password)
            .send()
            .await
    }

    /// `UserStatus`, or nothing if there is no such user.
    pub(crate) async fn status(&self, name: &str) -> Option<String> {
        let request = self
            .client
            .admin_get_user()
            .user_pool_id(POOL)
            .username(name);
        Some(request.send().await.ok()?.user_status?.as_str().to_owned())
    }

    /// As a stranger verifies a token: from the issuer's configuration to its key set.
    pub(crate) async fn verify(&self, token: &str) {
        let issuer = claims(token)["iss"].as_str().unwrap().to_owned();
        let configuration = self
            .get(&format!("{issuer}/.well-known/openid-configuration"))
            .await;
        assert_eq!(configuration["issuer"], json!(issuer));
        let keys = self.get(configuration["jwks_uri"].as_str().unwrap()).await;
        let [header, payload, signature] = token.split('.').collect::<Vec<_>>()[..] else {
            panic!("not three parts: {token}");
        };
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
        let header_claims: Value = serde_json::from_slice(&decode(header)).unwrap();
        let key = &keys["keys"][0];
        assert_eq!(header_claims["kid"], key["kid"]);
        let (n, e) = (
            decode(key["n"].as_str().unwrap()),
            decode(key["e"].as_str().unwrap()),
        );
        RsaPublicKeyComponents { n, e }
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                format!("{header}.{payload}").as_bytes(),
                &decode(signature),
            )
            .unwrap();
    }

    async fn get(&self, url: &str) -> Value {
        let path = url.strip_prefix(&self.base_url).unwrap();
        let mut stream = TcpStream::connect(&self.base_url["http://".len()..])
            .await
            .unwrap();
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// The value of one of the user's attributes.
    pub(crate) async fn attribute(&self, user: &str, name: &str) -> Option<String> {
        let request = self
            .client
            .admin_get_user()
            .user_pool_id(POOL)
            .username(user);
        let attributes = request.send().await.unwrap().user_attributes.unwrap();
        attributes
            .into_iter()
            .find(|attribute| attribute.name == name)?
            .value
    }
}

pub(crate) fn attribute(name: &str, value: &str) -> AttributeType {
    AttributeType::builder()
        .name(name)
        .value(value)
        .build()
        .unwrap()
}

/// The exception and its text, as the client read them.
pub(crate) fn refusal<T: Debug, E: ProvideErrorMetadata + Debug>(
    result: Result<T, SdkError<E>>,
) -> (String, String) {
    let error = result.unwrap_err();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (text(error.code()), text(error.message()))
}

pub(crate) fn pair(exception: &str, message: &str) -> (String, String) {
    (exception.to_owned(), message.to_owned())
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

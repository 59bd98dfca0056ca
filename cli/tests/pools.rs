//! Two stacks on this machine: the suite, whose functions are attached, and examples/pool.yaml, to which they are.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use emulator::{
    iam::{ADMIN_ACCESS_KEY_ID, ADMIN_SECRET_ACCESS_KEY},
    lambda::permissions::Source,
    stack::{Options, Socket, Stack},
};
use serde_json::{Value, json};
use shared::{
    aws::{SignedClient, SignedRequest},
    deadline::Deadline,
};

use crate::support::{Folder, Run, poolkeeper_with};

/// The pool of examples/pool.yaml.
pub(crate) const POOL: &str = "us-east-1_Otherpool";

fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The suite and a pool of another stack.
pub(crate) struct Pools {
    pub(crate) suite: Stack,
    pub(crate) other: Stack,
    pub(crate) folder: Folder,
}

impl Pools {
    /// examples/pool.yaml, with `more` among the pool's properties.
    pub(crate) async fn start(more: &str) -> Self {
        let folder = Folder::new();
        let mut options = local::Options::new(folder.root().to_owned());
        options.check_binaries = false;
        let suite = local::start(&options).await.unwrap();
        let template = folder.path("pool.yaml");
        let text = std::fs::read_to_string(tree("examples/pool.yaml")).unwrap();
        let place = "      DeletionProtection: ACTIVE\n";
        assert!(text.contains(place));
        std::fs::write(&template, text.replace(place, &format!("{place}{more}"))).unwrap();
        let mut options = Options::new(&template, Path::new("/nonexistent"));
        options.check_binaries = false;
        options.physical_ids = [("UserPool".to_owned(), POOL.to_owned())].into();
        options.parameters = [
            ("LoginPrefix", "example"),
            ("GoogleClientId", "google"),
            ("GoogleSecretName", "google-secret"),
            ("OidcIssuer", "https://issuer.example"),
            ("OidcClientId", "client"),
            ("OidcSecretName", "oidc-secret"),
            ("SamlMetadataUrl", "https://saml.example"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let [aws, api] = [
            Socket::bind(0).await.unwrap(),
            Socket::bind(0).await.unwrap(),
        ];
        let other = Stack::start(aws, api, &options).await.unwrap();
        Self {
            suite,
            other,
            folder,
        }
    }

    /// Runs a command about that pool, with the suite's outputs on stdin.
    pub(crate) fn run(&self, command: &str, more: &[&str]) -> Run {
        let arguments = [&[command, POOL, "--outputs", "-"], more].concat();
        self.run_with(&arguments, &self.outputs())
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Run {
        let variables = [
            ("AWS_ACCESS_KEY_ID", ADMIN_ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", ADMIN_SECRET_ACCESS_KEY),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", self.suite.aws_url.as_str()),
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                &self.other.aws_url,
            ),
        ];
        poolkeeper_with(&variables, arguments, input)
    }

    /// What `aws cloudformation describe-stacks` would print of the suite.
    pub(crate) fn outputs(&self) -> String {
        let output = |name: &str| {
            let value = self.suite.template.output(name).unwrap();
            json!({ "OutputKey": name, "OutputValue": value })
        };
        let outputs = [
            "PreSignUp",
            "PostConfirmation",
            "UserMigration",
            "IdentityVendor",
        ]
        .map(|function| output(&format!("{function}FunctionArn")));
        json!({ "Stacks": [{ "Outputs": outputs }] }).to_string()
    }

    /// The alias of a function of the suite.
    pub(crate) fn function(&self, trigger: &str) -> String {
        let output = self.suite.template.output(&format!("{trigger}FunctionArn"));
        output.unwrap().to_owned()
    }

    /// Every setting of the pool, second factors and passkeys with them, but no trigger.
    pub(crate) async fn settings(&self) -> Value {
        let mut settings = self
            .ask(
                "cognito-idp:DescribeUserPool",
                &json!({ "UserPoolId": POOL }),
            )
            .await;
        let mfa = self
            .ask(
                "cognito-idp:GetUserPoolMfaConfig",
                &json!({ "UserPoolId": POOL }),
            )
            .await;
        let pool = settings["UserPool"].as_object_mut().unwrap();
        pool.remove("LambdaConfig");
        json!({ "pool": pool, "mfa": mfa })
    }

    pub(crate) async fn triggers(&self) -> Value {
        let answer = self
            .ask(
                "cognito-idp:DescribeUserPool",
                &json!({ "UserPoolId": POOL }),
            )
            .await;
        answer["UserPool"]["LambdaConfig"].clone()
    }

    /// UpdateUserPool with what the pool has and `change`, as a pipeline does it.
    pub(crate) async fn update(&self, change: Value) {
        let described = self
            .ask(
                "cognito-idp:DescribeUserPool",
                &json!({ "UserPoolId": POOL }),
            )
            .await;
        let mut request = described["UserPool"].as_object().unwrap().clone();
        request.insert("UserPoolId".to_owned(), json!(POOL));
        request.extend(change.as_object().unwrap().clone());
        self.ask("cognito-idp:UpdateUserPool", &Value::Object(request))
            .await;
    }

    pub(crate) async fn ask(&self, action: &'static str, body: &Value) -> Value {
        let client = SignedClient::new(&self.other.sdk_config(Stack::admin())).unwrap();
        let request = SignedRequest {
            region: "us-east-1",
            method: "POST",
            path: "/",
            target: Some("AWSCognitoIdentityProviderService"),
            body,
        };
        let deadline = Deadline::after(Duration::from_secs(10));
        client.signed(action, request, deadline).await.unwrap()
    }

    /// Whether the other pool may invoke the suite's function.
    pub(crate) fn may_invoke(&self, trigger: &str) -> bool {
        let settings = self.other.user_pool.settings();
        let source = Source {
            service: "cognito-idp.amazonaws.com",
            arn: &settings.pool_arn,
            account: Some("123456789012"),
        };
        self.suite
            .lambda
            .permissions()
            .allow(&self.function(trigger), source)
    }
}

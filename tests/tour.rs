//! The main job, as `make run` plays it; and the suite's own start.

use aws_sdk_cognitoidentityprovider::{Client, types::AuthFlowType};
use emulator::{
    http_client::{Answer, send},
    stack::Stack,
};
use local::{AppIssuer, Options, StartError, tour};
use serde_json::{Value, json};

use crate::common::{audit_lines, options, stack};

/// The suite as `poolkeeper-local` starts it.
fn as_deployed() -> Options {
    Options {
        app_issuer: AppIssuer::AsDeployed,
        ..options()
    }
}

async fn credentials(stack: &Stack, jwt: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {jwt}");
    let url = format!("{}/credentials{path}", stack.api_url);
    send("GET", &url, &[("authorization", &bearer)], "")
        .await
        .unwrap()
}

/// The tokens of somebody whom an administrator has made.
async fn signed_in(stack: &Stack, name: &str) -> (String, String) {
    let (pool, password) = (stack.user_pool.settings(), "Correct-horse-1");
    let idp = Client::new(&stack.sdk_config(Stack::admin()));
    let made = idp.admin_create_user().user_pool_id(&pool.pool_id);
    made.username(name).send().await.unwrap();
    let set = idp.admin_set_user_password().user_pool_id(&pool.pool_id);
    let set = set.username(name).password(password).permanent(true);
    set.send().await.unwrap();
    let answer = idp.initiate_auth().client_id(&pool.client_id);
    let answer = answer.auth_flow(AuthFlowType::UserPasswordAuth);
    let answer = answer.auth_parameters("USERNAME", name);
    let answer = answer.auth_parameters("PASSWORD", password).send().await;
    let tokens = answer.unwrap().authentication_result.unwrap();
    (tokens.id_token.unwrap(), tokens.access_token.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_goes_as_it_must_and_every_decision_has_its_audit_line() {
    let stack = stack().await;
    let mut told = Vec::new();
    tour::play(&stack, &mut told).await.unwrap();
    let told = String::from_utf8(told).unwrap();
    assert_eq!(told.matches('→').count(), 18, "{told}");
    let lines = audit_lines(&stack);
    let of = |function: &str| {
        lines
            .iter()
            .filter(|line| line["function"] == function)
            .count()
    };
    assert_eq!(
        (
            of("pre-sign-up"),
            of("post-confirmation"),
            of("user-migration"),
            of("identity-vendor")
        ),
        (2, 2, 5, 7)
    );
    assert!(
        lines.iter().all(|line| line["outcome"] != "failed"),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_named_with_the_flag_that_changes_it() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = options();
    options.api_port = taken.local_addr().unwrap().port();
    let error = local::start(&options).await.err().unwrap();
    assert!(
        matches!(
            error,
            StartError::Port {
                flag: "--api-port",
                ..
            }
        ),
        "{error}"
    );
    assert!(error.to_string().contains("--api-port"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_of_the_pool_is_a_caller_and_so_is_whom_the_development_issuer_vouches_for() {
    let stack = local::start(&as_deployed()).await.unwrap();
    let (id_token, access_token) = signed_in(&stack, "ana@example.com").await;
    let own = credentials(&stack, &id_token, "").await;
    assert_eq!(own.status, 200, "{}", own.json());
    // Its audience is nobody: it is no proof.
    assert_eq!(credentials(&stack, &access_token, "").await.status, 401);

    let publisher = json!({"sub": "ben", "cognito:groups": ["publishers"]});
    let jwt = stack.issuer.mint(publisher).unwrap();
    let vouched = credentials(&stack, &jwt, "/publisher").await;
    assert_eq!(vouched.status, 200, "{}", vouched.json());
    let lines = audit_lines(&stack);
    let vended = lines
        .iter()
        .filter(|line| line["function"] == "identity-vendor" && line["outcome"] != "denied");
    let vended: Vec<(&Value, &Value)> = vended
        .map(|line| (&line["source"], &line["rule"]))
        .collect();
    assert_eq!(
        vended,
        [
            (&json!("app"), &json!("members")),
            (&json!("development"), &json!("development-publishers")),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_goes_the_same_way_where_the_pool_is_the_issuer() {
    let stack = local::start(&as_deployed()).await.unwrap();
    tour::play(&stack, &mut Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_cloudformation_would_refuse_is_refused() {
    for (name, value, expected) in [
        (
            "AppIssuerUrl",
            "http://auth.example.com",
            "expected empty, or an https URL",
        ),
        (
            "TriggerMemorySize",
            "64",
            "expected a number of at least 128",
        ),
        (
            "EmailFrom",
            "shop@example.com",
            "EmailFrom needs EmailIdentityArn",
        ),
        ("NoSuchParameter", "1", "is not declared by the template"),
    ] {
        let mut options = as_deployed();
        options.parameters.insert(name.to_owned(), value.to_owned());
        let error = local::start(&options).await.err().unwrap();
        let error = shared::telemetry::error_chain(&error);
        assert!(error.contains(expected), "{name}: {error}");
    }
}

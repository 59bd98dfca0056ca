//! An old pool that says what it is told: challenges, errors, another Region.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_sdk_dynamodb::types::AttributeValue;
use axum::http::{HeaderMap, StatusCode};
use emulator::stack::Stack;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{OLD_CLIENT, PASSWORD, moved, policy};
use crate::{
    common::{answer, environment, event, invoke, last_decision, log_text, options},
    user_migration::{FORGOT, FUNCTION, response, sign_in},
};

/// An old pool that says what it is told, by operation; and who asked.
struct Scripted {
    url: String,
    answers: Arc<Mutex<BTreeMap<&'static str, (u16, Value)>>>,
    authorizations: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Arc::new(Mutex::new(BTreeMap::<&str, (u16, Value)>::new()));
        let authorizations = Arc::new(Mutex::new(Vec::new()));
        let (scripted, seen) = (Arc::clone(&answers), Arc::clone(&authorizations));
        let router = axum::Router::new().fallback(move |headers: HeaderMap| async move {
            let text = |name: &str| headers[name].to_str().unwrap().to_owned();
            seen.lock().unwrap().push(text("authorization"));
            let target = text("x-amz-target");
            let operation = target.rsplit('.').next().unwrap();
            let (status, body) = scripted.lock().unwrap()[operation].clone();
            (StatusCode::from_u16(status).unwrap(), body.to_string())
        });
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            url,
            answers,
            authorizations,
        }
    }

    fn say(&self, operation: &'static str, status: u16, body: Value) {
        self.answers
            .lock()
            .unwrap()
            .insert(operation, (status, body));
    }

    /// A user of this status.
    fn knows(&self, status: &str, enabled: bool) {
        let user = json!({
            "Username": "ana",
            "Enabled": enabled,
            "UserStatus": status,
            "UserAttributes": [
                { "Name": "sub", "Value": "17" },
                { "Name": "email", "Value": "ana@example.com" },
                { "Name": "email_verified", "Value": "true" },
            ],
        });
        self.say("AdminGetUser", 200, user);
        self.say("AdminListGroupsForUser", 200, json!({ "Groups": [] }));
    }

    fn refuses(&self, kind: &str, message: &str) {
        let body = json!({ "__type": kind, "message": message });
        self.say("AdminInitiateAuth", 400, body);
    }
}

/// The suite before such a pool, in another Region.
async fn before(old: &Scripted) -> Stack {
    let mut options = options();
    options.policy = policy();
    let arn = "arn:aws:cognito-idp:eu-west-1:210987654321:userpool/eu-west-1_OldPool1";
    let parameters = [
        ("LegacyUserPoolArn", arn),
        ("LegacyUserPoolClientId", OLD_CLIENT),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options.parameters = parameters.into();
    let variable = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
    options.environment = environment(FUNCTION, &[(variable, &old.url)]);
    local::start(&options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_for_a_second_factor_moves_the_user_in_and_is_noted() {
    let old = Scripted::start().await;
    let stack = before(&old).await;
    old.knows("CONFIRMED", true);
    let challenge = json!({ "ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "x".repeat(20) });
    old.say("AdminInitiateAuth", 200, challenge);
    answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", PASSWORD)).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    assert_eq!(moved(&stack, "17").await["mfa"], AttributeValue::Bool(true));
    let authorizations = old.authorizations.lock().unwrap().clone();
    assert_eq!(authorizations.len(), 3);
    for authorization in authorizations {
        assert!(
            authorization.contains("/eu-west-1/cognito-idp/"),
            "{authorization}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_old_pool_refuses_the_answer_is_the_event_as_it_came() {
    let old = Scripted::start().await;
    let stack = before(&old).await;
    let sent = sign_in("ana@example.com", PASSWORD);
    for (status, enabled, reason) in [
        ("CONFIRMED", false, "disabled"),
        ("COMPROMISED", true, "disabled"),
        ("UNCONFIRMED", true, "not-confirmed"),
        ("RESET_REQUIRED", true, "reset-required"),
        ("FORCE_CHANGE_PASSWORD", true, "temporary-password"),
        ("EXTERNAL_PROVIDER", true, "federated-user"),
    ] {
        old.knows(status, enabled);
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{status}"
        );
        assert_eq!(
            last_decision(&stack),
            format!("untouched {reason}"),
            "{status}"
        );
    }
    old.knows("CONFIRMED", true);
    for (kind, message, decision) in [
        (
            "NotAuthorizedException",
            "Incorrect username or password.",
            "untouched wrong-password",
        ),
        (
            "NotAuthorizedException",
            "Password attempts exceeded",
            "untouched wrong-password",
        ),
        (
            "UserNotFoundException",
            "canary",
            "untouched wrong-password",
        ),
        (
            "PasswordResetRequiredException",
            "canary",
            "untouched reset-required",
        ),
        (
            "UserNotConfirmedException",
            "canary",
            "untouched not-confirmed",
        ),
        (
            "UserLambdaValidationException",
            "canary",
            "untouched disabled",
        ),
        // The time until here has told that the pool knows the user, so these take the floor.
        (
            "NotAuthorizedException",
            "Unable to verify secret hash for client 1oldclient",
            "failed later-dependency-failed",
        ),
        (
            "TooManyRequestsException",
            "canary",
            "failed later-dependency-failed",
        ),
        (
            "InvalidParameterException",
            "canary",
            "failed later-dependency-failed",
        ),
    ] {
        old.refuses(kind, message);
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{kind}"
        );
        assert_eq!(last_decision(&stack), decision, "{kind} {message}");
    }
    old.say("AdminInitiateAuth", 200, json!("canary"));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed later-dependency-failed");
    for (status, body) in [
        (
            400,
            json!({ "__type": "ResourceNotFoundException", "message": "canary" }),
        ),
        (
            400,
            json!({ "__type": "AccessDeniedException", "message": "canary" }),
        ),
        (500, json!("canary")),
        (200, json!("canary")),
        (
            200,
            json!({ "Username": "ana", "Enabled": true, "UserStatus": "CONFIRMED" }),
        ),
    ] {
        old.say("AdminGetUser", status, body);
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(
            last_decision(&stack),
            "failed dependency-failed",
            "{status}"
        );
    }
    assert!(!log_text(&stack).contains("canary"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_moves_in_whom_the_old_pool_knows_by_a_verified_address() {
    let old = Scripted::start().await;
    let stack = before(&old).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("ana@example.com"));
    // Who was to choose another password there chooses it here.
    for status in ["CONFIRMED", "RESET_REQUIRED"] {
        old.knows(status, true);
        let answered = response(&answer(&invoke(&stack, FUNCTION, &sent).await));
        assert_eq!(
            answered["userAttributes"]["email"], "ana@example.com",
            "{status}"
        );
        assert_eq!(
            last_decision(&stack),
            "migrated password-forgotten",
            "{status}"
        );
    }
    old.knows("EXTERNAL_PROVIDER", true);
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched federated-user");
}

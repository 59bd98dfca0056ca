//! How often somebody may try to guess a password.

use emulator::stack::Stack;
use serde_json::json;

use super::{
    FORGOT, FUNCTION, put, row, sign_in,
    stores::{indexed, with_mail},
};
use crate::common::{
    answer, audit_lines, event,
    faulty::{Behaviour, Faulty},
    invoke, last_decision, options, policy_file, stack_under,
};

async fn limited(limits: &str) -> Stack {
    stack_under(
        "forgot_password = false",
        &format!("forgot_password = false\nanswer_floor_ms = 1\n{limits}"),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_one_name_are_limited_however_it_is_written() {
    let limits = "attempts_per_name = { burst = 3, period_seconds = 3600 }";
    let stack = limited(limits).await;
    put(&stack, row("ana@example.com")).await;
    for name in ["ana@example.com", "ANA@example.com", " ana@example.com "] {
        answer(&invoke(&stack, FUNCTION, &sign_in(name, "wrong")).await);
        assert_eq!(last_decision(&stack), "untouched wrong-password");
    }
    // The right one comes too late, and nobody can tell.
    let sent = sign_in("Ana@example.com", "U*U");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched limited-name");
    answer(&invoke(&stack, FUNCTION, &sign_in("una@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "untouched unknown-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_one_user_are_limited_by_whatever_names_the_store_knows_them() {
    let mut options = indexed();
    let rules = std::fs::read_to_string(&options.policy).unwrap();
    let limited = "forgot_password = true\nanswer_floor_ms = 1\n\
        attempts_per_name = { burst = 2, period_seconds = 3600 }";
    options.policy = policy_file(&rules.replacen("forgot_password = false", limited, 1));
    let stack = local::start(&options).await.unwrap();
    put(&stack, with_mail("ana", "ana@example.com")).await;
    for (name, password, reason) in [
        ("ana", "wrong", "wrong-password"),
        ("ana@example.com", "wrong", "wrong-password"),
        // Each name has an attempt left, and the user has none.
        ("ana", "U*U", "limited-record"),
        ("ana@example.com", "wrong", "limited-record"),
        ("ana", "wrong", "limited-name"),
    ] {
        let sent = sign_in(name, password);
        assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
        assert_eq!(last_decision(&stack), format!("untouched {reason}"));
    }
    put(&stack, with_mail("una", "una@example.com")).await;
    for name in ["una", "una@example.com"] {
        answer(&invoke(&stack, FUNCTION, &sign_in(name, "wrong")).await);
    }
    let sent = event(FORGOT, |event| event["userName"] = json!("una"));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched limited-record");
    answer(&invoke(&stack, FUNCTION, &sign_in("bob", "U*U")).await);
    assert_eq!(last_decision(&stack), "untouched unknown-user");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_attempt_reaches_no_store() {
    let endpoint = Faulty::start(Behaviour::Close).await;
    let mut options = options();
    options.policy = policy_file(&format!(
        "version = 1\n[user-migration]\nanswer_floor_ms = 1\n\
         attempts_per_name = {{ burst = 1, period_seconds = 3600 }}\n\
         [[user-migration.stores]]\nname = \"old-shop\"\nhttps.url = \"{}\"\n",
        endpoint.url
    ));
    let stack = local::start(&options).await.unwrap();
    endpoint.behave(crate::common::faulty::http(
        "200 OK",
        "{\"status\":\"unknown\"}",
    ));
    for reason in ["unknown-user", "limited-name"] {
        answer(&invoke(&stack, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
        assert_eq!(last_decision(&stack), format!("untouched {reason}"));
        assert_eq!(endpoint.requests(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forgotten_passwords_of_one_name_are_limited_too() {
    let limits = "forgot_password = true\nanswer_floor_ms = 1\nmax_offers = 100\n\
                  attempts_per_name = { burst = 1, period_seconds = 3600 }";
    let stack = stack_under("forgot_password = false", limits).await;
    put(&stack, row("ana@example.com")).await;
    let sent = event(FORGOT, |event| event["userName"] = json!("ana@example.com"));
    answer(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "migrated password-forgotten");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched limited-name");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_by_one_app_client_do_not_keep_a_person_out_at_another() {
    let stack = limited("attempts_per_name = { burst = 1, period_seconds = 3600 }").await;
    put(&stack, row("ana@example.com")).await;
    for (client, password, decision) in [
        ("stranger", "wrong", "untouched wrong-password"),
        ("stranger", "U*U", "untouched limited-name"),
        ("app", "U*U", "migrated password-verified"),
    ] {
        let sent = event("user-migration.Authentication", |event| {
            event["userName"] = json!("ana@example.com");
            event["callerContext"]["clientId"] = json!(client);
            event["request"]["password"] = json!(password);
        });
        answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(last_decision(&stack), decision, "{client}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_app_client_has_a_budget_and_another_has_its_own() {
    let limits = "attempts_per_client = { burst = 2, period_seconds = 3600 }";
    let stack = limited(limits).await;
    let by = |client: &str, name: &str| {
        event("user-migration.Authentication", |event| {
            event["userName"] = json!(name);
            event["callerContext"]["clientId"] = json!(client);
        })
    };
    for (client, name, reason) in [
        ("app", "a", "unknown-user"),
        ("app", "b", "unknown-user"),
        ("app", "c", "limited-client"),
        ("other", "c", "unknown-user"),
    ] {
        answer(&invoke(&stack, FUNCTION, &by(client, name)).await);
        assert_eq!(last_decision(&stack), format!("untouched {reason}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_guesses_get_no_more_than_the_budget() {
    let stack = limited("attempts_per_name = { burst = 5, period_seconds = 3600 }").await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "wrong");
    // 500, as many at a time as there are environments.
    for _ in 0..50 {
        let all = (0..10).map(|_| invoke(&stack, FUNCTION, &sent));
        for done in futures_util::future::join_all(all).await {
            assert_eq!(answer(&done), sent);
        }
    }
    let lines = audit_lines(&stack);
    let verified = lines
        .iter()
        .filter(|line| line["reason"] == "wrong-password");
    assert_eq!(verified.count(), 5);
    let limited = lines.iter().filter(|line| line["reason"] == "limited-name");
    assert_eq!(limited.count(), 495);
}

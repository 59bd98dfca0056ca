//! How the stores are asked, and what happens when one does not answer.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::Options;

use super::{FUNCTION, moved_record, put, row, sign_in};
use crate::common::{
    answer, audit_lines, bent_policy, environment,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, log_text, options, policy_file, stack, stack_under, stack_with, tree,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_does_not_tell_its_scheme_is_read_by_the_policy_s_or_by_the_row_s() {
    // SHA-1 of salt and password, as old Django stored it; old Werkzeug means an HMAC by the same text.
    let ambiguous = "sha1$pepper-free-salt$814953131f21d439d19afa81a40a195278331279";
    let hash = |mut row: Vec<(&'static str, AttributeValue)>| {
        row[1].1 = AttributeValue::S(ambiguous.to_owned());
        row
    };
    let by_policy = stack_under("lookup =", "hash = { scheme = \"django\" }\nlookup =").await;
    put(&by_policy, hash(row("ana@example.com"))).await;
    answer(&invoke(&by_policy, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_policy), "migrated password-verified");

    let by_row = stack().await;
    put(&by_row, hash(row("una@example.com"))).await;
    let mut named = hash(row("ana@example.com"));
    named.push(("hash_scheme", AttributeValue::S("django".to_owned())));
    put(&by_row, named).await;
    answer(&invoke(&by_row, FUNCTION, &sign_in("una@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_row), "untouched ambiguous-format");
    answer(&invoke(&by_row, FUNCTION, &sign_in("ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&by_row), "migrated password-verified");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_looks_like_a_wrong_password() {
    for behaviour in [
        Behaviour::Hang,
        Behaviour::Close,
        http("500 Internal Server Error", "canary"),
        http("200 OK", "canary, no JSON"),
    ] {
        let store = Faulty::start(behaviour.clone()).await;
        let mut options = options();
        options.environment = environment(FUNCTION, &[("AWS_ENDPOINT_URL", &store.url)]);
        let stack = local::start(&options).await.unwrap();
        let sent = sign_in("ana@example.com", "U*U");
        assert_eq!(
            answer(&invoke(&stack, FUNCTION, &sent).await),
            sent,
            "{behaviour:?}"
        );
        assert!(
            last_decision(&stack).starts_with("failed "),
            "{behaviour:?}"
        );
        assert!(!log_text(&stack).contains("canary"), "{behaviour:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_hangs_is_given_up_while_cognito_still_waits() {
    let store = Faulty::start(Behaviour::Hang).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL", &store.url)]).await;
    for round in ["a cold start", "a warm one"] {
        let sent = sign_in("ana@example.com", "U*U");
        let answered = invoke(&stack, FUNCTION, &sent).await;
        assert!(
            answered.duration < Duration::from_millis(4500),
            "{round}: {:?}",
            answered.duration
        );
        assert_eq!(answer(&answered), sent, "{round}");
        let line = audit_lines(&stack).pop().unwrap();
        assert_eq!(line["reason"], "dependency-failed", "{round}");
        assert!(line["remaining_ms"].as_u64() > Some(0), "{round}: {line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stores_are_asked_in_order_and_the_first_that_knows_the_name_decides() {
    let second = "name = \"older-users\"\nattributes = { email = \"email\" }\n\
        [user-migration.stores.dynamodb]\ntable = \"poolkeeper-OlderUsers\"\nlookup = \"lower_case\"\n\
        [[user-migration.stores]]\nname = \"old-users\"";
    let stack = stack_under("name = \"old-users\"", second).await;
    put(&stack, row("ana@example.com")).await;
    let sent = sign_in("ana@example.com", "U*U");
    // The role may not read the first table, so that store fails: the second is not asked.
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed dependency-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_behind_one_that_does_not_know_the_name_tells_so_much_and_takes_the_floor()
 {
    let endpoint = Faulty::start(http("200 OK", "{\"status\":\"unknown\"}")).await;
    let mut options = options();
    options.policy = policy_file(&format!(
        "version = 1\n[user-migration]\nanswer_floor_ms = 1\n\
         [[user-migration.stores]]\nname = \"old-shop\"\nhttps.url = \"{}\"\n\
         [[user-migration.stores]]\nname = \"older-users\"\n\
         dynamodb.table = \"poolkeeper-OlderUsers\"\n",
        endpoint.url
    ));
    let stack = local::start(&options).await.unwrap();
    let sent = sign_in("ana@example.com", "U*U");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "failed later-dependency-failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rows_that_differ_in_case_only_keep_both_users_out() {
    let stack = stack_under(
        "lookup = \"lower_case\"",
        "lookup = \"as_typed_then_lower_case\"",
    )
    .await;
    put(&stack, row("Ana@example.com")).await;
    let typed = sign_in("Ana@example.com", "U*U");
    answer(&invoke(&stack, FUNCTION, &typed).await);
    assert_eq!(last_decision(&stack), "migrated password-verified");
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &typed).await);
    assert_eq!(last_decision(&stack), "untouched ambiguous-name");
}

/// The suite with a table that is looked up by `mail` too.
pub(super) fn indexed() -> Options {
    let shipped = std::fs::read_to_string(tree("template.yaml")).unwrap();
    let keys = "- { AttributeName: username, AttributeType: S }\n";
    let indexed = "- { AttributeName: username, AttributeType: S }\n        - { AttributeName: mail, AttributeType: S }\n      \
        GlobalSecondaryIndexes:\n        - IndexName: by-mail\n          KeySchema: [{ AttributeName: mail, KeyType: HASH }]\n          \
        Projection: { ProjectionType: KEYS_ONLY }\n";
    assert!(shipped.contains(keys));
    let mut options = options();
    options.template = policy_file(&shipped.replacen(keys, indexed, 1));
    let index = "lookup = \"lower_case\"\nindex = { name = \"by-mail\", key = \"mail\" }";
    options.policy = bent_policy("lookup = \"lower_case\"", index);
    options
}

pub(super) fn with_mail(user: &str, mail: &str) -> Vec<(&'static str, AttributeValue)> {
    let mut row = row(user);
    row.push(("mail", AttributeValue::S(mail.to_owned())));
    row
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_no_key_is_looked_up_in_the_index() {
    let stack = local::start(&indexed()).await.unwrap();
    put(&stack, with_mail("ana", "ana@example.com")).await;
    put(&stack, with_mail("una", "una@example.com")).await;
    put(&stack, with_mail("bob", "both@example.com")).await;
    put(&stack, with_mail("eva", "both@example.com")).await;
    for (typed, decision) in [
        ("ana", "migrated password-verified"),
        ("Una@example.com", "migrated password-verified"),
        ("both@example.com", "untouched ambiguous-name"),
        ("nobody@example.com", "untouched unknown-user"),
    ] {
        answer(&invoke(&stack, FUNCTION, &sign_in(typed, "U*U")).await);
        assert_eq!(last_decision(&stack), decision, "{typed}");
    }
    // By the key, whatever was typed.
    moved_record(&stack, "old-users", "una").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_a_store_moves_nobody_in() {
    let mut options = options();
    let text = "version = 1\n[user-migration]\n";
    options.policy = policy_file(text);
    options.environment = environment(FUNCTION, &[("LEGACY_TABLE", "")]);
    let stack = local::start(&options).await.unwrap();
    let sent = sign_in("ana@example.com", "U*U");
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "untouched no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_as_the_policy_says_and_one_that_is_no_key_is_nobody_s() {
    let stack = stack().await;
    put(&stack, row("ana@example.com")).await;
    let long = "x".repeat(2049);
    for (typed, decision) in [
        (" Ana@Example.com ", "migrated password-verified"),
        (" ", "untouched unknown-user"),
        (&long, "untouched unknown-user"),
    ] {
        answer(&invoke(&stack, FUNCTION, &sign_in(typed, "U*U")).await);
        assert_eq!(last_decision(&stack), decision, "{typed}");
    }
    let stack = stack_under("lookup = \"lower_case\"", "lookup = \"as_typed\"").await;
    put(&stack, row("ana@example.com")).await;
    answer(&invoke(&stack, FUNCTION, &sign_in("Ana@example.com", "U*U")).await);
    assert_eq!(last_decision(&stack), "untouched unknown-user");
}

//! Invitations: who may sign up with one, and what the tables say afterwards.

use aws_sdk_cognitoidentityprovider::{
    Client, error::ProvideErrorMetadata as _, types::AttributeType,
};
use emulator::stack::Stack;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use shared::{
    invitation::{Invitation, address_digest},
    state::{DirectoryKey, EphemeralKey, Item, key_item, number, read_number, read_text, text},
};
use time::OffsetDateTime;

use super::{FUNCTION, items, put, sign_up, stack_checking};
use crate::common::{
    answer, audit_lines, error_message, event,
    faulty::{Behaviour, Faulty},
    invoke, last_decision, log_text,
};

const CHECK: &str = "invitation = {}";
const CODE: &str = "0123456789abcdef0123456789abcdef";
const POOL: &str = "us-east-1_Poolkeepr";
const ADA: &str = "ada@example.com";
const USER_NAME: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
const HOUR: i64 = 3600;

fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// An invitation that everybody may use, with more attributes.
fn invitation<const N: usize>(more: [(&str, Value); N]) -> Item {
    let mut item = key_item(&DirectoryKey::invitation(CODE));
    item.extend([number("expires_at", now() + HOUR)]);
    item.extend(more.map(|(name, value)| match value.as_i64() {
        Some(value) => number(name, value),
        None => text(name, value.as_str().unwrap()),
    }));
    item
}

/// A sign-up with `code` of whoever has this address.
fn invited(address: &str, code: &str) -> String {
    sign_up(|event| {
        event["request"]["userAttributes"]["email"] = json!(address);
        event["request"]["validationData"] = json!({"invitation": code});
    })
}

async fn held(stack: &Stack) -> Option<(String, i64)> {
    let items = items(stack, "DirectoryTable").await;
    let item = items
        .iter()
        .find(|item| read_text(item, "sk") == Some("INVITATION"));
    Invitation::read(item.unwrap()).held
}

/// What a sign-up that went through has left, apart from its times.
async fn state(stack: &Stack) -> (Option<String>, Vec<(String, String)>) {
    let marks = items(stack, "EphemeralTable").await;
    let word = |item: &Item, name| read_text(item, name).unwrap().to_owned();
    let marks = marks
        .iter()
        .map(|item| (word(item, "pk"), word(item, "invitation")));
    let holder = held(stack).await.map(|(holder, _)| holder);
    (holder, marks.collect())
}

fn state_of(address: &str, user_name: &str) -> (Option<String>, Vec<(String, String)>) {
    let mark = EphemeralKey::reserved("invitation", &[POOL, user_name, "anybody"]).0;
    let invitation = DirectoryKey::invitation(CODE).pk;
    (Some(address_digest(address)), vec![(mark, invitation)])
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_may_sign_up_and_holds_the_invitation() {
    let stack = stack_checking(CHECK, &[]).await;
    put(&stack, "DirectoryTable", invitation([])).await;
    let sent = invited("Ada@Example.com", &format!(" {} ", CODE.to_uppercase()));
    assert_eq!(answer(&invoke(&stack, FUNCTION, &sent).await), sent);
    assert_eq!(last_decision(&stack), "allowed no-objection");
    assert_eq!(state(&stack).await, state_of(ADA, USER_NAME));
    let (_, until) = held(&stack).await.unwrap();
    assert!((until - now() - 24 * HOUR).abs() < 60, "{until}");
    let marks = items(&stack, "EphemeralTable").await;
    let remembered = read_number(&marks[0], "expires_at").unwrap();
    assert!(remembered > until, "{remembered}");
    assert!(!log_text(&stack).to_lowercase().contains(CODE));
    // In the metadata, where there are no validation data.
    let sent = sign_up(|event| {
        event["request"]["validationData"] = Value::Null;
        event["request"]["clientMetadata"] = json!({"invitation": CODE});
    });
    answer(&invoke(&stack, FUNCTION, &sent).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_is_not_theirs_to_use_keeps_people_out_and_is_left_alone() {
    let stack = stack_checking(CHECK, &[]).await;
    let other = address_digest("eve@example.com");
    let mine = address_digest(ADA);
    for (more, ruling) in [
        (vec![("expires_at", json!(now() - 1))], "invitation-expired"),
        (vec![("redeemed_by", json!("sub"))], "invitation-used"),
        (vec![("email", json!(other))], "invitation-for-another"),
        (
            vec![
                ("reserved_for", json!(other)),
                ("reserved_until", json!(now() + HOUR)),
            ],
            "invitation-held",
        ),
        (
            vec![
                ("reserved_for", json!(other)),
                ("reserved_until", json!(now() - 1)),
            ],
            "",
        ),
        (vec![("email", json!(mine))], ""),
    ] {
        let mut item = invitation([]);
        for (name, value) in more {
            item.extend([match value.as_i64() {
                Some(value) => number(name, value),
                None => text(name, value.as_str().unwrap()),
            }]);
        }
        put(&stack, "DirectoryTable", item.clone()).await;
        let invoked = invoke(&stack, FUNCTION, &invited(ADA, CODE)).await;
        if ruling.is_empty() {
            answer(&invoked);
            continue;
        }
        let message = error_message(&invoked);
        assert!(message.ends_with(&format!(" [{ruling}]")), "{message}");
        assert_eq!(last_decision(&stack), format!("refused {ruling}"));
        assert_eq!(items(&stack, "DirectoryTable").await, [item], "{ruling}");
        assert!(items(&stack, "EphemeralTable").await.is_empty(), "{ruling}");
    }
    for (code, ruling) in [
        ("", "invitation-missing"),
        ("unknown", "invitation-unknown"),
        (&"x".repeat(5_000_000), "invitation-unknown"),
    ] {
        error_message(&invoke(&stack, FUNCTION, &invited(ADA, code)).await);
        assert_eq!(last_decision(&stack), format!("refused {ruling}"));
    }
    for (address, ruling) in [("", "no-email"), ("a@@example.com", "invalid-email")] {
        error_message(&invoke(&stack, FUNCTION, &invited(address, CODE)).await);
        assert_eq!(last_decision(&stack), format!("refused {ruling}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_name_has_a_reservation_of_its_own_whatever_address_it_types() {
    let stack = stack_checking(CHECK, &[]).await;
    let bound = invitation([("email", json!(address_digest(ADA)))]);
    put(&stack, "DirectoryTable", bound).await;
    let mut open = invitation([]);
    let other = DirectoryKey::invitation("open");
    open.extend(key_item(&other));
    put(&stack, "DirectoryTable", open).await;
    // Somebody with an invitation of their own types Ada's address, before her and after her.
    for (user_name, code) in [
        ("eve", "open"),
        ("Ada", CODE),
        ("mallory", "open"),
        ("ADA", "open"),
    ] {
        let mut sent: Value = serde_json::from_str(&invited(ADA, code)).unwrap();
        sent["userName"] = json!(user_name);
        answer(&invoke(&stack, FUNCTION, &sent.to_string()).await);
    }
    let marks = items(&stack, "EphemeralTable").await;
    let of = |user_name: &str, bearer: &str| {
        let pk = EphemeralKey::reserved("invitation", &[POOL, user_name, bearer]).0;
        let mark = marks.iter().find(|item| read_text(item, "pk") == Some(&pk));
        read_text(mark.unwrap(), "invitation").unwrap().to_owned()
    };
    for user_name in ["eve", "mallory", "ada"] {
        assert_eq!(of(user_name, "anybody"), other.pk);
    }
    assert_eq!(of("ada", "addressee"), DirectoryKey::invitation(CODE).pk);
    let mut nobody: Value = serde_json::from_str(&invited(ADA, CODE)).unwrap();
    nobody["userName"] = json!("");
    error_message(&invoke(&stack, FUNCTION, &nobody.to_string()).await);
    assert_eq!(last_decision(&stack), "refused no-user-name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_that_another_check_refuses_holds_nothing() {
    let stack = stack_checking(CHECK, &[]).await;
    put(&stack, "DirectoryTable", invitation([])).await;
    let sent = invited("ada@evil.example", CODE);
    error_message(&invoke(&stack, FUNCTION, &sent).await);
    assert_eq!(last_decision(&stack), "refused email-domain-not-allowed");
    assert_eq!(held(&stack).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sign_up_twenty_times_in_parallel_has_the_effect_of_one() {
    let stack = stack_checking(CHECK, &[]).await;
    put(&stack, "DirectoryTable", invitation([])).await;
    let sent = invited(ADA, CODE);
    let deliveries = (0..20).map(|_| invoke(&stack, FUNCTION, &sent));
    // A new account has ten environments.
    let deliveries = futures_util::stream::iter(deliveries).buffer_unordered(10);
    let invocations: Vec<_> = deliveries.collect().await;
    for invocation in invocations {
        answer(&invocation);
    }
    assert_eq!(state(&stack).await, state_of(ADA, USER_NAME));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_addresses_that_show_one_invitation_at_once_one_may_sign_up() {
    let stack = stack_checking(CHECK, &[]).await;
    put(&stack, "DirectoryTable", invitation([])).await;
    let sent = (0..10).map(|number| invited(&format!("{number}@example.com"), CODE));
    let sent: Vec<String> = sent.collect();
    let deliveries = sent.iter().map(|sent| invoke(&stack, FUNCTION, sent));
    let invocations = futures_util::future::join_all(deliveries).await;
    let admitted = invocations.iter().filter(|it| it.function_error.is_none());
    assert_eq!(admitted.count(), 1);
    let refusals = audit_lines(&stack);
    let refusals = refusals.iter().filter(|line| line["outcome"] == "refused");
    let reasons: Vec<&Value> = refusals.map(|line| &line["reason"]).collect();
    assert_eq!(reasons, ["invitation-held"; 9]);
    let (_, marks) = state(&stack).await;
    assert_eq!(marks.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_any_request_is_made_good_by_the_retry() {
    let sent = invited(ADA, CODE);
    // A look, the hold, and the mark that the confirmation finds: the request that follows so many hangs, and
    // the environment dies.
    for survived in 0..3 {
        let mut table = Faulty::start(Behaviour::Hang).await;
        let stack = stack_checking(CHECK, &[("AWS_ENDPOINT_URL", &table.url)]).await;
        put(&stack, "DirectoryTable", invitation([])).await;
        for _ in 0..survived {
            table.once([Behaviour::ForwardOne(stack.aws_url.clone())]);
        }
        let crashed = invoke(&stack, FUNCTION, &sent);
        let kill = async {
            table.asked_times(survived + 1).await;
            stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
        };
        let (crashed, ()) = tokio::join!(crashed, kill);
        assert!(crashed.function_error.is_some(), "{survived}");
        table.behave(Behaviour::Forward(stack.aws_url.clone()));
        answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(state(&stack).await, state_of(ADA, USER_NAME), "{survived}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_do_not_answer_come_to_what_the_policy_says_in_time() {
    for behaviour in [Behaviour::Hang, Behaviour::Close] {
        for (on_undecided, decision) in [
            ("refuse", "refused invitation-unavailable"),
            ("allow", "allowed reported"),
        ] {
            let table = Faulty::start(behaviour.clone()).await;
            let check = format!("{CHECK}\non_undecided = \"{on_undecided}\"");
            let stack = stack_checking(&check, &[("AWS_ENDPOINT_URL", &table.url)]).await;
            let invoked = invoke(&stack, FUNCTION, &invited(ADA, CODE)).await;
            assert_eq!(last_decision(&stack), decision, "{behaviour:?}");
            assert_eq!(invoked.function_error.is_none(), on_undecided == "allow");
            // Something is left of the 4.5 s: the answer is not the loop's.
            assert!(audit_lines(&stack)[0]["remaining_ms"].as_u64().unwrap() > 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_pool_signs_up_with_a_code_and_is_refused_in_cognito_s_own_form() {
    let stack = stack_checking(CHECK, &[]).await;
    put(&stack, "DirectoryTable", invitation([])).await;
    let client = Client::new(&stack.sdk_config(Stack::admin()));
    let attribute = |name: &str, value: &str| {
        let attribute = AttributeType::builder().name(name).value(value);
        attribute.build().unwrap()
    };
    let sign_up = |address: &'static str| {
        client
            .sign_up()
            .client_id(&stack.user_pool.settings().client_id)
            .username(address)
            .password("An-old-fictional-passw0rd")
            .user_attributes(attribute("email", address))
    };
    let refused = sign_up(ADA).send().await.unwrap_err().into_service_error();
    assert!(refused.is_user_lambda_validation_exception());
    assert_eq!(
        refused.message(),
        Some(
            "PreSignUp failed with error an invitation is needed that is valid and not used yet [invitation-missing]."
        )
    );
    let with_code = sign_up(ADA).validation_data(attribute("invitation", CODE));
    // Its user names are made at sign-up, and equal to `sub`.
    let sub = with_code.send().await.unwrap().user_sub;
    assert_eq!(state(&stack).await, state_of(ADA, &sub));
    let in_metadata = sign_up("eve@example.com").client_metadata("invitation", CODE);
    let refused = in_metadata.send().await.unwrap_err().into_service_error();
    assert!(refused.message().unwrap().ends_with("[invitation-held]."));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_in_otherwise_needs_no_invitation() {
    let stack = stack_checking(CHECK, &[]).await;
    for sample in [
        "pre-sign-up.AdminCreateUser",
        "pre-sign-up.ExternalProvider",
    ] {
        answer(&invoke(&stack, FUNCTION, &event(sample, |_| ())).await);
    }
}

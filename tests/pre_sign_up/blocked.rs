//! Blocks: set and lifted in the table, obeyed at the next sign-up.

use serde_json::json;
use shared::state::{DirectoryKey, Item, key_item, number};
use time::OffsetDateTime;

use super::{FUNCTION, put, sign_up, stack_checking, tables};
use crate::common::{
    audit_lines,
    faulty::{Behaviour, Faulty, http},
    invoke, last_decision, options, policy_file, tree,
};
use emulator::stack::Stack;

const CHECK: &str = "blocked = {}";

fn block(kind: &str, value: &str) -> Item {
    key_item(&DirectoryKey::block(kind, value))
}

/// The sign-up of somebody with this address and number.
fn with(email: &str, phone: Option<&str>) -> String {
    sign_up(|event| {
        let attributes = &mut event["request"]["userAttributes"];
        attributes["email"] = json!(email);
        attributes["phone_number"] = json!(phone);
    })
}

/// What becomes of the sign-up of somebody with this address and number.
async fn decision(stack: &Stack, email: &str, phone: Option<&str>) -> String {
    let sent = with(email, phone);
    invoke(stack, FUNCTION, &sent).await;
    last_decision(stack)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_blocked_may_not_sign_up_and_what_is_lifted_may() {
    let stack = stack_checking(CHECK, &[]).await;
    let allowed = "allowed no-objection";
    assert_eq!(decision(&stack, "eve@example.com", None).await, allowed);

    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut over = block("domain", "old.example.com");
    over.extend([number("expires_at", now - 1)]);
    let mut for_now = block("domain", "now.example.com");
    for_now.extend([number("expires_at", now + 600)]);
    for item in [
        block("email", "eve@example.com"),
        block("domain", "spam.example.com"),
        block("phone", "+1876"),
        over,
        for_now,
    ] {
        put(&stack, "DirectoryTable", item).await;
    }
    for (email, phone, expected) in [
        ("ana@example.com", None, allowed),
        ("eve@example.com", None, "refused email-blocked"),
        ("Eve@EXAMPLE.com", None, "refused email-blocked"),
        ("ana@spam.example.com", None, "refused domain-blocked"),
        ("ana@a.b.spam.example.com", None, "refused domain-blocked"),
        ("ana@notspam.example.com", None, allowed),
        ("ana@now.example.com", None, "refused domain-blocked"),
        ("ana@old.example.com", None, allowed),
        (
            "ana@example.com",
            Some("+18765550100"),
            "refused phone-number-blocked",
        ),
        ("ana@example.com", Some("+12345550100"), allowed),
        (
            "ana@example.com",
            Some("call me"),
            "refused invalid-phone-number",
        ),
    ] {
        let said = decision(&stack, email, phone).await;
        assert_eq!(said, expected, "{email} {phone:?}");
    }
    let key = key_item(&DirectoryKey::block("email", "eve@example.com"));
    let lifted = tables(&stack).delete_item().set_key(Some(key));
    let lifted = lifted.table_name(stack.physical_name("DirectoryTable"));
    lifted.send().await.unwrap();
    assert_eq!(decision(&stack, "eve@example.com", None).await, allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_spelling_passes_a_block() {
    let invalid = "undecided";
    let (email, domain, phone) = ("email-blocked", "domain-blocked", "phone-number-blocked");
    // What is undecided is let in, and the check before it only reports: nobody who is blocked passes by being half
    // readable.
    let check = format!("on_undecided = \"allow\"\n{CHECK}");
    let first = "[[pre-sign-up.checks]]\n";
    let policy = std::fs::read_to_string(tree("policy/policy.toml")).unwrap();
    let policy = policy.replace("# mode = \"enforce\"", "mode = \"report\"");
    let mut options = options();
    let added = format!("{first}name = \"added\"\n{check}\n\n{first}");
    options.policy = policy_file(&policy.replace(first, &added));
    let stack = local::start(&options).await.unwrap();
    for item in [
        block("email", "eve@example.com"),
        block("domain", "xn--bcher-kva.example.com"),
        block("phone", "+1876"),
    ] {
        put(&stack, "DirectoryTable", item).await;
    }
    for (address, number, expected) in [
        ("EVE@Example.COM", None, email),
        ("eve@ｅxample.com", None, email),
        ("eve@example。com", None, email),
        ("eve@example.com", Some("call me"), email),
        ("eve@example.com.", None, invalid),
        (" eve@example.com", None, invalid),
        ("e\u{200b}ve@example.com", None, invalid),
        ("\"eve\"@example.com", None, invalid),
        ("ana@bücher.example.com", None, domain),
        ("ana@BÜCHER.example.com", None, domain),
        ("ana@bu\u{308}cher.example.com", None, domain),
        ("ana@XN--BCHER-KVA.example.com", None, domain),
        ("ana@shop.bücher.example.com", None, domain),
        ("ana@bücher.example.com", Some("+1 876"), domain),
        ("ana@example.com", Some("+18765550100"), phone),
        ("ana@example.com.", Some("+18765550100"), phone),
        ("ana@example.com", Some("+1 876 555 0100"), invalid),
        ("ana@example.com", Some("0018765550100"), invalid),
        ("ana@example.com", Some("18765550100"), invalid),
        ("ana@example.com", Some("+１8765550100"), invalid),
        // Another mailbox, for all that is known of the provider.
        ("eve+more@example.com", None, ""),
        ("e.ve@example.com", None, ""),
    ] {
        let sent = with(address, number);
        invoke(&stack, FUNCTION, &sent).await;
        let line = audit_lines(&stack).pop().unwrap();
        let said = (line["rule"].as_str(), line["reason"].as_str().unwrap());
        let reports = line["reports"].as_array().into_iter().flatten();
        let undecided = reports.filter(|it| it["rule"] == "added").count();
        match expected {
            "" => assert_eq!((said.1, undecided), ("no-objection", 0), "{address}"),
            "undecided" => assert_eq!(undecided, 1, "{address} {number:?}: {line}"),
            reason => assert_eq!(said, (Some("added"), reason), "{address} {number:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_cannot_be_read_let_nobody_in() {
    let table = Faulty::start(Behaviour::Close).await;
    let endpoint = [("AWS_ENDPOINT_URL_DYNAMODB", table.url.as_str())];
    let stack = stack_checking(CHECK, &endpoint).await;
    // What DynamoDB left over, it may have been the block.
    let key = json!({"Keys": [{"pk": {"S": "BLOCK"}, "sk": {"S": "BLOCK"}}]});
    let left_over = json!({"Responses": {}, "UnprocessedKeys": {"directory": key}});
    for behaviour in [
        Behaviour::Close,
        http("200 OK", &left_over.to_string()),
        http("200 OK", "<html>"),
    ] {
        table.behave(behaviour.clone());
        let said = decision(&stack, "ana@example.com", None).await;
        assert_eq!(said, "refused blocks-unavailable", "{behaviour:?}");
    }
    // As the policy says it.
    let lax = format!("{CHECK}\non_undecided = \"allow\"");
    let stack = stack_checking(&lax, &endpoint).await;
    let said = decision(&stack, "ana@example.com", None).await;
    assert_eq!(said, "allowed reported");
}

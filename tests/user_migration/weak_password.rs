//! A right password that the pool would refuse as a new one.

use super::{FUNCTION, put, response, row, sign_in, signs_in};
use crate::common::{answer, invoke, last_decision, stack_under};

#[tokio::test(flavor = "multi_thread")]
async fn a_weak_password_lets_in_resets_or_refuses_as_the_policy_says() {
    for (rule, status, decision) in [
        ("accept", Some("CONFIRMED"), "migrated password-verified"),
        (
            "reset",
            Some("RESET_REQUIRED"),
            "migrated weak-password-reset",
        ),
        ("refuse", None, "untouched weak-password"),
    ] {
        let rules = format!("forgot_password = false\nweak_password = \"{rule}\"");
        let stack = stack_under("forgot_password = false", &rules).await;
        put(&stack, row("ana@example.com")).await;
        let sent = sign_in("ana@example.com", "U*U");
        let answered = answer(&invoke(&stack, FUNCTION, &sent).await);
        assert_eq!(last_decision(&stack), decision, "{rule}");
        match status {
            Some(status) => assert_eq!(response(&answered)["finalUserStatus"], status, "{rule}"),
            None => assert_eq!(answered, sent, "{rule}"),
        }
        // Whom the pool must reset does not get in by the old password, as little as who is refused.
        let gets_in = signs_in(&stack, "ana@example.com", "U*U").await;
        assert_eq!(gets_in, rule == "accept", "{rule}");
    }
}

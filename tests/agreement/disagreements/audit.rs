//! Metric filters, alarms and the dashboard.

use super::{assert_source, assert_template};

#[test]
fn a_metric_of_a_field_that_audit_lines_lack_is_found() {
    assert_template(
        "{ Key: Outcome, Value: $.outcome }",
        "{ Key: Outcome, Value: $.result }",
        &["PreSignUpDecisions reads $.result, which no audit line has"],
    );
}

#[test]
fn a_filter_of_lines_that_are_not_audit_lines_is_found() {
    assert_source(
        "shared/src/telemetry/audit.rs",
        "kind: \"poolkeeper.audit\"",
        "kind: \"poolkeeper.decision\"",
        &[
            "IdentityVendorDecisions",
            "IncompletePasses",
            "LimitedClients",
            "PoolWatchDecisions",
            "PostConfirmationDecisions",
            "PostConfirmationRemainingTime",
            "PreSignUpDecisions",
            "PreSignUpRemainingTime",
            "ReconcileDecisions",
            "UserMigrationDecisions",
            "UserMigrationRemainingTime",
        ]
            .map(|id| format!("{id} reads lines whose type is Some(\"poolkeeper.audit\"), audit lines have poolkeeper.decision"))
            .each_ref()
            .map(String::as_str),
    );
}

#[test]
fn an_alarm_on_an_outcome_that_never_comes_is_found() {
    assert_template(
        "{ Name: Outcome, Value: deferred }",
        "{ Name: Outcome, Value: delayed }",
        &["DeferredAlarm reads the outcome delayed, which no audit line has"],
    );
    assert_template(
        "{ Name: Function, Value: post-confirmation }\n        - { Name: Outcome, Value: deferred }",
        "{ Name: Function, Value: pre-sign-up }\n        - { Name: Outcome, Value: deferred }",
        &["DeferredAlarm reads the outcome deferred of pre-sign-up, which never comes to it"],
    );
    assert_source(
        "functions/post-confirmation/trigger.rs",
        "Outcome::Deferred",
        "Outcome::Failed",
        &["DeferredAlarm reads the outcome deferred of post-confirmation, which never comes to it"],
    );
}

#[test]
fn an_alarm_on_a_metric_that_nothing_makes_is_found() {
    assert_template(
        "      MetricName: Decisions\n      Dimensions:",
        "      MetricName: Deferrals\n      Dimensions:",
        &[
            "DeferredAlarm reads Poolkeeper/poolkeeper Deferrals by {\"Function\", \"Outcome\"}, which no metric filter makes",
        ],
    );
}

#[test]
fn a_dashboard_of_a_function_that_there_is_not_is_found() {
    assert_template(
        "Function=\\\"user-migration\\\"",
        "Function=\\\"migration\\\"",
        &[
            "Dashboard reads the unknown function migration",
            "no dashboard shows the decisions of user-migration",
        ],
    );
}

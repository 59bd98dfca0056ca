//! template.yaml, Cargo.toml, policy.toml, the audit line's schema and the code agree.
//!
//! What the code does is read from its source, module by module: a function is its folder and every
//! module of `shared` that it, or such a module, names. Test modules are left out.
//!
//! - An SDK operation is the first call of the method chain that ends in `.send()`, of the one SDK crate
//!   that its file names. A chain in which it cannot be seen, an operation missing in the table of
//!   `calls`, a paginator or a presigned request is a finding: nothing is passed over in silence.
//! - A transaction needs the IAM actions of the items that its file builds.
//! - A variable is the literal that `required`, `optional` or `env::var` is called with.
//! - A key prefix is what `shared::state` makes, where the function names the constructor.
//!
//! What this cannot see: which table a call goes to, and whether a call is ever reached. A call on a
//! table without its grant is found by the tour and the functions' tests, where the embedded services
//! judge each request by these very roles; a grant on a table whose keys the function never makes is
//! found here, by its prefix. What the SDKs call by themselves (nothing, with the credentials that
//! Lambda gives) is not seen either.

mod aliases;
mod audit;
mod binaries;
mod calls;
mod disagreements;
mod grants;
mod keys;
mod new_trigger;
mod queries;
mod reasons;
mod suite;
mod tokens;
mod variables;

use crate::agreement::suite::Suite;

/// Everything that disagrees, one sentence each.
fn findings(suite: &Suite) -> Vec<String> {
    [
        binaries::findings(suite),
        variables::findings(suite),
        aliases::findings(suite),
        grants::findings(suite),
        keys::findings(suite),
        audit::findings(suite),
    ]
    .concat()
}

#[track_caller]
fn assert_agrees(findings: &[String]) {
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_function_of_the_template_is_a_binary_of_cargo_and_every_binary_a_function() {
    assert_agrees(&binaries::findings(&Suite::shipped()));
}

#[test]
fn each_function_is_given_the_variables_that_it_reads_and_no_other() {
    assert_agrees(&variables::findings(&Suite::shipped()));
}

#[test]
fn the_aliases_of_policy_and_template_are_the_same_and_each_role_trusts_its_own_alias_only() {
    assert_agrees(&aliases::findings(&Suite::shipped()));
}

#[test]
fn each_role_is_granted_the_actions_that_its_function_calls_and_no_other() {
    assert_agrees(&grants::findings(&Suite::shipped()));
}

#[test]
fn each_grant_is_on_the_keys_that_the_function_makes() {
    assert_agrees(&keys::findings(&Suite::shipped()));
}

#[test]
fn metric_filters_alarms_and_dashboard_read_what_the_audit_line_says() {
    assert_agrees(&audit::findings(&Suite::shipped()));
}

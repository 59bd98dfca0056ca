//! Role aliases, trust policies and flows.

use super::{assert_found, assert_source, assert_template, swap};
use crate::agreement::suite::Suite;

const COGNITO: &str = "shared/src/vending/tag.rs";

#[test]
fn a_role_of_the_policy_without_an_arn_is_found() {
    let seed = |suite: &mut Suite| {
        suite.policy += "\n[identity-vendor.roles.auditor]\nflow = \"credentials\"\n";
    };
    assert_found(
        seed,
        &["policy.toml's role auditor has no ARN in ROLE_ARNS"],
    );
}

#[test]
fn an_alias_that_no_policy_names_is_found() {
    assert_template(
        "ROLE_ARNS: !Sub member=",
        "ROLE_ARNS: !Sub admin=${MemberRole.Arn},member=",
        &["ROLE_ARNS binds admin, which is no role of policy.toml"],
    );
}

#[test]
fn aliases_bound_crosswise_are_found() {
    assert_template(
        "member=${MemberRole.Arn},publisher=${PublisherRole.Arn}",
        "member=${PublisherRole.Arn},publisher=${MemberRole.Arn}",
        &[
            "the trust policy of member's role does not require aws:RequestTag/vend_role = member",
            "the trust policy of publisher's role does not require aws:RequestTag/vend_role = publisher",
        ],
    );
}

#[test]
fn a_trust_policy_without_the_signed_tag_is_found() {
    assert_template(
        "                aws:RequestTag/vend_role: publisher\n",
        "",
        &[
            "the trust policy of publisher's role does not require aws:RequestTag/vend_role = publisher",
        ],
    );
}

#[test]
fn a_trust_policy_of_any_provider_is_found() {
    assert_template(
        "amr: !Ref DeveloperProviderName",
        "amr: authenticated",
        &["the trust policy of member's role does not require amr, the developer provider"],
    );
}

#[test]
fn a_tag_that_the_code_calls_otherwise_is_found() {
    assert_source(
        COGNITO,
        "\"vend_role\"",
        "\"vended_role\"",
        &[
            "the trust policy of member's role does not require aws:RequestTag/vended_role = member",
            "the trust policy of publisher's role does not require aws:RequestTag/vended_role = publisher",
        ],
    );
}

#[test]
fn a_variable_that_no_session_of_the_flow_has_is_found() {
    assert_template(
        "dynamodb:LeadingKeys: [\"${cognito-identity.amazonaws.com:sub}\"]",
        "dynamodb:LeadingKeys: [\"${aws:PrincipalTag/team}\"]",
        &[
            "member's policies use ${aws:PrincipalTag/team}, which no session of its flow has",
            "poolkeeper-MemberRole's policies use the tag team, which nobody sets",
        ],
    );
}

#[test]
fn a_role_that_could_be_assumed_without_an_identity_is_found() {
    assert_template(
        "              - sts:AssumeRoleWithWebIdentity\n              - sts:TagSession\n            Condition:\n              \
         StringEquals:\n                cognito-identity.amazonaws.com:aud: !Ref IdentityPool\n                \
         aws:RequestTag/vend_role: member",
        "              - sts:AssumeRole\n              - sts:TagSession\n            Condition:\n              \
         StringEquals:\n                cognito-identity.amazonaws.com:aud: !Ref IdentityPool\n                \
         aws:RequestTag/vend_role: member",
        &[
            "the trust policy of member's role does not require AssumeRoleWithWebIdentity and TagSession, and nothing else",
            "member's policies use ${cognito-identity.amazonaws.com:sub}, which no session of its flow has",
        ],
    );
}

#[test]
fn a_vendor_s_tag_that_a_user_pool_may_set_is_found() {
    assert_template(
        "        user_sub: sub\n",
        "        user_sub: sub\n        vend_role: custom:role\n",
        &["a user pool's token sets vend_role, which is the vendor's alone"],
    );
}

#[test]
fn credentials_that_outlive_the_role_are_found() {
    let seed = |suite: &mut Suite| {
        let flow = "flow = \"credentials\"\n";
        swap(
            &mut suite.policy,
            flow,
            0,
            &format!("{flow}duration_seconds = 7200\n"),
        );
    };
    assert_found(
        seed,
        &["publisher's credentials live 7200 s, its role's sessions 3600 s"],
    );
}

//! Role aliases, trust policies and flows.

use super::{assert_found, assert_source, assert_template, swap};
use crate::agreement::suite::Suite;

const COGNITO: &str = "shared/src/vending/tag.rs";

#[test]
fn a_role_of_the_policy_that_nobody_makes_is_found() {
    let seed = |suite: &mut Suite| {
        suite.policy += "\n[identity-vendor.roles.auditor]\nflow = \"credentials\"\n";
    };
    assert_found(
        seed,
        &[
            "policy.toml's role auditor is arn:aws:iam::123456789012:role/poolkeeper-us-east-1-auditor, which the \
             template does not make",
        ],
    );
}

#[test]
fn a_role_that_no_policy_names_is_found() {
    assert_template(
        "RoleName: !Sub ${AWS::StackName}-${AWS::Region}-publisher",
        "RoleName: !Sub ${AWS::StackName}-${AWS::Region}-editor",
        &[
            "poolkeeper-us-east-1-editor is vended as no role of policy.toml",
            "policy.toml's role publisher is arn:aws:iam::123456789012:role/poolkeeper-us-east-1-publisher, which \
             the template does not make",
        ],
    );
}

#[test]
fn aliases_named_crosswise_are_found() {
    let seed = |suite: &mut Suite| {
        let name = |alias| format!("RoleName: !Sub ${{AWS::StackName}}-${{AWS::Region}}-{alias}");
        let text = &mut suite.template;
        swap(text, &name("member"), 0, "(nobody)");
        swap(text, &name("publisher"), 0, &name("member"));
        swap(text, "(nobody)", 0, &name("publisher"));
    };
    assert_found(
        seed,
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
            "the trust policy of tenant's role does not require aws:RequestTag/vended_role = tenant",
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
            "poolkeeper-us-east-1-member's policies use the tag team, which nobody sets",
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

#[test]
fn a_direct_role_whose_policies_name_an_identity_is_found() {
    assert_template(
        "dynamodb:LeadingKeys: [\"TENANT#${aws:PrincipalTag/tenant}\"]",
        "dynamodb:LeadingKeys: [\"${cognito-identity.amazonaws.com:sub}\"]",
        &[
            "tenant's policies use ${cognito-identity.amazonaws.com:sub}, which no session of its flow has",
        ],
    );
}

#[test]
fn a_direct_role_that_anybody_may_begin_is_found() {
    assert_template(
        "                aws:RequestTag/vend_role: tenant\n",
        "                aws:RequestTag/vend_role: member\n",
        &["the trust policy of tenant's role does not require aws:RequestTag/vend_role = tenant"],
    );
}

//! Role aliases: policy, wiring and trust policies name the same, and flow and variables fit.

use std::collections::BTreeSet;

use emulator::template::{RoleDefinition, Template};
use serde_json::{Value, json};
use shared::{vending, wiring::Bindings};

use crate::agreement::{
    suite::{Suite, statements, texts},
    tokens::Token,
};

const COGNITO: &str = "cognito-identity.amazonaws.com";
const VENDOR: &str = "shared/src/vending/tag.rs";

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let template = suite.template();
    let policy = suite.policy();
    let Some(vendor) = template
        .functions()
        .iter()
        .find(|function| function.binary == "identity-vendor")
    else {
        return vec!["the template has no identity-vendor".to_owned()];
    };
    let bindings = |variable: &str| {
        let text = vendor
            .environment
            .get(variable)
            .map(String::as_str)
            .unwrap_or_default();
        text.parse::<Bindings>().unwrap_or_default().0
    };
    let otherwise = bindings("ROLE_ARNS");
    let prefix = vendor.environment.get("ROLE_ARN_PREFIX");
    let arn_of = |alias: &str| match otherwise.get(alias) {
        Some(arn) => arn.clone(),
        None => format!("{}{alias}", prefix.map(String::as_str).unwrap_or_default()),
    };
    let mut findings = Vec::new();
    let aliases: BTreeSet<&str> = policy
        .rules
        .roles
        .keys()
        .map(|alias| alias.as_str())
        .collect();
    let tag = format!("aws:RequestTag/{}", role_tag(suite));
    for role in template.roles() {
        let named = prefix.is_some_and(|prefix| role.arn.starts_with(prefix.as_str()));
        let vended = named || role.trust_policy.to_string().contains(&tag);
        if vended && !aliases.iter().any(|alias| arn_of(alias) == role.arn) {
            findings.push(format!("{} is vended as no role of policy.toml", role.name));
        }
    }
    let urls = bindings("ISSUER_URLS");
    for (name, source) in &policy.sources {
        if source.issuers.is_empty() && !urls.contains_key(name.as_str()) {
            findings.push(format!(
                "the source {name} needs its issuer's URL in policy.toml or in ISSUER_URLS"
            ));
        }
    }
    for name in urls
        .keys()
        .filter(|name| !policy.sources.keys().any(|source| source.as_str() == *name))
    {
        findings.push(format!(
            "ISSUER_URLS binds {name}, which is no source of policy.toml"
        ));
    }
    for (alias, role) in &policy.rules.roles {
        let arn = arn_of(alias.as_str());
        match template.roles().iter().find(|role| role.arn == arn) {
            None => findings.push(format!(
                "policy.toml's role {alias} is {arn}, which the template does not make"
            )),
            Some(definition) => {
                let alias = alias.as_str();
                findings.extend(match role {
                    vending::Role::Direct { .. } => {
                        direct_trust(suite, &vendor.role_arn, alias, definition)
                    }
                    _ => trust(suite, template, alias, definition),
                });
                findings.extend(flow(suite, alias, role, definition));
            }
        }
    }
    findings.extend(mapped_tags(suite, template));
    findings
}

/// The tag by which the code binds a token to an alias.
fn role_tag(suite: &Suite) -> String {
    let tokens = suite.tokens(VENDOR);
    let constant = tokens.iter().position(|token| token.is_ident("ROLE_TAG"));
    let value = constant.and_then(|at| tokens[at..].iter().find_map(Token::text));
    value.unwrap_or("(no ROLE_TAG)").to_owned()
}

/// What only a token vended for this alias meets (design: "Vending: what binds").
fn trust(suite: &Suite, template: &Template, alias: &str, role: &RoleDefinition) -> Vec<String> {
    let pool = template.identity_pool();
    let pool_id = pool.map(|pool| json!(pool.id));
    let provider = pool
        .and_then(|pool| pool.developer_provider_name.clone())
        .map(|name| json!(name));
    let tag = format!("aws:RequestTag/{}", role_tag(suite));
    let mut findings = Vec::new();
    let mut expect = |what: &str, holds: bool| {
        if !holds {
            findings.push(format!(
                "the trust policy of {alias}'s role does not require {what}"
            ));
        }
    };
    for statement in statements(std::slice::from_ref(&role.trust_policy)) {
        let condition = &statement["Condition"];
        let equals = |key: &str| Some(&condition["StringEquals"][key]);
        expect(
            "Cognito as its only provider",
            statement["Principal"] == json!({"Federated": COGNITO}),
        );
        expect(
            "aud, the identity pool",
            equals(&format!("{COGNITO}:aud")) == pool_id.as_ref(),
        );
        expect(
            &format!("{tag} = {alias}"),
            equals(&tag) == Some(&json!(alias)),
        );
        let amr = &condition["ForAnyValue:StringLike"][format!("{COGNITO}:amr")];
        expect(
            "amr, the developer provider",
            Some(amr) == provider.as_ref(),
        );
        let mut actions = texts(&statement["Action"]);
        actions.sort_unstable();
        expect(
            "AssumeRoleWithWebIdentity and TagSession, and nothing else",
            actions == ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        );
    }
    findings
}

/// What only the vendor's own role meets, and only for this alias.
fn direct_trust(suite: &Suite, vendor: &str, alias: &str, role: &RoleDefinition) -> Vec<String> {
    let tag = format!("aws:RequestTag/{}", role_tag(suite));
    let mut findings = Vec::new();
    let mut expect = |what: &str, holds: bool| {
        if !holds {
            findings.push(format!(
                "the trust policy of {alias}'s role does not require {what}"
            ));
        }
    };
    let mut trusted = BTreeSet::new();
    for statement in statements(std::slice::from_ref(&role.trust_policy)) {
        expect(
            "the vendor's role as its only principal",
            statement["Principal"] == json!({"AWS": vendor}),
        );
        let mut actions = texts(&statement["Action"]);
        actions.sort_unstable();
        if actions != ["sts:SetSourceIdentity"] {
            expect(
                &format!("{tag} = {alias}"),
                statement["Condition"]["StringEquals"][&tag] == json!(alias),
            );
        }
        trusted.extend(actions);
    }
    expect(
        "AssumeRole, TagSession and SetSourceIdentity, and nothing else",
        trusted == BTreeSet::from(["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]),
    );
    findings
}

/// A session begun with a web identity knows `sub` and the tags that the vendor signs; one begun by
/// AssumeRole would know no `sub`.
fn flow(suite: &Suite, alias: &str, policy: &vending::Role, role: &RoleDefinition) -> Vec<String> {
    let mut findings = Vec::new();
    let tag = role_tag(suite);
    let trust = statements(std::slice::from_ref(&role.trust_policy));
    let by_web_identity = !matches!(policy, vending::Role::Direct { .. })
        && trust.iter().all(|statement| {
            texts(&statement["Action"]).contains(&"sts:AssumeRoleWithWebIdentity")
        });
    for variable in variables(&json!(role.policies)) {
        let known = match variable.strip_prefix("aws:PrincipalTag/") {
            Some(key) => key == tag || policy.tags().keys().any(|own| own.as_str() == key),
            None => variable == format!("{COGNITO}:sub") && by_web_identity,
        };
        if !known {
            findings.push(format!(
                "{alias}'s policies use ${{{variable}}}, which no session of its flow has"
            ));
        }
    }
    let seconds = u64::from(policy.duration_seconds());
    if seconds > role.max_session_duration {
        findings.push(format!(
            "{alias}'s credentials live {seconds} s, its role's sessions {} s",
            role.max_session_duration
        ));
    }
    findings
}

/// What a user pool's token may put into a session, and what never.
fn mapped_tags(suite: &Suite, template: &Template) -> Vec<String> {
    let mut findings = Vec::new();
    let tag = role_tag(suite);
    let mut mapped = BTreeSet::new();
    for role in suite.policy().rules.roles.values() {
        mapped.extend(role.tags().keys().map(|key| key.as_str().to_owned()));
    }
    for mapping in template.resources("AWS::Cognito::IdentityPoolPrincipalTag") {
        let tags = mapping.properties["PrincipalTags"].as_object();
        mapped.extend(tags.into_iter().flatten().map(|(key, _)| key.clone()));
        if mapping.properties["UseDefaults"] != json!(false) {
            findings.push(format!(
                "{} maps tags that it does not name",
                mapping.logical_id
            ));
        }
    }
    if mapped.contains(&tag) {
        findings.push(format!(
            "a user pool's token sets {tag}, which is the vendor's alone"
        ));
    }
    for role in template.roles() {
        for variable in variables(&json!(role.policies)) {
            let key = variable.strip_prefix("aws:PrincipalTag/");
            if let Some(key) = key.filter(|key| *key != tag && !mapped.contains(*key)) {
                findings.push(format!(
                    "{}'s policies use the tag {key}, which nobody sets",
                    role.name
                ));
            }
        }
    }
    findings
}

/// The names in `${…}`.
fn variables(value: &Value) -> BTreeSet<String> {
    let text = value.to_string();
    let after = text.split("${").skip(1);
    after
        .filter_map(|rest| Some(rest.split_once('}')?.0.to_owned()))
        .collect()
}

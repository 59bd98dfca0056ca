//! What is wrong with a pool, and what to do about it. Pure: `poolkeeper doctor` and pool-watch tell it alike.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::{
    AppClient, AppClients, FunctionArn, PoolSettings, Trigger, Triggers, permission::admits,
};
use crate::wiring::Bindings;

/// What was found out. What could not be is left out, and not judged.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The pool.
    pub pool: &'a PoolSettings,
    /// Its app clients, or some of them.
    pub clients: &'a AppClients,
    /// Which functions it should call.
    pub wanted: &'a Triggers,
    /// The resource policies of those functions.
    pub policies: &'a BTreeMap<Trigger, Option<Value>>,
    /// What user-migration believes of the pool's password policy (its variable `PASSWORD_POLICY`).
    pub password_policy: Option<&'a Bindings>,
    /// Whether users still move in.
    pub moving_in: bool,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something does not work, or lets somebody in.
    Fault,
    /// It works, and probably not as meant.
    Advice,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable code, kebab-case.
    pub code: &'static str,
    /// What is wrong, with what.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code, what, remedy, ..
        } = self;
        write!(f, "{code}: {what}. {remedy}")
    }
}

impl Finding {
    /// A fault.
    pub fn fault(code: &'static str, what: String, remedy: String) -> Self {
        Self {
            severity: Severity::Fault,
            code,
            what,
            remedy,
        }
    }

    /// An advice.
    pub fn advice(code: &'static str, what: String, remedy: String) -> Self {
        Self {
            severity: Severity::Advice,
            ..Self::fault(code, what, remedy)
        }
    }
}

/// Everything that is wrong, the worst first.
pub fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (trigger, arn) in &facts.wanted.0 {
        found.extend(of_trigger(facts, *trigger, arn));
    }
    if facts.moving_in && facts.wanted.0.contains_key(&Trigger::UserMigration) {
        found.extend(of_clients(facts));
        found.extend(
            facts
                .password_policy
                .and_then(|policy| of_passwords(facts.pool, policy)),
        );
        found.extend(of_case(facts.pool));
    }
    found.extend(of_sign_up(facts));
    found.extend(of_unseen_clients(facts));
    found.sort_by_key(|finding| finding.severity);
    found
}

fn of_trigger(facts: &Facts<'_>, trigger: Trigger, arn: &FunctionArn) -> Option<Finding> {
    let pool = facts.pool.id();
    let attach = format!("Attach it: poolkeeper attach {pool}");
    match facts.pool.function_of(trigger) {
        None => {
            let what = format!("the pool calls no function for {trigger}, expected {arn}");
            return Some(Finding::fault("trigger-missing", what, attach));
        }
        Some(called) if called == arn.as_str() => {}
        Some(called) if arn.is_same_function(called) => {
            let what = format!("the pool calls {called} for {trigger}, expected the alias {arn}");
            return Some(Finding::fault("trigger-without-alias", what, attach));
        }
        Some(called) => {
            let what = format!("the pool calls {called} for {trigger}, expected {arn}");
            let remedy =
                format!("Find out who put it there, then: poolkeeper attach {pool} --replace");
            return Some(Finding::fault("trigger-foreign", what, remedy));
        }
    }
    let policy = facts.policies.get(&trigger)?;
    let admitted = policy
        .as_ref()
        .is_some_and(|policy| admits(policy, facts.pool.arn()));
    (!admitted).then(|| {
        let what = format!("{arn} does not let the pool invoke it, so every {trigger} fails");
        let remedy = format!("Add the permission: poolkeeper attach {pool}");
        Finding::fault("permission-missing", what, remedy)
    })
}

/// User migration runs only where Cognito sees the password.
/// Source: Amazon Cognito developer guide, "Migrate user Lambda trigger".
fn of_clients(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let shows = |client: &AppClient| {
        client.allows("ALLOW_USER_PASSWORD_AUTH") || client.allows("ALLOW_ADMIN_USER_PASSWORD_AUTH")
    };
    let clients = &facts.clients.described;
    // Of some clients nobody can say that there is none.
    if facts.clients.listed == Some(clients.len()) && !clients.iter().any(shows) {
        let what = "no app client shows Cognito the password, so nobody moves in".to_owned();
        let remedy = "Give the client ALLOW_USER_PASSWORD_AUTH, or take UserMigration off the pool";
        found.push(Finding::fault("no-password-flow", what, remedy.to_owned()));
    }
    for client in clients.iter().filter(|client| shows(client)) {
        let hides = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"];
        if let Some(flow) = hides.into_iter().find(|flow| client.allows(flow)) {
            let id = client.text("ClientId");
            let what = format!(
                "the app client {id} has {flow} too, which client libraries prefer and which hides the password"
            );
            let remedy = format!("Take {flow} off the client while users move in");
            found.push(Finding::advice("password-hidden", what, remedy));
        }
    }
    found
}

fn of_passwords(pool: &PoolSettings, believed: &Bindings) -> Option<Finding> {
    let policy = pool.get("Policies")?.get("PasswordPolicy")?;
    let flag = |name: &str| policy.get(name).and_then(Value::as_bool).unwrap_or(false);
    let length = policy
        .get("MinimumLength")
        .and_then(Value::as_u64)
        .unwrap_or(8);
    let actual = [
        ("minimum_length", length.to_string()),
        ("lowercase", flag("RequireLowercase").to_string()),
        ("uppercase", flag("RequireUppercase").to_string()),
        ("numbers", flag("RequireNumbers").to_string()),
        ("symbols", flag("RequireSymbols").to_string()),
    ];
    let differs = |(name, value): &&(&str, String)| believed.0.get(*name) != Some(value);
    let different: Vec<String> = actual
        .iter()
        .filter(differs)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!different.is_empty()).then(|| {
        let what = format!(
            "user-migration believes in another password policy than the pool's ({})",
            different.join(", ")
        );
        let remedy = "Deploy the parameters that say what the pool asks of a password";
        Finding::fault("password-policy-differs", what, remedy.to_owned())
    })
}

/// user-migration takes a name that was typed in another case for the user's alias.
/// Source: Amazon Cognito API reference, UsernameConfigurationType.
fn of_case(pool: &PoolSettings) -> Option<Finding> {
    let sensitive = pool.get("UsernameConfiguration")?.get("CaseSensitive")?;
    (sensitive == &Value::Bool(true)).then(|| {
        let what = "the pool tells ana@example.com from Ana@example.com: who types a name in another case than the \
                    old system's does not move in";
        let remedy = "A pool keeps this for good; tell people how to write their names, or move them into another pool";
        Finding::advice("case-sensitive", what.to_owned(), remedy.to_owned())
    })
}

fn of_sign_up(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let creation = facts.pool.get("AdminCreateUserConfig");
    let only = creation.and_then(|creation| creation.get("AllowAdminCreateUserOnly"));
    if only == Some(&Value::Bool(true)) && facts.wanted.0.contains_key(&Trigger::PreSignUp) {
        let what =
            "only administrators create users here: pre-sign-up decides about nobody".to_owned();
        let remedy = "If people are to sign up, set AllowAdminCreateUserOnly to false".to_owned();
        found.push(Finding::advice("sign-up-closed", what, remedy));
    }
    for client in &facts.clients.described {
        if client.text("PreventUserExistenceErrors") != "ENABLED" {
            let id = client.text("ClientId");
            let what = format!("the app client {id} tells strangers whether a user exists");
            let remedy = "Set PreventUserExistenceErrors to ENABLED".to_owned();
            found.push(Finding::advice("existence-told", what, remedy));
        }
    }
    found
}

fn of_unseen_clients(facts: &Facts<'_>) -> Option<Finding> {
    let (seen, listed) = (facts.clients.described.len(), facts.clients.listed?);
    (seen < listed).then(|| {
        let what = format!("{seen} of {listed} app clients were looked at");
        let remedy = "The next looks go on with the others; poolkeeper doctor looks at all of them";
        Finding::advice("clients-not-looked-at", what, remedy.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:ours:live";
    const POOL: &str = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_x";

    /// A pool, its client and the functions' policies, in order; each test bends them once.
    fn codes(bend: impl FnOnce(&mut Value)) -> Vec<&'static str> {
        let policy = json!({ "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "cognito-idp.amazonaws.com" },
            "Action": "lambda:InvokeFunction",
            "Condition": { "ArnLike": { "AWS:SourceArn": POOL } },
        }]});
        let mut all = json!({
            "pool": {
                "Id": "us-east-1_x",
                "Arn": POOL,
                "LambdaConfig": { "PreSignUp": FUNCTION, "UserMigration": FUNCTION },
                "Policies": { "PasswordPolicy": { "MinimumLength": 12, "RequireNumbers": true } },
                "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false },
                "UsernameConfiguration": { "CaseSensitive": false },
            },
            "client": {
                "ClientId": "c",
                "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
                "PreventUserExistenceErrors": "ENABLED",
            },
            "policy": policy,
            "believed": "minimum_length=12,lowercase=false,uppercase=false,numbers=true,symbols=false",
        });
        bend(&mut all);
        let pool = PoolSettings::of_answer(&json!({ "UserPool": all["pool"] })).unwrap();
        let wanted = format!("PreSignUp={FUNCTION},UserMigration={FUNCTION}");
        let wanted = wanted.parse().unwrap();
        let policy = Some(all["policy"].clone()).filter(|policy| !policy.is_null());
        let policies =
            [Trigger::PreSignUp, Trigger::UserMigration].map(|trigger| (trigger, policy.clone()));
        let believed: Bindings = all["believed"].as_str().unwrap().parse().unwrap();
        let found = findings(&Facts {
            pool: &pool,
            clients: &AppClients {
                described: vec![AppClient(all["client"].clone())],
                listed: Some(if all["clients"].is_null() { 1 } else { 2 }),
            },
            wanted: &wanted,
            policies: &policies.into(),
            password_policy: Some(&believed),
            moving_in: all["moving_in"] != json!(false),
        });
        assert!(found.iter().all(|finding| !finding.remedy.is_empty()));
        found.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn of_some_clients_nobody_says_that_none_shows_the_password() {
        let hidden = |all: &mut Value| {
            all["client"]["ExplicitAuthFlows"] = json!(["ALLOW_USER_SRP_AUTH"]);
        };
        assert_eq!(codes(hidden), ["no-password-flow"]);
        let found = codes(|all| {
            hidden(all);
            all["clients"] = json!("two");
        });
        assert_eq!(found, ["clients-not-looked-at"]);
    }

    #[test]
    fn a_pool_in_order_has_no_finding() {
        assert_eq!(codes(|_| {}), Vec::<&str>::new());
    }

    #[test]
    fn each_drift_is_found() {
        let bare = FUNCTION.trim_end_matches(":live");
        let theirs = "arn:aws:lambda:us-east-1:123456789012:function:theirs";
        let flows = |flows: &[&str]| json!(flows);
        for (place, value, code) in [
            (
                "/pool/LambdaConfig/PreSignUp",
                Value::Null,
                "trigger-missing",
            ),
            (
                "/pool/LambdaConfig/PreSignUp",
                json!(bare),
                "trigger-without-alias",
            ),
            (
                "/pool/LambdaConfig/UserMigration",
                json!(theirs),
                "trigger-foreign",
            ),
            (
                "/client/ExplicitAuthFlows",
                flows(&["ALLOW_USER_SRP_AUTH"]),
                "no-password-flow",
            ),
            (
                "/client/ExplicitAuthFlows",
                flows(&["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"]),
                "password-hidden",
            ),
            (
                "/pool/Policies/PasswordPolicy/MinimumLength",
                json!(8),
                "password-policy-differs",
            ),
            (
                "/pool/Policies/PasswordPolicy/RequireNumbers",
                json!(false),
                "password-policy-differs",
            ),
            (
                "/pool/UsernameConfiguration/CaseSensitive",
                json!(true),
                "case-sensitive",
            ),
            (
                "/pool/AdminCreateUserConfig/AllowAdminCreateUserOnly",
                json!(true),
                "sign-up-closed",
            ),
            (
                "/client/PreventUserExistenceErrors",
                json!("LEGACY"),
                "existence-told",
            ),
        ] {
            assert_eq!(
                codes(|all| *all.pointer_mut(place).unwrap() = value),
                [code],
                "{place}"
            );
        }
        for policy in [Value::Null, json!({ "Statement": [] })] {
            let found = codes(|all| all["policy"] = policy);
            assert_eq!(found, ["permission-missing", "permission-missing"]);
        }
    }

    #[test]
    fn once_all_have_moved_in_nobody_has_to_see_a_password() {
        let found = codes(|all| {
            all["moving_in"] = json!(false);
            all["client"]["ExplicitAuthFlows"] = json!(["ALLOW_USER_SRP_AUTH"]);
        });
        assert_eq!(found, Vec::<&str>::new());
    }

    #[test]
    fn faults_come_before_advice() {
        let found = codes(|all| {
            all["client"]["PreventUserExistenceErrors"] = json!("LEGACY");
            all["pool"]["LambdaConfig"]["UserMigration"] = Value::Null;
        });
        assert_eq!(found, ["trigger-missing", "existence-told"]);
    }
}

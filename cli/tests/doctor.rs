//! `poolkeeper doctor`: each drift that is seeded into the embedded pool is found, with its remedy.

use serde_json::{Value, json};

use crate::pools::{POOL, Pools};

fn codes(pools: &Pools) -> Vec<String> {
    let run = pools.run("doctor", &["--json"]);
    assert_eq!(run.stderr, "");
    let told = run.json();
    assert_eq!(told["user_pool_id"], POOL);
    let findings = told["findings"].as_array().unwrap();
    assert_eq!(run.code, i32::from(!findings.is_empty()), "{told:#}");
    assert!(findings.iter().all(|finding| finding["remedy"] != ""));
    let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
    let mut codes: Vec<String> = findings.iter().map(code).collect();
    // This machine runs fewer functions at once than an account should.
    assert_eq!(codes.pop().unwrap(), "concurrency-low");
    codes
}

/// A pool that is attached, with a client that shows the password and the password policy of the suite.
async fn attached() -> Pools {
    let pools = Pools::start("").await;
    let backup = pools.folder.path("before.json");
    let run = pools.run("attach", &["--yes", "--backup", backup.to_str().unwrap()]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    flows(&pools, &["ALLOW_USER_PASSWORD_AUTH"]).await;
    pools
}

async fn flows(pools: &Pools, flows: &[&str]) {
    let client = pools.other.user_pool.settings().client_id.clone();
    let request = json!({
        "UserPoolId": POOL,
        "ClientId": client,
        "ExplicitAuthFlows": flows,
        "PreventUserExistenceErrors": "ENABLED",
    });
    pools
        .ask("cognito-idp:UpdateUserPoolClient", &request)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_seeded_drift_is_found_and_told_with_its_remedy() {
    let pools = attached().await;
    assert_eq!(codes(&pools), Vec::<String>::new());
    let in_order = pools.triggers().await;
    let bent = |trigger: &str, to: Value| {
        let mut triggers = in_order.clone();
        triggers[trigger] = to;
        json!({ "LambdaConfig": triggers })
    };
    let theirs = "arn:aws:lambda:us-east-1:123456789012:function:theirs";
    let bare = pools
        .function("PreSignUp")
        .trim_end_matches(":live")
        .to_owned();
    let described = pools.settings().await;
    let policies = |length: u64| {
        let mut policies = described["pool"]["Policies"].clone();
        policies["PasswordPolicy"]["MinimumLength"] = json!(length);
        policies
    };
    for (change, code) in [
        (json!({ "LambdaConfig": {} }), "trigger-missing"),
        (bent("PreSignUp", json!(bare)), "trigger-without-alias"),
        (bent("PostConfirmation", json!(theirs)), "trigger-foreign"),
        (
            json!({ "Policies": policies(8) }),
            "password-policy-differs",
        ),
        (
            json!({ "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true } }),
            "sign-up-closed",
        ),
    ] {
        pools.update(change.clone()).await;
        let found = codes(&pools);
        assert!(
            found.iter().all(|it| it == code) && !found.is_empty(),
            "{change}: {found:?}"
        );
        pools
            .update(json!({
                "LambdaConfig": in_order,
                "Policies": described["pool"]["Policies"],
                "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": false },
            }))
            .await;
    }
    for (allowed, code) in [
        (&["ALLOW_USER_SRP_AUTH"][..], "no-password-flow"),
        (
            &["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
            "password-hidden",
        ),
    ] {
        flows(&pools, allowed).await;
        assert_eq!(codes(&pools), [code]);
    }
    flows(&pools, &["ALLOW_USER_PASSWORD_AUTH"]).await;
    let function = pools.function("UserMigration");
    let arn = pools.other.user_pool.settings().pool_arn.clone();
    let statement = shared::user_pool::statement_id(&arn, &function);
    assert!(
        pools
            .suite
            .lambda
            .permissions()
            .remove(&function, None, &statement)
    );
    assert_eq!(codes(&pools), ["permission-missing"]);
    let nowhere = "arn:aws:lambda:us-east-1:123456789012:function:nowhere:live";
    let run = pools.run_with(&["doctor", POOL, "--pre-sign-up", nowhere], "");
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.starts_with("fault   function-missing: "),
        "{}",
        run.stdout
    );
}

/// What `aws iam list-roles` would print of the suite.
fn listed(pools: &Pools, bend: impl Fn(&str, &mut Value)) -> Value {
    let roles = pools.suite.template.roles().iter().map(|role| {
        let mut listed = json!({
            "RoleName": role.name,
            "Arn": role.arn,
            "MaxSessionDuration": role.max_session_duration,
            "AssumeRolePolicyDocument": role.trust_policy,
        });
        bend(role.name.rsplit('-').next().unwrap(), &mut listed);
        listed
    });
    json!({ "Roles": roles.collect::<Vec<_>>() })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_and_attribute_that_the_policy_misses_is_found() {
    let pools = attached().await;
    let shipped = std::fs::read_to_string(
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/policy.toml"),
    )
    .unwrap();
    let told = |policy: String, roles: Value| {
        let (file, list) = (
            pools.folder.path("policy.toml"),
            pools.folder.path("roles.json"),
        );
        std::fs::write(&file, policy).unwrap();
        std::fs::write(&list, roles.to_string()).unwrap();
        let more = ["--json", "--policy", file.to_str().unwrap(), "--roles"];
        let run = pools.run("doctor", &[&more[..], &[list.to_str().unwrap()]].concat());
        assert_eq!(run.stderr, "");
        let told = run.json();
        let findings = told["findings"].as_array().unwrap().iter();
        let text = |it: &Value| {
            (
                it["code"].as_str().unwrap().to_owned(),
                it["what"].to_string(),
            )
        };
        findings
            .map(text)
            .filter(|(code, _)| code != "concurrency-low")
            .collect::<Vec<_>>()
    };
    let whole = listed(&pools, |_, _| {});
    assert_eq!(told(shipped.clone(), whole.clone()), []);
    type Bend = fn(&str, &mut Value);
    let bent: [(&str, Bend); 4] = [
        ("role-missing", |name, role| {
            if name == "member" {
                role["Arn"] = json!("arn:aws:iam::123456789012:role/another");
            }
        }),
        ("role-duration", |name, role| {
            if name == "publisher" {
                role["MaxSessionDuration"] = json!(900);
            }
        }),
        ("role-trust", |name, role| {
            if name == "member" {
                let trust = &mut role["AssumeRolePolicyDocument"];
                trust["Statement"][0]["Condition"]["StringEquals"] = json!({});
            }
        }),
        ("role-trust", |name, role| {
            if name == "tenant" {
                role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] = json!("*");
            }
        }),
    ];
    for (code, bend) in bent {
        let found = told(shipped.clone(), listed(&pools, bend));
        assert!(found.len() == 1 && found[0].0 == code, "{code}: {found:?}");
    }
    let fills = "attributes = { email = \"email\"";
    assert!(shipped.contains(fills));
    let custom = shipped.replace(
        fills,
        "attributes = { \"custom:plan\" = \"plan\", email = \"email\"",
    );
    let found = told(custom, whole.clone());
    assert!(
        found.len() == 1 && found[0].0 == "attribute-unknown",
        "{found:?}"
    );
    let without = shipped.replace(fills, "attributes = { nickname = \"email\"");
    let found = told(without, whole);
    assert!(
        found.len() == 1 && found[0].0 == "attribute-required",
        "{found:?}"
    );
}

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

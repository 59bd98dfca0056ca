//! One subject, one identity.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn one_subject_is_one_identity_for_ever_and_two_are_two() {
    let stack = stack().await;
    let first_calls = (0..6).map(|_| async {
        let answer = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), "").await;
        answer.json()["identity_id"].as_str().unwrap().to_owned()
    });
    let ids: BTreeSet<String> = futures_util::future::join_all(first_calls)
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let other = exchange(&stack, &mint(&stack, json!({"sub": "ana2"})), "")
        .await
        .json();
    assert!(!ids.contains(other["identity_id"].as_str().unwrap()));

    let pool = stack.physical_name("IdentityPool");
    let table = stack.physical_name("DirectoryTable");
    let records = Client::new(&stack.sdk_config(Stack::admin()))
        .scan()
        .table_name(table)
        .send()
        .await
        .unwrap();
    let keys: Vec<String> = records
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap().clone())
        .collect();
    assert_eq!(keys.len(), 2);
    let kept: Vec<&String> = records
        .items()
        .iter()
        .map(|item| item["identity_id"].as_s().unwrap())
        .collect();
    assert!(ids.iter().all(|id| kept.contains(&id)), "{kept:?}");
    assert!(
        keys.iter()
            .all(|key| key.starts_with(&format!("IDENTITY#{pool}#app#")) && !key.contains("ana")),
        "{keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_late_to_make_a_record_takes_the_one_that_is_there() {
    let table = Faulty::start(Behaviour::Close).await;
    let stack = stack_with(FUNCTION, &[("AWS_ENDPOINT_URL_DYNAMODB", &table.url)]).await;
    table.behave(Behaviour::Forward(stack.aws_url.clone()));
    let jwt = mint(&stack, json!({"sub": "ana"}));
    let first = exchange(&stack, &jwt, "").await.json();
    // To the next vendor there is no record when it looks, and there is when it writes.
    stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
    table.once([http("200 OK", r#"{"Responses":{},"UnprocessedKeys":{}}"#)]);
    let second = exchange(&stack, &jwt, "").await.json();
    assert_eq!(second["identity_id"], first["identity_id"], "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cognito_is_asked_for_the_identity_on_record_and_no_other() {
    let cognito = Witness::start().await;
    let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", cognito.url.as_str())];
    let stack = stack_with(FUNCTION, &endpoint).await;
    let on_record = "us-east-1:22222222-2222-4333-8444-555555555555";
    let key =
        shared::state::DirectoryKey::identity(&stack.physical_name("IdentityPool"), "app", "ana");
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    Client::new(&stack.sdk_config(Stack::admin()))
        .put_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .item("pk", text(&key.pk))
        .item("sk", text(&key.sk))
        .item("developer_user_id", text("somebody"))
        .item("identity_id", text(on_record))
        .send()
        .await
        .unwrap();
    let jwt = mint(&stack, json!({"sub": "ana"}));
    // What a client says of its identity is not heard.
    let said = "&identity_id=us-east-1:x&IdentityId=us-east-1:x";
    assert_ne!(exchange(&stack, &jwt, said).await.status, 200);
    let asked: Value = serde_json::from_str(&cognito.heard()[0]).unwrap();
    assert_eq!(asked["IdentityId"], on_record);
    let logins: Vec<&Value> = asked["Logins"].as_object().unwrap().values().collect();
    assert_eq!(logins, ["somebody"]);
}

/// The record of the subject, with another IdentityId.
async fn record_says(stack: &Stack, subject: &str, identity_id: &str) {
    let pool = stack.physical_name("IdentityPool");
    let key = shared::state::DirectoryKey::identity(&pool, "app", subject);
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    Client::new(&stack.sdk_config(Stack::admin()))
        .update_item()
        .table_name(stack.physical_name("DirectoryTable"))
        .key("pk", text(&key.pk))
        .key("sk", text(&key.sk))
        .update_expression("SET identity_id = :id")
        .expression_attribute_values(":id", text(identity_id))
        .send()
        .await
        .unwrap();
}

async fn identity_of(stack: &Stack, subject: &str) -> String {
    let answer = exchange(stack, &mint(stack, json!({"sub": subject})), "").await;
    assert_eq!(answer.status, 200, "{}", log_text(stack));
    answer.json()["identity_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_calls_at_once_are_one_identity_though_cognito_gives_two() {
    let mut options = options();
    options.two_first_identities = true;
    // Whoever is shed has no identity to compare.
    let section = "[identity-vendor.limits]";
    let limits = format!("{section}\ncognito_calls_per_second = 10000");
    options.policy = bent_policy(section, &limits);
    let stack = local::start(&options).await.unwrap();
    // Ten environments serve them; who finds all taken comes again.
    let calls = (0..50).map(|_| async {
        let jwt = mint(&stack, json!({"sub": "ana"}));
        let mut answer = exchange(&stack, &jwt, "").await;
        while answer.json()["message"] == "Service Unavailable" {
            answer = exchange(&stack, &jwt, "").await;
        }
        answer.json()["identity_id"]
            .as_str()
            .unwrap_or("none")
            .to_owned()
    });
    let ids: BTreeSet<String> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(Some(&identity_of(&stack, "ana").await), ids.first());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_names_somebody_elses_identity_is_healed_once() {
    let stack = stack().await;
    let (ana, eva) = (
        identity_of(&stack, "ana").await,
        identity_of(&stack, "eva").await,
    );
    record_says(&stack, "ana", &eva).await;
    assert_eq!(identity_of(&stack, "ana").await, ana);
    assert!(log_text(&stack).contains("it is healed"));
    let healings = log_text(&stack).matches("it is healed").count();
    assert_eq!(identity_of(&stack, "ana").await, ana);
    assert_eq!(log_text(&stack).matches("it is healed").count(), healings);
    assert_eq!(identity_of(&stack, "eva").await, eva);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_identity_is_replaced_by_one_new_one() {
    let stack = stack().await;
    let before = identity_of(&stack, "ana").await;
    let cognito = aws_sdk_cognitoidentity::Client::new(&stack.sdk_config(Stack::admin()));
    let delete = cognito.delete_identities().identity_ids_to_delete(&before);
    delete.send().await.unwrap();
    let calls = (0..6).map(|_| identity_of(&stack, "ana"));
    let ids: BTreeSet<String> = futures_util::future::join_all(calls)
        .await
        .into_iter()
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(!ids.contains(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_cognito_says_of_the_record_it_is_asked_twice_and_no_more() {
    for code in [
        "ResourceConflictException",
        "DeveloperUserAlreadyRegisteredException",
        "ResourceNotFoundException",
    ] {
        let cognito = Faulty::start(Behaviour::Close).await;
        let endpoint = [("AWS_ENDPOINT_URL_COGNITO_IDENTITY", cognito.url.as_str())];
        let stack = stack_with(FUNCTION, &endpoint).await;
        cognito.behave(Behaviour::Forward(stack.aws_url.clone()));
        let own = identity_of(&stack, "ana").await;
        let refusal = format!(r#"{{"__type":"{code}","message":"canary"}}"#);
        // A new environment has new connections.
        stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
        cognito.once([http("400 Bad Request", &refusal)]);
        let healed = log_text(&stack).matches("it is healed").count();
        assert_eq!(identity_of(&stack, "ana").await, own, "{code}");
        assert_eq!(log_text(&stack).matches("it is healed").count(), healed + 1);
        stack.lambda.kill(&stack.physical_name(FUNCTION)).await;
        cognito.behave(http("400 Bad Request", &refusal));
        let before = cognito.requests();
        let answer = exchange(&stack, &mint(&stack, json!({"sub": "ana"})), "").await;
        assert_eq!(
            (answer.status, cognito.requests() - before),
            (500, 2),
            "{code}"
        );
        assert!(!log_text(&stack).contains("canary"));
    }
}

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
    table.once([http("200 OK", "{}")]);
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

//! What a file keeps from one start to the next.

use std::path::Path;

use emulator::dynamodb::Storage;
use serde_json::json;

use crate::{
    pool_resource::{EMAIL, PASSWORDS, ask, bent, pool_id, sign_in, signed_in},
    support::Aws,
};

/// A file that is not there yet.
fn file(name: &str) -> Storage {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kept-{name}"));
    // There is none before the first run.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    Storage::File(folder.join("tables.sqlite"))
}

#[tokio::test]
async fn a_file_keeps_the_users_who_sign_in_with_their_passwords_again() {
    let storage = file("users");
    let pool = || bent(EMAIL, PASSWORDS, "");
    let before = Aws::start_with(pool(), storage.clone()).await;
    let tokens = signed_in(&before).await;
    drop(before);
    let again = Aws::start_with(pool(), storage).await;
    assert!(sign_in(&again).await["AuthenticationResult"]["IdToken"].is_string());
    // Sign-ins are not kept.
    let body = json!({ "AccessToken": tokens["AccessToken"] });
    assert_eq!(
        ask(&again, "GetUser", body).await["__type"],
        "NotAuthorizedException"
    );
    let users = ask(
        &again,
        "ListUsers",
        json!({ "UserPoolId": pool_id(&again) }),
    )
    .await;
    assert_eq!(users["Users"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_whose_tables_have_other_keys_than_the_template_is_refused_with_the_table() {
    let storage = file("keys");
    drop(Aws::start_with(|_| {}, storage.clone()).await);
    let rekeyed = |text: &mut String| {
        let range = "{ AttributeName: item, KeyType: RANGE }";
        assert!(text.contains(range));
        *text = text.replace(range, "{ AttributeName: when, KeyType: RANGE }");
        *text = text.replace(
            "AttributeName: item, AttributeType",
            "AttributeName: when, AttributeType",
        );
    };
    let refused = Aws::try_start(rekeyed, storage.clone())
        .await
        .err()
        .unwrap();
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(
        cause,
        "DynamoDB: the template has changed the keys of example-DataTable; start with another file"
    );
    // Nothing was lost by trying.
    Aws::try_start(|_| {}, storage).await.unwrap();
}

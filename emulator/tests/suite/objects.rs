//! What vended credentials reach in S3, by requests that AWS's own signer has signed.

use serde_json::{Value, json};

use crate::support::{Aws, admin, credentials};

#[tokio::test]
async fn a_member_writes_and_reads_the_own_object_and_no_other() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let (you, _) = aws.member("bob").await;
    let object = |owner: &str| format!("/data/users/{}/note", owner.replace(':', "%3A"));
    let (own, other) = (object(&me), object(&you));
    let note = json!("mine alone");
    let put = aws.call(&mine, "s3", ("PUT", &own), "", &note).await;
    assert_eq!(put.status, 200);
    let got = aws.call(&mine, "s3", ("GET", &own), "", &Value::Null).await;
    assert_eq!((got.status, got.json()), (200, note.clone()));
    for method in ["GET", "PUT"] {
        let refused = aws.call(&mine, "s3", (method, &other), "", &note).await;
        let body = String::from_utf8(refused.body).unwrap();
        assert_eq!(refused.status, 403);
        assert!(
            body.starts_with("<Error><Code>AccessDenied</Code>"),
            "{body}"
        );
        assert!(
            body.contains(&format!("arn:aws:s3:::data/users/{you}/note")),
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_signed_for_s3_is_refused() {
    let aws = Aws::start().await;
    let owner = admin();
    for (service, method, path, status) in [
        ("s3", "GET", "/data/none", 404),
        ("s3", "DELETE", "/data/none", 405),
        ("s3", "GET", "/data", 404),
        ("dynamodb", "GET", "/data/none", 404),
    ] {
        let answer = aws
            .call(&owner, service, (method, path), "", &Value::Null)
            .await;
        assert_eq!(answer.status, status, "{service} {method} {path}");
    }
    // Signed with a key that was never given.
    let stranger = credentials("AKIASTRANGER", "secret", Some("token".to_owned()));
    let answer = aws
        .call(&stranger, "s3", ("GET", "/data/none"), "", &Value::Null)
        .await;
    let body = String::from_utf8(answer.body).unwrap();
    assert!(body.contains("InvalidAccessKeyId"), "{body}");
}

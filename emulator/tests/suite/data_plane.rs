//! What vended credentials reach in DynamoDB, seen through the real SDK.

use crate::support::{Aws, admin, code, credentials, of_sts, refusal, text};
use aws_sdk_dynamodb::types::{
    KeysAndAttributes, Put, PutRequest, TransactWriteItem, WriteRequest,
};
use emulator::dynamodb::Storage;
use serde_json::json;

const DATA: &str = "example-DataTable";

async fn put(
    client: &aws_sdk_dynamodb::Client,
    owner: &str,
) -> Result<
    aws_sdk_dynamodb::operation::put_item::PutItemOutput,
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::put_item::PutItemError>,
> {
    client
        .put_item()
        .table_name(DATA)
        .item("owner", text(owner))
        .item("item", text("note"))
        .send()
        .await
}

fn transact_put(owner: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(DATA)
        .item("owner", text(owner))
        .item("item", text("t"));
    TransactWriteItem::builder()
        .put(put.build().unwrap())
        .build()
}

#[tokio::test]
async fn a_member_writes_and_reads_the_own_row() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let client = aws.dynamodb(mine);
    put(&client, &me).await.unwrap();
    let read = client
        .get_item()
        .table_name(DATA)
        .key("owner", text(&me))
        .key("item", text("note"))
        .send()
        .await
        .unwrap();
    assert_eq!(read.item.unwrap()["owner"], text(&me));
}

#[tokio::test]
async fn another_members_row_is_refused_in_the_words_of_aws() {
    let aws = Aws::start().await;
    let (_, mine) = aws.member("ada").await;
    let (you, _) = aws.member("bob").await;
    let client = aws.dynamodb(mine);
    let (code, message) = refusal(
        client
            .get_item()
            .table_name(DATA)
            .key("owner", text(&you))
            .key("item", text("note"))
            .send()
            .await,
    );
    assert_eq!(code, "AccessDeniedException");
    assert_eq!(
        message,
        "User: arn:aws:sts::123456789012:assumed-role/example-MemberRole/test-session is not \
         authorized to perform: dynamodb:GetItem on resource: \
         arn:aws:dynamodb:us-east-1:123456789012:table/example-DataTable because no \
         identity-based policy allows the dynamodb:GetItem action"
    );
}

#[tokio::test]
async fn a_query_reaches_the_own_rows_only_however_it_names_the_key() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let (you, _) = aws.member("bob").await;
    let client = aws.dynamodb(mine);
    let query = |owner: &str| {
        client
            .query()
            .table_name(DATA)
            .key_condition_expression("begins_with(#i, :i) AND #o = :o")
            .expression_attribute_names("#o", "owner")
            .expression_attribute_names("#i", "item")
            .expression_attribute_values(":o", text(owner))
            .expression_attribute_values(":i", text("n"))
            .send()
    };
    put(&client, &me).await.unwrap();
    assert_eq!(query(&me).await.unwrap().count, 1);
    assert_eq!(code(query(&you).await), "AccessDeniedException");
}

#[tokio::test]
async fn a_scan_and_another_table_are_refused() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let client = aws.dynamodb(mine);
    let scan = client.scan().table_name(DATA).send().await;
    assert_eq!(code(scan), "AccessDeniedException");
    let other = client
        .get_item()
        .table_name("example-EphemeralTable")
        .key("pk", text(&me))
        .send()
        .await;
    assert_eq!(code(other), "AccessDeniedException");
}

#[tokio::test]
async fn a_transaction_needs_put_item_on_the_key_of_each_item() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let (you, _) = aws.member("bob").await;
    let client = aws.dynamodb(mine);
    let own = client
        .transact_write_items()
        .transact_items(transact_put(&me))
        .send()
        .await;
    own.unwrap();
    let mixed = client
        .transact_write_items()
        .transact_items(transact_put(&me))
        .transact_items(transact_put(&you))
        .send()
        .await;
    let (code, message) = refusal(mixed);
    assert_eq!(code, "AccessDeniedException");
    assert!(
        message.contains("to perform: dynamodb:PutItem"),
        "{message}"
    );
}

#[tokio::test]
async fn a_transaction_that_is_sent_again_by_its_token_is_done_once_unless_tokens_are_forgotten() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let client = aws.dynamodb(mine);
    let unless_there = || {
        let put = Put::builder()
            .table_name(DATA)
            .item("owner", text(&me))
            .item("item", text("once"))
            .condition_expression("attribute_not_exists(#item)")
            .expression_attribute_names("#item", "item");
        let item = TransactWriteItem::builder().put(put.build().unwrap());
        client
            .transact_write_items()
            .transact_items(item.build())
            .client_request_token("ours")
            .send()
    };
    unless_there().await.unwrap();
    unless_there().await.unwrap();
    aws.stack.dynamodb.forget_tokens();
    let (code, _) = refusal(unless_there().await);
    assert_eq!(code, "TransactionCanceledException");
}

#[tokio::test]
async fn a_batch_is_an_action_of_its_own() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let client = aws.dynamodb(mine);
    let request = PutRequest::builder()
        .item("owner", text(&me))
        .item("item", text("b"));
    let write = WriteRequest::builder()
        .put_request(request.build().unwrap())
        .build();
    let written = client
        .batch_write_item()
        .request_items(DATA, vec![write])
        .send()
        .await;
    assert_eq!(code(written), "AccessDeniedException");
    let key = [
        ("owner".to_owned(), text(&me)),
        ("item".to_owned(), text("b")),
    ];
    let keys = KeysAndAttributes::builder()
        .keys(key.into())
        .build()
        .unwrap();
    let read = client
        .batch_get_item()
        .request_items(DATA, keys)
        .send()
        .await;
    assert_eq!(code(read), "AccessDeniedException");
}

#[tokio::test]
async fn a_session_policy_narrows_and_cannot_widen() {
    let aws = Aws::start().await;
    let (me, token) = aws.token("ada", Some("member")).await;
    let narrowed = async |action: &str| {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": action, "Resource": "*"}]});
        let assumed = aws
            .assume("MemberRole", &token)
            .policy(policy.to_string())
            .send()
            .await;
        aws.dynamodb(of_sts(assumed.unwrap().credentials.unwrap()))
    };
    let read_only = narrowed("dynamodb:GetItem").await;
    let (code_of_put, message) = refusal(put(&read_only, &me).await);
    assert_eq!(code_of_put, "AccessDeniedException");
    assert!(message.ends_with("because no session policy allows the dynamodb:PutItem action"));

    let everything = narrowed("*").await;
    put(&everything, &me).await.unwrap();
    let scan = everything.scan().table_name(DATA).send().await;
    assert_eq!(code(scan), "AccessDeniedException");
}

#[tokio::test]
async fn the_vendors_own_grant_holds_by_key_prefix() {
    let aws = Aws::start().await;
    let client = aws.dynamodb(aws.vendor());
    let put = |pk: &str| {
        client
            .put_item()
            .table_name("example-DirectoryTable")
            .item("pk", text(pk))
            .item("sk", text("-"))
            .send()
    };
    put("IDENTITY#app#0").await.unwrap();
    assert_eq!(code(put("USER#pool#0").await), "AccessDeniedException");
}

#[tokio::test]
async fn an_expired_session_is_told_so() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let client = aws.dynamodb(mine);
    aws.advance(3599);
    put(&client, &me).await.unwrap();
    aws.advance(1);
    assert_eq!(code(put(&client, &me).await), "ExpiredTokenException");
}

#[tokio::test]
async fn a_key_a_token_and_a_signature_that_do_not_belong_together_are_refused() {
    let aws = Aws::start().await;
    let (me, mine) = aws.member("ada").await;
    let (_, yours) = aws.member("bob").await;
    let (key, secret) = (mine.access_key_id(), mine.secret_access_key());
    let token = || mine.session_token().map(str::to_owned);
    let cases = [
        (
            credentials("AKIANOBODY0000000000", secret, None),
            "UnrecognizedClientException",
        ),
        (
            credentials(key, secret, None),
            "UnrecognizedClientException",
        ),
        (
            credentials(key, secret, yours.session_token().map(str::to_owned)),
            "UnrecognizedClientException",
        ),
        (
            credentials(key, "another", token()),
            "InvalidSignatureException",
        ),
        (
            credentials(admin().access_key_id(), "another", None),
            "InvalidSignatureException",
        ),
    ];
    for (credentials, expected) in cases {
        assert_eq!(code(put(&aws.dynamodb(credentials), &me).await), expected);
    }
}

#[tokio::test]
async fn the_admin_may_do_everything() {
    let aws = Aws::start().await;
    let client = aws.dynamodb(admin());
    put(&client, "anyone").await.unwrap();
    let tables = client.list_tables().send().await.unwrap();
    assert_eq!(
        tables.table_names(),
        [DATA, "example-DirectoryTable", "example-EphemeralTable"]
    );
    let ttl = client
        .describe_time_to_live()
        .table_name("example-EphemeralTable")
        .send()
        .await;
    let described = ttl.unwrap().time_to_live_description.unwrap();
    assert_eq!(described.attribute_name(), Some("expires_at"));
}

#[tokio::test]
async fn a_sweep_deletes_what_has_expired_and_nothing_else() {
    let aws = Aws::start().await;
    let client = aws.dynamodb(admin());
    let now = (emulator::iam::system_clock())();
    for (pk, expires_at) in [("past", now - 3600), ("future", now + 3600)] {
        let put = client.put_item().table_name("example-EphemeralTable");
        let expiry = aws_sdk_dynamodb::types::AttributeValue::N(expires_at.to_string());
        put.item("pk", text(pk))
            .item("expires_at", expiry)
            .send()
            .await
            .unwrap();
    }
    assert_eq!(aws.stack.dynamodb.sweep().unwrap(), 1);
    let left = client
        .scan()
        .table_name("example-EphemeralTable")
        .send()
        .await
        .unwrap();
    assert_eq!(left.items()[0]["pk"], text("future"));
}

#[tokio::test]
async fn a_file_keeps_its_items_and_its_tables() {
    let folder = std::env::temp_dir().join(format!("example-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let storage = || Storage::File(folder.join("items.sqlite"));
    let before = Aws::start_with(|_| {}, storage()).await;
    put(&before.dynamodb(admin()), "anyone").await.unwrap();
    drop(before);
    let again = Aws::start_with(|_| {}, storage()).await;
    let again_client = again.dynamodb(admin());
    assert_eq!(
        again_client
            .scan()
            .table_name(DATA)
            .send()
            .await
            .unwrap()
            .count,
        1
    );
    std::fs::remove_dir_all(folder).unwrap();
}

//! Key prefixes, tables and IAM actions.

use super::{assert_source, assert_template};

const LEGACY: &str = "shared/src/legacy/dynamodb.rs";
const RECORD: &str = "functions/post-confirmation/password_reset.rs";
const TRANSACTION: &str = "shared/src/record/transaction.rs";
const IDENTITIES: &str = "functions/identity-vendor/issue/identity_record.rs";

#[test]
fn a_key_prefix_that_the_code_does_not_make_is_found() {
    assert_template(
        "\"GUEST#*\"]",
        "\"GUESTS#*\"]",
        &[
            "IdentityVendorFunction makes keys like GUEST#pool#…, which its grants on DIRECTORY_TABLE leave out",
            "IdentityVendorFunction is granted GUESTS#* on DIRECTORY_TABLE, and makes no such key",
        ],
    );
}

#[test]
fn a_key_that_the_grant_leaves_out_is_found() {
    assert_source(
        RECORD,
        "EphemeralKey::recent(\"post-confirmation\"",
        "EphemeralKey::recent(\"confirmation\"",
        &[
            "PostConfirmationFunction makes keys like RECENT#confirmation#kind#…, which its grants on EPHEMERAL_TABLE leave out",
            "PostConfirmationFunction is granted RECENT#post-confirmation#* on EPHEMERAL_TABLE, and makes no such key",
        ],
    );
}

#[test]
fn a_kind_of_key_that_this_test_does_not_know_is_found() {
    assert_source(
        "shared/src/state/key.rs",
        "    /// The profile of a user.",
        "    pub fn claim(email: &str) -> Self { Self::identity(email, email) }\n    /// The profile of a user.",
        &["DirectoryKey::claim is not in this test's table"],
    );
}

#[test]
fn a_grant_that_a_request_without_key_would_meet_is_found() {
    assert_template(
        "                    dynamodb:LeadingKeys: [\"USER#*\", \"EMAIL#*\", \"INVITE#*\"]\n                  \"Null\":\n                    dynamodb:LeadingKeys: \"false\"\n",
        "                    dynamodb:LeadingKeys: [\"USER#*\", \"EMAIL#*\", \"INVITE#*\"]\n",
        &[
            "PostConfirmationFunction's grant on DIRECTORY_TABLE lacks Null dynamodb:LeadingKeys false",
        ],
    );
}

#[test]
fn a_table_that_the_function_is_not_given_is_found() {
    assert_template(
        "never written.\n              - Effect: Allow\n                Action: dynamodb:BatchGetItem\n                Resource: !GetAtt DirectoryTable.Arn",
        "never written.\n              - Effect: Allow\n                Action: dynamodb:BatchGetItem\n                Resource: [!GetAtt DirectoryTable.Arn, !GetAtt LegacyUsersTable.Arn]",
        &[
            "IdentityVendorFunction is granted arn:aws:dynamodb:us-east-1:123456789012:table/poolkeeper-LegacyUsersTable, \
           and given no such table",
        ],
    );
}

#[test]
fn a_call_that_the_role_does_not_allow_is_found() {
    assert_source(
        LEGACY,
        ".get_item()",
        ".delete_item()",
        &[
            "PreSignUpFunction calls dynamodb:DeleteItem, which its role lacks",
            "UserMigrationFunction calls dynamodb:DeleteItem, which its role lacks",
            "UserMigrationFunction is granted dynamodb:GetItem, which its code never calls",
        ],
    );
}

#[test]
fn a_grant_that_no_call_needs_is_found() {
    assert_template(
        "dynamodb:PutItem\n                  - dynamodb:UpdateItem\n                Resource: !GetAtt DirectoryTable.Arn",
        "dynamodb:PutItem\n                  - dynamodb:UpdateItem\n                  - dynamodb:BatchGetItem\n                Resource: !GetAtt DirectoryTable.Arn",
        &["PostConfirmationFunction is granted dynamodb:BatchGetItem, which its code never calls"],
    );
}

#[test]
fn a_queue_that_lambda_may_not_poll_is_found_and_so_is_a_grant_without_a_queue() {
    assert_template(
        "                  - sqs:ReceiveMessage\n                Resource: !GetAtt TierQueue.Arn",
        "                  - sqs:ReceiveMessage\n                Resource: !GetAtt OutboxDeadLetterQueue.Arn",
        &[
            "ReconcileFunction lacks sqs:DeleteMessage on the queue that Lambda polls",
            "ReconcileFunction lacks sqs:GetQueueAttributes on the queue that Lambda polls",
            "ReconcileFunction lacks sqs:ReceiveMessage on the queue that Lambda polls",
        ],
    );
    assert_template(
        "          Type: SQS\n          Properties:\n            Queue: !GetAtt TierQueue.Arn\n            BatchSize: 1\n            ScalingConfig:\n              MaximumConcurrency: 2\n",
        "          Type: Schedule\n          Properties:\n            Schedule: rate(1 hour)\n",
        &["ReconcileFunction is granted sqs:GetQueueAttributes, which its code never calls"],
    );
}

#[test]
fn an_item_of_a_transaction_that_the_role_does_not_allow_is_found() {
    assert_source(
        TRANSACTION,
        "Put::builder()",
        "let check = ConditionCheck::builder(); Put::builder()",
        &[
            "PostConfirmationFunction calls dynamodb:ConditionCheckItem, which its role lacks",
            "ReconcileFunction calls dynamodb:ConditionCheckItem, which its role lacks",
        ],
    );
}

#[test]
fn a_call_of_another_service_is_found() {
    assert_source(
        "functions/identity-vendor/issue/sts.rs",
        ".set_source_identity(",
        ".source(",
        &["IdentityVendorFunction is granted sts:SetSourceIdentity, which its code never calls"],
    );
}

#[test]
fn an_operation_that_this_test_does_not_know_is_found() {
    assert_source(
        LEGACY,
        ".get_item()",
        ".execute_statement()",
        &[
            "shared/src/legacy/dynamodb.rs: aws_sdk_dynamodb's operation execute_statement is not in this test's table",
            "shared/src/legacy/dynamodb.rs: aws_sdk_dynamodb's operation execute_statement is not in this test's table",
            "UserMigrationFunction is granted dynamodb:GetItem, which its code never calls",
        ],
    );
}

#[test]
fn a_call_that_cannot_be_followed_is_found() {
    assert_source(
        LEGACY,
        ".customize()",
        "; let output = output",
        &[
            "shared/src/legacy/dynamodb.rs: aws_sdk_dynamodb's operation config_override is not in this test's table",
            "shared/src/legacy/dynamodb.rs: aws_sdk_dynamodb's operation config_override is not in this test's table",
            "UserMigrationFunction is granted dynamodb:GetItem, which its code never calls",
        ],
    );
    assert_source(
        IDENTITIES,
        "async fn find(",
        "fn pages(&self) { self.client.query().into_paginator(); } async fn find(",
        &[
            "functions/identity-vendor/issue/identity_record.rs: .into_paginator() is not followed by this test",
        ],
    );
}

#[test]
fn a_grant_on_another_identity_pool_is_found() {
    assert_template(
        "identitypool/${IdentityPool}",
        "identitypool/*",
        &[
            "IdentityVendorFunction is granted arn:aws:cognito-identity:us-east-1:123456789012:identitypool/*, \
           which is not the pool of IDENTITY_POOL_ID",
        ],
    );
}

#[test]
fn a_log_group_that_the_role_may_not_write_is_found() {
    assert_template(
        "Resource: !GetAtt PreSignUpLogGroup.Arn",
        "Resource: !GetAtt UserMigrationLogGroup.Arn",
        &[
            "PreSignUpFunction lacks logs:CreateLogStream on the log group that it is given",
            "PreSignUpFunction lacks logs:PutLogEvents on the log group that it is given",
        ],
    );
}

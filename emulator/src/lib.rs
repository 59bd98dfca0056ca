//! The AWS services that a serverless application on Cognito uses, on one machine: Lambda, an HTTP API,
//! DynamoDB and S3's objects with IAM, STS, identity pools, user pools and a development issuer, started from a SAM
//! template. It knows no application: what it runs, it reads from the template.

pub mod dynamodb;
pub mod event_bus;
pub mod http_client;
pub mod iam;
pub mod identity_pool;
pub mod jwt_signer;
pub mod lambda;
pub mod oidc_issuer;
mod random;
pub mod s3;
pub mod secrets_manager;
pub mod sqs;
pub mod stack;
pub mod sts;
pub mod template;
pub mod user_pool;

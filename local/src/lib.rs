//! The whole suite on one machine: Lambda, DynamoDB, STS, an identity pool, a user pool and an OIDC
//! issuer, each as far as Poolkeeper needs it. A test-bed, not a product.

pub mod dynamodb;
pub mod http_client;
pub mod iam;
pub mod identity_pool;
pub mod jwt_signer;
pub mod lambda;
pub mod oidc_issuer;
mod random;
pub mod stack;
pub mod sts;
pub mod template;
pub mod tour;
pub mod user_pool;

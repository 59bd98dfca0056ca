//! The embedded services, asked by AWS's own clients and by raw requests: one binary, a module a service.
#![cfg(test)]

mod data_plane;
mod lambda_host;
mod oidc_issuer;
mod support;
mod user_pool;
mod vending;

//! The embedded services, asked by AWS's own clients and by raw requests: one binary, a module a service.
#![cfg(test)]

mod data_plane;
mod lambda_host;
mod messages;
mod oidc_issuer;
mod permissions;
mod schedules;
mod secrets;
mod support;
mod user_pool;
mod vending;

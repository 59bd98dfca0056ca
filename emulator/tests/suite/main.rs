//! The embedded services, asked by AWS's own clients and by raw requests: one binary, a module a service.
#![cfg(test)]

mod data_plane;
mod identities;
mod kept;
mod lambda_host;
mod messages;
mod objects;
mod oidc_issuer;
mod permissions;
mod pool_resource;
mod schedules;
mod secrets;
mod stands_alone;
mod support;
mod user_logins;
mod user_pool;
mod vending;

//! The integration tests of the suite, one binary: linking is what tests wait for.
//!
//! A module is a function, or a property that spans functions. `cargo test --test suite pre_sign_up` runs one.
#![cfg(test)]

mod agreement;
mod common;
mod identity_vendor;
mod isolation;
mod jwt_hostile;
mod jwt_keys;
mod lossless;
mod multi_tenant;
mod policy;
mod pool_watch;
mod post_confirmation;
mod pre_sign_up;
mod prerequisites;
mod properties;
mod reconcile;
mod shipped;
mod silent;
mod sources;
mod template;
mod tour;
mod tree;
mod user_migration;

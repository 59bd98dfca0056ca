//! Legacy stores: where the users of an old system still are.
//!
//! A [`Store`] answers two questions: is this the password of this user ([`Store::authenticate`]), and who
//! is this user ([`Store::find`]). A store that holds hashes verifies them here; others verify by
//! themselves. What a store needs comes as its settings: nothing here knows the policy file.
//!
//! To add a kind of store: a file beside `dynamodb.rs`, a variant in `store.rs`, a key in the policy.

mod answer;
mod cognito;
mod dynamodb;
mod groups;
mod hashes;
mod https;
mod lookup;
mod mapping;
mod row;
mod sql;
mod store;
mod user;
mod wired;

pub use self::{
    answer::{Authenticated, Found, StoreError, Times},
    cognito::{CognitoSettings, LegacyUserPool, UserPoolArn},
    dynamodb::{Columns, DynamoDbSettings, Index},
    groups::Groups,
    hashes::{ANSWER_RESERVE, HashSettings, Hashes, Processor},
    https::{HttpsSettings, Proof},
    lookup::Lookup,
    mapping::{CountryCode, Mapped, Mapping, Source, Template},
    sql::{Column, Driver, Engine, InvalidQuery, Query, SqlColumns, SqlError, SqlSettings},
    store::{OpenError, Store, StoreKind, StoreSettings, Surroundings},
    user::LegacyUser,
    wired::WiredStores,
};

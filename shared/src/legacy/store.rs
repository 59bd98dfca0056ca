//! One store of any kind.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use password::{Password, UnsupportedHash};
use time::OffsetDateTime;

use super::{
    Authenticated, Found, Groups, LegacyUser, LegacyUserPool, Mapping, StoreError, Times,
    cognito::{CognitoSettings, CognitoStore},
    dynamodb::{DynamoDbSettings, DynamoDbStore},
    hashes::{HashSettings, Hashes, Processor},
    https::{HttpsSettings, HttpsStore},
    sql::{SqlError, SqlSettings, SqlStore},
};
use crate::{aws::InvalidCaBundle, deadline::Deadline, https::Https, secrets::Secrets};

/// What a policy says of one store.
#[derive(Debug, Clone)]
pub struct StoreSettings {
    /// The store's name: part of audit lines and of durable keys.
    pub name: String,
    /// Which attributes of the user pool come from which of the store's.
    pub attributes: Mapping,
    /// Which groups of the user pool come from which of the store's.
    pub groups: Groups,
    /// What the store is.
    pub kind: StoreKind,
}

/// What a store is.
#[derive(Debug, Clone)]
pub enum StoreKind {
    /// A DynamoDB table.
    DynamoDb(Box<DynamoDbSettings>),
    /// An HTTPS endpoint.
    Https(HttpsSettings),
    /// Another Cognito user pool.
    Cognito(CognitoSettings),
    /// A database.
    Sql(Box<SqlSettings>),
}

/// What the stores of one function share.
pub struct Surroundings<'a> {
    /// For clients of AWS services.
    pub aws: &'a SdkConfig,
    /// The deployment's own table of legacy users, for stores that name none.
    pub legacy_table: Option<&'a str>,
    /// The old user pool.
    pub legacy_user_pool: Option<&'a LegacyUserPool>,
    /// The processor that verifies hashes.
    pub processor: &'a Processor,
    /// The secrets that the policy names.
    pub secrets: &'a Arc<Secrets>,
}

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither the policy nor the deployment names the table.
    #[error("the store {0} names no table, and LEGACY_TABLE is not set")]
    NoTable(String),
    /// The deployment names no old user pool.
    #[error("the store {0} is a user pool, and LEGACY_USER_POOL_ARN is not set")]
    NoUserPool(String),
    /// The dummy hash cannot be computed.
    #[error("the dummy_hash of the store {0} cannot be computed")]
    DummyHash(String, #[source] UnsupportedHash),
    /// The certificates of those who may have issued a database's cannot be read.
    #[error("the store {0} cannot be asked")]
    Sql(String, #[source] SqlError),
    /// The trusted roots cannot be read.
    #[error(transparent)]
    CaBundle(#[from] InvalidCaBundle),
}

/// A store, ready to be asked.
pub struct Store {
    name: String,
    attributes: Mapping,
    groups: Groups,
    backend: Backend,
}

enum Backend {
    DynamoDb(Box<DynamoDbStore>),
    Https(HttpsStore),
    Cognito(Box<CognitoStore>),
    Sql(Box<SqlStore>),
}

impl StoreSettings {
    /// Whether the deployment has to name the table ([`Surroundings::legacy_table`]).
    pub fn needs_legacy_table(&self) -> bool {
        match &self.kind {
            StoreKind::DynamoDb(settings) => settings.table.is_none(),
            StoreKind::Https(_) | StoreKind::Cognito(_) | StoreKind::Sql(_) => false,
        }
    }

    /// These, for one who only looks whether somebody is there.
    pub fn without_groups(self) -> Self {
        let groups = Groups::default();
        Self { groups, ..self }
    }

    /// Whether the deployment has to name a user pool ([`Surroundings::legacy_user_pool`]).
    pub fn needs_legacy_user_pool(&self) -> bool {
        matches!(self.kind, StoreKind::Cognito(_))
    }
}

impl Surroundings<'_> {
    fn hashes(&self, store: &str, settings: &HashSettings) -> Result<Hashes, OpenError> {
        let (processor, secrets) = (self.processor.clone(), Arc::clone(self.secrets));
        let hashes = Hashes::new(settings, processor, secrets);
        hashes.map_err(|unsupported| OpenError::DummyHash(store.to_owned(), unsupported))
    }
}

impl Store {
    /// Opens a store. Calls nobody.
    ///
    /// # Errors
    /// When something is missing that the policy alone does not show.
    pub fn open(settings: StoreSettings, around: &Surroundings<'_>) -> Result<Self, OpenError> {
        let StoreSettings {
            name,
            attributes,
            groups,
            kind,
        } = settings;
        let backend = match kind {
            StoreKind::DynamoDb(mut settings) => {
                let table = settings.table.take();
                let table = table.or_else(|| around.legacy_table.map(str::to_owned));
                let table = table.ok_or_else(|| OpenError::NoTable(name.clone()))?;
                let hashes = around.hashes(&name, &settings.hashes)?;
                let client = aws_sdk_dynamodb::Client::new(around.aws);
                let store = DynamoDbStore::new(client, table, *settings, hashes);
                Backend::DynamoDb(Box::new(store))
            }
            StoreKind::Https(settings) => {
                let secrets = Arc::clone(around.secrets);
                Backend::Https(HttpsStore::new(settings, Https::new()?, secrets))
            }
            StoreKind::Cognito(settings) => {
                let pool = around.legacy_user_pool.cloned();
                let pool = pool.ok_or_else(|| OpenError::NoUserPool(name.clone()))?;
                let secrets = Arc::clone(around.secrets);
                let with_groups = !groups.is_empty();
                let store = CognitoStore::new(around.aws, pool, settings, secrets, with_groups);
                Backend::Cognito(Box::new(store))
            }
            StoreKind::Sql(settings) => {
                let hashes = around.hashes(&name, &settings.hashes)?;
                let store = SqlStore::new(*settings, hashes, Arc::clone(around.secrets));
                let store = store.map_err(|error| OpenError::Sql(name.clone(), error))?;
                Backend::Sql(Box::new(store))
            }
        };
        Ok(Self {
            name,
            attributes,
            groups,
            backend,
        })
    }

    /// Its name in the policy.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The way of its attributes into the user pool.
    pub fn attributes(&self) -> &Mapping {
        &self.attributes
    }

    /// The way of its groups into the user pool.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Whether `password` is that of the user who typed `login`.
    ///
    /// # Errors
    /// When the store cannot be asked in time.
    pub async fn authenticate(
        &self,
        login: &str,
        password: &Password,
        times: Times,
    ) -> Result<Authenticated, StoreError> {
        match &self.backend {
            Backend::DynamoDb(store) => store.authenticate(login, password, times).await,
            Backend::Https(store) => store.authenticate(login, password, times).await,
            Backend::Cognito(store) => store.authenticate(login, password, times).await,
            Backend::Sql(store) => store.authenticate(login, password, times).await,
        }
    }

    /// The user who typed `login`, without a password.
    ///
    /// # Errors
    /// When the store cannot be asked by `deadline`.
    pub async fn find(&self, login: &str, deadline: Deadline) -> Result<Found, StoreError> {
        match &self.backend {
            Backend::DynamoDb(store) => store.find(login, deadline).await,
            Backend::Https(store) => store.find(login, deadline).await,
            Backend::Cognito(store) => store.find(login, deadline).await,
            Backend::Sql(store) => store.find(login, deadline).await,
        }
    }

    /// Notes in the old system that the password of `user` was verified, where the store allows that and the policy wants
    /// it.
    ///
    /// # Errors
    /// When that cannot be written in time. The password is right all the same.
    pub async fn mark_verified(
        &self,
        user: &LegacyUser,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        match &self.backend {
            Backend::DynamoDb(store) => {
                let now = OffsetDateTime::now_utc();
                store.mark_verified(&user.record_id, now, deadline).await
            }
            Backend::Https(_) | Backend::Cognito(_) | Backend::Sql(_) => Ok(()),
        }
    }

    /// How the store's hashes are verified, if it holds any.
    pub fn hashes(&self) -> Option<&Hashes> {
        match &self.backend {
            Backend::DynamoDb(store) => Some(store.hashes()),
            Backend::Sql(store) => Some(store.hashes()),
            Backend::Https(_) | Backend::Cognito(_) => None,
        }
    }

    /// What an answer of the store is given in the floor of time, beside a hash: an allowance, not a
    /// measurement.
    pub fn allowance(&self) -> Duration {
        match &self.backend {
            Backend::DynamoDb(store) => store.allowance(),
            Backend::Sql(_) => Duration::from_millis(100),
            Backend::Https(_) => HttpsStore::ALLOWANCE,
            Backend::Cognito(_) => CognitoStore::ALLOWANCE,
        }
    }
}

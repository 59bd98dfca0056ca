//! What checks ask beside the policy. Made only where a check asks something: a policy of local checks opens no
//! connection and initialises no TLS.

use std::sync::Arc;

use aws_sdk_dynamodb::{Client, types::KeysAndAttributes};
use password::FunctionMemory;
use shared::{
    aws::{self, ServiceError, dynamodb_call},
    deadline::Deadline,
    https::Https,
    legacy::{Processor, Store, StoreSettings, Surroundings, WiredStores},
    limit::Limiter,
    policy::PreSignUp,
    secrets::Secrets,
    start::StartError,
    state::{DirectoryKey, EphemeralKey, Item, key_item, text},
    wiring::Wiring,
};

use crate::user_pool::UserPool;

/// The clients.
pub struct Services {
    pub(crate) dynamodb: Client,
    pub(crate) directory_table: String,
    ephemeral_table: String,
    pub(crate) limiter: Limiter,
    pub(crate) user_pool: UserPool,
    pub(crate) secrets: Arc<Secrets>,
    /// Where a check asks a host that is not AWS's.
    pub(crate) https: Option<Https>,
    pub(crate) legacy_stores: Vec<Store>,
}

impl Services {
    /// From the wiring of the function, with the legacy stores that a check asks. Calls nobody.
    ///
    /// # Errors
    /// When a variable is missing, a store cannot be used, or the bundle of certificates that the environment
    /// names is none.
    pub async fn open(
        policy: &PreSignUp,
        mut wiring: Wiring<'_>,
        legacy_stores: Vec<StoreSettings>,
    ) -> Result<Self, StartError> {
        let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral: Option<String> =
            wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        let prefix = "what the names of secrets begin with";
        let prefix: Option<String> = wiring.optional("SECRET_PREFIX", prefix);
        let wired = WiredStores::read(&mut wiring, &legacy_stores);
        let memory = wiring.required("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "a number of MB");
        let read = directory.zip(ephemeral).zip(wired.zip(memory));
        let ((directory_table, ephemeral_table), (wired, memory)) = wiring.finish(read)?;
        let config = aws::config().await?;
        let secrets = Arc::new(Secrets::new(&config, prefix.unwrap_or_default()));
        let around = Surroundings {
            aws: &config,
            legacy_table: wired.table.as_deref(),
            legacy_user_pool: wired.user_pool.as_ref(),
            processor: &Processor::new(FunctionMemory::from_megabytes(memory)),
            secrets: &secrets,
        };
        // Nobody is taken along from here.
        let legacy_stores = legacy_stores.into_iter().map(StoreSettings::without_groups);
        let legacy_stores = legacy_stores.map(|settings| Store::open(settings, &around));
        let legacy_stores = legacy_stores.collect::<Result<_, _>>()?;
        let dynamodb = Client::new(&config);
        Ok(Self {
            limiter: Limiter::new(dynamodb.clone(), ephemeral_table.clone()),
            user_pool: UserPool::new(&config),
            secrets,
            https: policy.asks_a_host().then(Https::new).transpose()?,
            dynamodb,
            directory_table,
            ephemeral_table,
            legacy_stores,
        })
    }

    /// The item at `key` of the directory table, as it is now.
    pub(crate) async fn directory_item(
        &self,
        key: &DirectoryKey,
        deadline: Deadline,
    ) -> Result<Option<Item>, ServiceError> {
        let output = self
            .dynamodb
            .get_item()
            .table_name(&self.directory_table)
            .set_key(Some(key_item(key)))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        let output = output.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(output.item)
    }

    /// The item at `key` of the ephemeral table, as it is now. It may be past its time.
    pub(crate) async fn ephemeral_item(
        &self,
        key: &EphemeralKey,
        deadline: Deadline,
    ) -> Result<Option<Item>, ServiceError> {
        let output = self
            .dynamodb
            .get_item()
            .table_name(&self.ephemeral_table)
            .set_key(Some(Item::from([text("pk", &key.0)])))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        let output = output.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(output.item)
    }

    /// Puts an item into the ephemeral table, over one that is there.
    pub(crate) async fn put_ephemeral(
        &self,
        item: Item,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let written = self
            .dynamodb
            .put_item()
            .table_name(&self.ephemeral_table)
            .set_item(Some(item))
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        written
            .map(drop)
            .map_err(|error| ServiceError::new("dynamodb:PutItem", &error))
    }

    /// Those of the items at `keys`, 100 at most, that are in the directory table now.
    pub(crate) async fn directory_items(
        &self,
        keys: impl Iterator<Item = &DirectoryKey>,
        deadline: Deadline,
    ) -> Result<Vec<Item>, ServiceError> {
        const OPERATION: &str = "dynamodb:BatchGetItem";
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.map(key_item).collect()))
            .consistent_read(true)
            .build()
            .map_err(|_| ServiceError::incomplete(OPERATION))?;
        let output = self
            .dynamodb
            .batch_get_item()
            .request_items(&self.directory_table, wanted)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        let output = output.map_err(|error| ServiceError::new(OPERATION, &error))?;
        // Small items: what is left over was throttled, and a part of the answer is none.
        if output.unprocessed_keys.is_some_and(|left| !left.is_empty()) {
            return Err(ServiceError::incomplete(OPERATION));
        }
        let items = output.responses.unwrap_or_default();
        Ok(items.into_values().flatten().collect())
    }
}

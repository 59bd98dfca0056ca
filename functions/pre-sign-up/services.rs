//! What checks ask beside the policy. Made only where a check asks something: a policy of local checks opens no
//! connection and initialises no TLS.

use aws_sdk_dynamodb::Client;
use shared::{
    aws::{self, ServiceError, dynamodb_call},
    deadline::Deadline,
    limit::Limiter,
    start::StartError,
    state::{DirectoryKey, Item, key_item},
    wiring::Wiring,
};

use crate::user_pool::UserPool;

/// The clients.
#[derive(Debug, Clone)]
pub struct Services {
    pub(crate) dynamodb: Client,
    pub(crate) directory_table: String,
    pub(crate) ephemeral_table: String,
    pub(crate) limiter: Limiter,
    pub(crate) user_pool: UserPool,
}

impl Services {
    /// From the wiring of the function. Calls nobody.
    ///
    /// # Errors
    /// When a variable is missing, or the bundle of certificates that the environment names is none.
    pub async fn open(mut wiring: Wiring<'_>) -> Result<Self, StartError> {
        let directory = wiring.required("DIRECTORY_TABLE", "the name of the directory table");
        let ephemeral: Option<String> =
            wiring.required("EPHEMERAL_TABLE", "the name of the ephemeral table");
        let (directory_table, ephemeral_table) = wiring.finish(directory.zip(ephemeral))?;
        let config = aws::config().await?;
        let dynamodb = Client::new(&config);
        Ok(Self {
            limiter: Limiter::new(dynamodb.clone(), ephemeral_table.clone()),
            user_pool: UserPool::new(&config),
            dynamodb,
            directory_table,
            ephemeral_table,
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
}

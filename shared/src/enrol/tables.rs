//! The state tables that an enrolment reads and writes.

use aws_sdk_dynamodb::Client;

use crate::{
    aws::{ServiceError, dynamodb_call},
    deadline::Deadline,
    state::Item,
};

/// The state tables.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    pub(super) client: Client,
    pub(super) directory: String,
    pub(super) ephemeral: String,
}

impl Tables {
    /// One item, as it is now.
    pub(super) async fn item(
        &self,
        table: &str,
        key: Item,
        deadline: Deadline,
    ) -> Result<Option<Item>, ServiceError> {
        let got = self
            .client
            .get_item()
            .table_name(table)
            .set_key(Some(key))
            .consistent_read(true)
            .customize()
            .config_override(dynamodb_call(deadline))
            .send()
            .await;
        let got = got.map_err(|error| ServiceError::new("dynamodb:GetItem", &error))?;
        Ok(got.item)
    }
}

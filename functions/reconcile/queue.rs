//! The queue of users whom post-confirmation could not record, or not wholly.

use std::time::Duration;

use aws_sdk_sqs::{Client, config::Builder};
use serde::Deserialize;
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
};

/// What a call may take.
const CALL: Duration = Duration::from_secs(10);

/// Seconds for which a message is hidden: what is not deleted by then is tried again, and after some times
/// left to the dead-letter queue.
const HIDDEN: i32 = 300;

/// The queue.
pub(crate) struct Queue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

/// Somebody to heal.
pub(crate) struct Deferred {
    pub(crate) user_pool_id: String,
    pub(crate) user_name: String,
    pub(crate) client_id: Option<String>,
    receipt: String,
}

#[derive(Deserialize)]
struct Body {
    user_pool_id: String,
    user_name: String,
    client_id: Option<String>,
}

impl Queue {
    /// Some of those who wait. A message that cannot be read is left to the dead-letter queue.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub(crate) async fn receive(&self, deadline: Deadline) -> Result<Vec<Deferred>, ServiceError> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .visibility_timeout(HIDDEN)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline.at_most(CALL))))
            .send()
            .await;
        let received = received.map_err(|error| ServiceError::new("sqs:ReceiveMessage", &error))?;
        let messages = received.messages.unwrap_or_default().into_iter();
        let read = messages.filter_map(|message| {
            let body: Body = serde_json::from_str(message.body.as_deref()?).ok()?;
            Some(Deferred {
                user_pool_id: body.user_pool_id,
                user_name: body.user_name,
                client_id: body.client_id,
                receipt: message.receipt_handle?,
            })
        });
        Ok(read.collect())
    }

    /// Takes a message off the queue.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub(crate) async fn delete(
        &self,
        deferred: &Deferred,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let deleted = self
            .client
            .delete_message()
            .queue_url(&self.url)
            .receipt_handle(&deferred.receipt)
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline.at_most(CALL))))
            .send()
            .await;
        deleted
            .map(drop)
            .map_err(|error| ServiceError::new("sqs:DeleteMessage", &error))
    }
}

//! The queue of users whose records are to be healed: pool and name, and nothing else of a person.

use std::time::Duration;

use aws_sdk_sqs::{Client, config::Builder};
use serde_json::json;
use shared::{
    aws::{ServiceError, timeouts},
    deadline::Deadline,
    invocation::Invocation,
};

/// What is kept of the deadline for the answer, so that a queue that hangs is told as one.
const ANSWER_RESERVE: Duration = Duration::from_millis(100);

/// The version of the messages.
const VERSION: u8 = 1;

/// Where reconcile finds them first.
pub(crate) struct Queue {
    pub(crate) client: Client,
    pub(crate) url: String,
}

impl Queue {
    /// Asks reconcile to do what is left, and notes whether it was asked.
    pub(crate) async fn ask_for_healing(
        &self,
        (user_pool_id, user_name): (&str, &str),
        client_id: Option<&str>,
        invocation: &Invocation,
    ) {
        let deadline = invocation.deadline().keeping(ANSWER_RESERVE);
        let asked = self.ask(user_pool_id, user_name, client_id, deadline).await;
        let became = if asked.is_ok() { "asked" } else { "failed" };
        invocation.note(|line, _| line.item("healing", became));
    }

    /// Asks for a user to be healed. The app client is told because rules may ask for it, and the pool will
    /// not say it again.
    ///
    /// # Errors
    /// When the queue does not take it by `deadline`: reconcile finds the user in the pool all the same.
    async fn ask(
        &self,
        user_pool_id: &str,
        user_name: &str,
        client_id: Option<&str>,
        deadline: Deadline,
    ) -> Result<(), ServiceError> {
        let body = json!({
            "version": VERSION,
            "user_pool_id": user_pool_id,
            "user_name": user_name,
            "client_id": client_id,
        });
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body.to_string())
            .customize()
            .config_override(Builder::new().timeout_config(timeouts(deadline)))
            .send()
            .await;
        sent.map(drop)
            .map_err(|error| ServiceError::new("sqs:SendMessage", &error))
    }
}

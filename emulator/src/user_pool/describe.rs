//! DescribeUserPool, UpdateUserPool and their like: the pool and its client as an administrator sees and
//! changes them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{UserPool, error::Answer};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfPool {
    user_pool_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfClient {
    user_pool_id: String,
    client_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Update {
    user_pool_id: String,
    client_id: Option<String>,
    #[serde(flatten)]
    settings: Map<String, Value>,
}

impl UserPool {
    pub(super) async fn describe_user_pool(&self, request: OfPool) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let mut pool = self.settings().describe_pool();
        let users = self.state().users.len();
        pool.insert("EstimatedNumberOfUsers".to_owned(), json!(users));
        Ok(json!({ "UserPool": pool }))
    }

    pub(super) async fn update_user_pool(&self, request: Update) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let updated = self.settings().updated(request.settings);
        self.change_settings(updated);
        Ok(json!({}))
    }

    pub(super) async fn user_pool_mfa_config(&self, request: OfPool) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        Ok(Value::Object(self.settings().describe_mfa()))
    }

    pub(super) async fn set_user_pool_mfa_config(&self, request: Update) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let updated = self.settings().updated_mfa(request.settings);
        self.change_settings(updated);
        Ok(Value::Object(self.settings().describe_mfa()))
    }

    pub(super) async fn describe_user_pool_client(&self, request: OfClient) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        self.check_client(&request.client_id)?;
        Ok(json!({ "UserPoolClient": self.settings().describe_client() }))
    }

    pub(super) async fn update_user_pool_client(&self, request: Update) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let client_id = request
            .client_id
            .ok_or_else(|| JsonError::invalid_parameter("Missing required parameter ClientId"))?;
        self.check_client(&client_id)?;
        let updated = self.settings().updated_client(request.settings);
        self.change_settings(updated);
        Ok(json!({ "UserPoolClient": self.settings().describe_client() }))
    }

    pub(super) async fn list_user_pool_clients(&self, request: OfPool) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let settings = self.settings();
        let client = settings.describe_client();
        Ok(json!({ "UserPoolClients": [{
            "ClientId": settings.client_id,
            "UserPoolId": settings.pool_id,
            "ClientName": client.get("ClientName"),
        }]}))
    }
}

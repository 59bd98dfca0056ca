//! ListUsers: what an administrator sees of the whole pool.

use std::ops::Bound;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{UserPool, error::Answer, users::User};
use crate::iam::JsonError;

/// The most users of one answer, and how many when nothing else is asked (API reference, ListUsers).
const MAX_LIMIT: usize = 60;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListUsers {
    user_pool_id: String,
    filter: Option<String>,
    limit: Option<usize>,
    pagination_token: Option<String>,
}

/// `attribute = "value"` or `attribute ^= "prefix"`.
struct Filter<'a> {
    attribute: &'a str,
    prefix: bool,
    value: String,
}

impl UserPool {
    pub(super) async fn list_users(&self, request: ListUsers) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let filter = request
            .filter
            .as_deref()
            .filter(|filter| !filter.is_empty());
        let filter = filter.map(Filter::parse).transpose()?;
        let limit = request.limit.unwrap_or(MAX_LIMIT).clamp(1, MAX_LIMIT);
        let after = request
            .pagination_token
            .map_or(Bound::Unbounded, Bound::Excluded);

        let state = self.state();
        let mut rest = state
            .users
            .range((after, Bound::Unbounded))
            .filter(|(_, user)| filter.as_ref().is_none_or(|filter| filter.admits(user)));
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let token = rest.next().and(page.last()).map(|(username, _)| username);
        let users: Vec<Value> = page
            .iter()
            .map(|(_, user)| Value::Object(user.describe("Attributes")))
            .collect();
        Ok(match token {
            Some(token) => json!({ "Users": users, "PaginationToken": token }),
            None => json!({ "Users": users }),
        })
    }
}

impl<'a> Filter<'a> {
    fn parse(text: &'a str) -> Result<Self, JsonError> {
        let invalid = || JsonError::invalid_parameter("Error while parsing filter.");
        let (left, right) = text.split_once('=').ok_or_else(invalid)?;
        let (attribute, prefix) = match left.trim_end().strip_suffix('^') {
            Some(attribute) => (attribute, true),
            None => (left, false),
        };
        let value = right
            .trim()
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        Ok(Self {
            attribute: attribute.trim().trim_matches('"'),
            prefix,
            value: value.ok_or_else(invalid)?.replace("\\\"", "\""),
        })
    }

    fn admits(&self, user: &User) -> bool {
        let value = match self.attribute {
            "username" => Some(user.username.as_str()),
            "sub" => Some(user.sub.as_str()),
            "cognito:user_status" => Some(user.status.name()),
            "status" => Some("Enabled"),
            name => user.attributes.get(name),
        };
        value.is_some_and(|value| {
            if self.prefix {
                value.starts_with(&self.value)
            } else {
                value == self.value
            }
        })
    }
}

//! What goes back to Cognito.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::{
    telemetry::Outcome,
    trigger::{Answer, Decision},
};

/// The event as it came.
pub(crate) fn untouched(reason: &'static str) -> Decision {
    Decision::new(Outcome::Untouched, reason, Answer::Unchanged)
}

/// A user who moves in. `final_user_status` is for a sign-in only.
pub(crate) fn migrated(
    reason: &'static str,
    attributes: BTreeMap<String, String>,
    final_user_status: Option<&str>,
) -> Decision {
    let mut response = Map::from_iter([
        ("userAttributes".to_owned(), json!(attributes)),
        // Nobody wants a welcome message from a system that they have been using for years.
        ("messageAction".to_owned(), json!("SUPPRESS")),
    ]);
    let status = final_user_status.map(|status| Value::String(status.to_owned()));
    response.extend(status.map(|status| ("finalUserStatus".to_owned(), status)));
    Decision::new(Outcome::Migrated, reason, Answer::Respond(response))
}

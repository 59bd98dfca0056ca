//! A group: its rank, its role, and the claims that a user's groups make.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Group {
    pub(super) group_name: String,
    description: Option<String>,
    role_arn: Option<String>,
    precedence: Option<u32>,
}

impl Group {
    pub(super) fn name(&self) -> &str {
        &self.group_name
    }

    /// Zero counts most; a group without precedence counts least (API reference, CreateGroup).
    pub(super) fn rank(&self) -> Reverse<Option<Reverse<u32>>> {
        Reverse(self.precedence.map(Reverse))
    }

    pub(super) fn describe(&self, pool_id: &str) -> Value {
        let mut group = json!({ "GroupName": self.group_name, "UserPoolId": pool_id });
        let optional = [
            (
                "Description",
                self.description.as_ref().map(|text| json!(text)),
            ),
            ("RoleArn", self.role_arn.as_ref().map(|arn| json!(arn))),
            (
                "Precedence",
                self.precedence.map(|precedence| json!(precedence)),
            ),
        ];
        if let Some(group) = group.as_object_mut() {
            let present = optional
                .into_iter()
                .filter_map(|(name, value)| Some((name.into(), value?)));
            group.extend(present);
        }
        group
    }
}

/// `cognito:roles`.
pub(super) fn roles<'a>(groups: &[&'a Group]) -> Vec<&'a str> {
    groups
        .iter()
        .filter_map(|group| group.role_arn.as_deref())
        .collect()
}

/// `cognito:preferred_role`: the role of the group that counts most; none if several of the same
/// precedence have different roles (API reference, CreateGroup).
pub(super) fn preferred_role<'a>(groups: &[&'a Group]) -> Option<&'a str> {
    let first = groups.iter().find(|group| group.role_arn.is_some())?;
    let same_rank = groups.iter().filter(|group| group.rank() == first.rank());
    let mut roles = same_rank.filter_map(|group| group.role_arn.as_deref());
    let role = roles.next()?;
    roles.all(|other| other == role).then_some(role)
}

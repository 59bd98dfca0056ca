//! CreateGroup and who belongs to which group.

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    UserPool,
    error::Answer,
    users::{State, User},
};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateGroup {
    user_pool_id: String,
    #[serde(flatten)]
    group: Group,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Group {
    group_name: String,
    description: Option<String>,
    role_arn: Option<String>,
    precedence: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Membership {
    user_pool_id: String,
    username: String,
    group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AdminListGroupsForUser {
    user_pool_id: String,
    username: String,
}

impl UserPool {
    pub(super) async fn create_group(&self, request: CreateGroup) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let group = request.group;
        let mut state = self.state();
        if state.groups.contains_key(&group.group_name) {
            let message = "A group with the name already exists.";
            return Err(JsonError::new("GroupExistsException", message));
        }
        let answer = json!({ "Group": group.describe(&self.settings().pool_id) });
        state.groups.insert(group.group_name.clone(), group);
        Ok(answer)
    }

    pub(super) async fn admin_add_user_to_group(&self, request: Membership) -> Answer {
        self.change_membership(request, true)
    }

    pub(super) async fn admin_remove_user_from_group(&self, request: Membership) -> Answer {
        self.change_membership(request, false)
    }

    fn change_membership(&self, request: Membership, member: bool) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let mut state = self.state();
        if !state.groups.contains_key(&request.group_name) {
            return Err(JsonError::resource_not_found("Group not found."));
        }
        let user = state
            .find_mut(self.settings(), &request.username)
            .ok_or_else(JsonError::user_not_found)?;
        if member {
            user.groups.insert(request.group_name);
        } else {
            user.groups.remove(&request.group_name);
        }
        Ok(json!({}))
    }

    pub(super) async fn admin_list_groups_for_user(
        &self,
        request: AdminListGroupsForUser,
    ) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let state = self.state();
        let user = state
            .find(self.settings(), &request.username)
            .ok_or_else(JsonError::user_not_found)?;
        let groups = state.groups_of(user);
        let groups: Vec<Value> = groups
            .iter()
            .map(|group| group.describe(&self.settings().pool_id))
            .collect();
        Ok(json!({ "Groups": groups }))
    }
}

impl State {
    /// A user's groups, the one that counts most first.
    pub(super) fn groups_of(&self, user: &User) -> Vec<&Group> {
        let mut groups: Vec<&Group> = user
            .groups
            .iter()
            .filter_map(|name| self.groups.get(name))
            .collect();
        groups.sort_by_key(|group| group.rank());
        groups
    }
}

impl Group {
    pub(super) fn name(&self) -> &str {
        &self.group_name
    }

    /// Zero counts most; a group without precedence counts least (API reference, CreateGroup).
    fn rank(&self) -> Reverse<Option<Reverse<u32>>> {
        Reverse(self.precedence.map(Reverse))
    }

    fn describe(&self, pool_id: &str) -> Value {
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

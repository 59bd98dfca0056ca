//! CreateGroup and who belongs to which group.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{UserPool, error::Answer, group::Group};
use crate::iam::JsonError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateGroup {
    user_pool_id: String,
    #[serde(flatten)]
    group: Group,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListGroups {
    user_pool_id: String,
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

    pub(super) async fn list_groups(&self, request: ListGroups) -> Answer {
        self.check_pool(&request.user_pool_id)?;
        let state = self.state();
        let pool_id = self.settings().pool_id.clone();
        let groups = state.groups.values().map(|group| group.describe(&pool_id));
        Ok(json!({ "Groups": groups.collect::<Vec<_>>() }))
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
            .find_mut(&self.settings(), &request.username)
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
            .find(&self.settings(), &request.username)
            .ok_or_else(JsonError::user_not_found)?;
        let groups = state.groups_of(user);
        let groups: Vec<Value> = groups
            .iter()
            .map(|group| group.describe(&self.settings().pool_id))
            .collect();
        Ok(json!({ "Groups": groups }))
    }
}

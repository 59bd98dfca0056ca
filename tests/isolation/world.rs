//! template.yaml, resolved: its roles, and the names of what they reach or must not reach.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use emulator::template::{Settings, Template};
use serde::Serialize;
use serde_json::Value;

/// Whoever holds the credentials in question.
pub(crate) const ME: &str = "us-east-1:aaaaaaaa-0000-4000-8000-000000000001";
/// Somebody else.
pub(crate) const YOU: &str = "us-east-1:bbbbbbbb-0000-4000-8000-000000000002";
/// The user pool's `sub` of whoever holds the credentials.
pub(crate) const MY_SUB: &str = "cccccccc-0000-4000-8000-000000000003";
/// Somebody else's.
pub(crate) const YOUR_SUB: &str = "dddddddd-0000-4000-8000-000000000004";
/// An identity pool of somebody else.
pub(crate) const FOREIGN_POOL: &str = "us-east-1:99999999-2222-4333-8444-555555555555";

/// What is written about a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Documents {
    /// Who may become it.
    pub(crate) trust: Value,
    /// What it may do.
    pub(crate) policies: Vec<Value>,
}

/// The template as it would be deployed.
pub(crate) struct World {
    pub(crate) template: Template,
    /// By logical id.
    pub(crate) roles: BTreeMap<String, Documents>,
}

pub(crate) fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

impl World {
    /// template.yaml with the demonstration's data, else with its parameters' defaults.
    pub(crate) fn shipped() -> Self {
        // As AWS shapes them: an evaluator checks ARNs by their shape.
        let ids = [
            ("UserPool", "us-east-1_Poolkeepr"),
            (
                "IdentityPool",
                "us-east-1:11111111-2222-4333-8444-555555555555",
            ),
            (
                "UserIdentityPool",
                "us-east-1:22222222-3333-4444-8555-666666666666",
            ),
        ];
        let settings = Settings {
            // What the vended roles reach, and what they do not.
            // What pool-watch may do at most.
            parameters: [
                "WithDemoDataPlane",
                "PreSignUpAsksUserPool",
                "HealTriggers",
                "MarkVerifiedLegacyUsers",
            ]
            .map(|name| (name.to_owned(), "true".to_owned()))
            .into(),
            physical_ids: ids
                .map(|(name, id)| (name.to_owned(), id.to_owned()))
                .into(),
            ..local::settings()
        };
        let template = Template::load(&tree("template.yaml"), &settings).unwrap();
        let roles = template.roles().iter().map(|role| {
            let named = template.resources("AWS::IAM::Role");
            let mut named = named.filter(|resource| resource.reference == role.name);
            let logical_id = named
                .next()
                .expect("roles are declared, not made by SAM")
                .logical_id
                .clone();
            let documents = Documents {
                trust: role.trust_policy.clone(),
                policies: role.policies.clone(),
            };
            (logical_id, documents)
        });
        let roles = roles.collect();
        Self { template, roles }
    }

    pub(crate) fn account(&self) -> &str {
        &self.template.place().account_id
    }

    /// What `Ref` gives.
    pub(crate) fn id(&self, logical_id: &str) -> &str {
        &self.template.get(logical_id).unwrap().reference
    }

    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        self.template.place().arn(service, resource)
    }

    pub(crate) fn table_arn(&self, logical_id: &str) -> String {
        self.arn("dynamodb", &format!("table/{}", self.id(logical_id)))
    }

    pub(crate) fn role_arn(&self, logical_id: &str) -> String {
        self.template
            .place()
            .iam_arn(&format!("role/{}", self.id(logical_id)))
    }

    pub(crate) fn bucket_arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.id("DataBucket"))
    }

    /// The stream of the group that Lambda writes to.
    pub(crate) fn log_stream_arn(&self, log_group: &str) -> String {
        let group = self.id(log_group);
        self.arn(
            "logs",
            &format!("log-group:{group}:log-stream:2026/01/01/x"),
        )
    }

    pub(crate) fn identity_pool_arn(&self, id: &str) -> String {
        self.arn("cognito-identity", &format!("identitypool/{id}"))
    }

    /// As it is in `amr`.
    pub(crate) fn developer_provider(&self) -> &str {
        let pool = self.template.identity_pool().unwrap();
        pool.developer_provider_name.as_deref().unwrap()
    }

    /// As it is in `amr`.
    pub(crate) fn user_pool_provider(&self) -> String {
        let region = &self.template.place().region;
        format!("cognito-idp.{region}.amazonaws.com/{}", self.id("UserPool"))
    }
}

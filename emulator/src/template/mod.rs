//! The embedded stack is the very `template.yaml`, interpreted: function environments, tables, roles
//! and trust policies are read from it, so that what binds on this machine is what ships.
//!
//! Everything is worked out at load, so that every fault of a template shows at start, by logical id.

mod definitions;
mod identity_pools;
mod intrinsics;
mod parameters;
mod references;
mod resources;
mod roles;
mod rules;
mod supported;
pub mod yaml;

pub use definitions::{FunctionDefinition, SecretDefinition, TableDefinition, UserPoolDefinition};
pub use identity_pools::{
    ClaimMatch, CognitoProvider, IdentityPoolDefinition, MappingType, RoleMapping, Rule,
};
pub use resources::{ACCOUNT_ID, Place, REGION, STACK_NAME};
pub use roles::RoleDefinition;

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use intrinsics::Resolver;

/// What deploying would be told beside the template.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Values for the template's parameters; the others keep their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Account, region and stack name.
    pub place: Place,
    /// Physical ids by logical id, where the default (`<stack>-<LogicalId>`) will not do.
    pub physical_ids: BTreeMap<String, String>,
}

/// A fault of the template: where, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct TemplateError {
    /// A path that begins with the logical id.
    pub at: String,
    /// What was expected there.
    pub reason: String,
}

impl TemplateError {
    pub(crate) fn new(at: &str, reason: impl Into<String>) -> Self {
        Self {
            at: at.to_owned(),
            reason: reason.into(),
        }
    }
}

/// A resource whose condition holds, with its intrinsics worked out.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The key under `Resources`.
    pub logical_id: String,
    /// Say `AWS::DynamoDB::Table`.
    pub kind: String,
    /// What `Ref` gives.
    pub reference: String,
    /// The resolved `Properties`; an empty object when there are none.
    pub properties: Value,
}

/// The resources whose condition holds, by logical id.
type Resources = BTreeMap<String, Resource>;

fn of_kind<'a>(resources: &'a Resources, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
    resources
        .values()
        .filter(move |resource| resource.kind == kind)
}

/// A template, resolved.
#[derive(Debug, Clone)]
pub struct Template {
    place: Place,
    resources: BTreeMap<String, Resource>,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, Value>,
    functions: Vec<FunctionDefinition>,
    roles: Vec<RoleDefinition>,
    tables: Vec<TableDefinition>,
    secrets: Vec<SecretDefinition>,
    user_pools: Vec<UserPoolDefinition>,
    identity_pools: Vec<IdentityPoolDefinition>,
}

impl Template {
    /// Reads and resolves the template at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or the first fault in it.
    pub fn load(path: &Path, settings: &Settings) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            TemplateError::new(
                &path.display().to_string(),
                format!("cannot be read: {error}"),
            )
        })?;
        Self::parse(&text, settings)
    }

    /// Resolves the template in `text`.
    ///
    /// # Errors
    /// The first fault found.
    pub fn parse(text: &str, settings: &Settings) -> Result<Self, TemplateError> {
        let root = yaml::parse(text)?;
        let resolver = Resolver::new(&root, settings)?;
        rules::check(&root, &resolver)?;
        let place = settings.place.clone();
        let resources = resolve_resources(&root, &resolver)?;
        supported::check(&resources)?;
        let outputs = resolve_outputs(&root, &resolver)?;
        let globals = resolve_globals(&root, &resolver)?;
        Ok(Self {
            functions: definitions::functions(&resources, &globals, &place)?,
            roles: roles::roles(&resources, &place)?,
            tables: definitions::tables(&resources)?,
            secrets: definitions::secrets(&resources),
            user_pools: definitions::user_pools(&resources, &place),
            identity_pools: identity_pools::identity_pools(&resources)?,
            parameters: resolver.parameters().clone(),
            place,
            resources,
            outputs,
        })
    }

    /// Account, region and stack name, from which ARNs are made.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The Lambda functions, `Globals` merged in.
    pub fn functions(&self) -> &[FunctionDefinition] {
        &self.functions
    }

    /// The roles with every policy attached to them, those that SAM makes for functions included.
    pub fn roles(&self) -> &[RoleDefinition] {
        &self.roles
    }

    /// The DynamoDB tables.
    pub fn tables(&self) -> &[TableDefinition] {
        &self.tables
    }

    /// The secrets.
    pub fn secrets(&self) -> &[SecretDefinition] {
        &self.secrets
    }

    /// The user pool, with the functions that its triggers name.
    pub fn user_pool(&self) -> Option<&UserPoolDefinition> {
        self.user_pools.first()
    }

    /// Every user pool, those with triggers first.
    pub fn user_pools(&self) -> &[UserPoolDefinition] {
        &self.user_pools
    }

    /// The identity pools, with their default roles, in order of their logical ids.
    pub fn identity_pools(&self) -> &[IdentityPoolDefinition] {
        &self.identity_pools
    }

    /// The identity pool of the developer provider; without one the first.
    pub fn identity_pool(&self) -> Option<&IdentityPoolDefinition> {
        let mut pools = self.identity_pools.iter();
        pools
            .find(|pool| pool.developer_provider_name.is_some())
            .or_else(|| self.identity_pools.first())
    }

    /// A parameter's value: text, or a list of texts.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }

    /// An output's value.
    pub fn output(&self, name: &str) -> Option<&str> {
        self.outputs.get(name).map(String::as_str)
    }

    /// The resources of a type, `AWS::DynamoDB::Table` say.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Resource> {
        of_kind(&self.resources, kind)
    }

    /// Every resource whose condition holds.
    pub fn all(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// A resource by its logical id; none if its condition is false.
    pub fn get(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.get(logical_id)
    }
}

fn entries<'a>(root: &'a Value, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    root.get(section)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn resolve_resources(
    root: &Value,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, Resource>, TemplateError> {
    let mut resources = BTreeMap::new();
    for (logical_id, declaration) in entries(root, "Resources") {
        if !resolver.exists(logical_id, declaration)? {
            continue;
        }
        let kind = declaration.get("Type").and_then(Value::as_str);
        let kind = kind.ok_or_else(|| TemplateError::new(logical_id, "expected a Type"))?;
        let properties = match declaration.get("Properties") {
            Some(properties) => resolver.resolve(properties, logical_id)?,
            None => None,
        };
        let reference = resolver.text(&serde_json::json!({ "Ref": logical_id }), logical_id)?;
        let resource = Resource {
            logical_id: logical_id.clone(),
            kind: kind.to_owned(),
            reference,
            properties: properties.unwrap_or_else(|| Value::Object(serde_json::Map::new())),
        };
        resources.insert(logical_id.clone(), resource);
    }
    Ok(resources)
}

fn resolve_outputs(
    root: &Value,
    resolver: &Resolver<'_>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut outputs = BTreeMap::new();
    for (name, declaration) in entries(root, "Outputs") {
        let at = format!("Outputs.{name}");
        if !resolver.exists(&at, declaration)? {
            continue;
        }
        let value = declaration
            .get("Value")
            .ok_or_else(|| TemplateError::new(&at, "expected a Value"))?;
        outputs.insert(name.clone(), resolver.text(value, &at)?);
    }
    Ok(outputs)
}

fn resolve_globals(root: &Value, resolver: &Resolver<'_>) -> Result<Value, TemplateError> {
    let globals = root
        .get("Globals")
        .and_then(|globals| globals.get("Function"));
    let resolved = match globals {
        Some(globals) => resolver.resolve(globals, "Globals.Function")?,
        None => None,
    };
    Ok(resolved.unwrap_or_default())
}

#[cfg(test)]
mod tests;

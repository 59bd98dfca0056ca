//! What a name in the template stands for: a parameter, a pseudo parameter, or a resource.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::{Value, json};

use super::{Settings, TemplateError, intrinsics::Resolver, parameters};

impl<'a> Resolver<'a> {
    pub(super) fn new(root: &'a Value, settings: &'a Settings) -> Result<Self, TemplateError> {
        let parameters = parameters::parameters(root, &settings.parameters)?;
        Ok(Self {
            root,
            settings,
            parameters,
            depth: Cell::new(0),
        })
    }

    pub(super) fn parameters(&self) -> &BTreeMap<String, Value> {
        &self.parameters
    }

    pub(super) fn reference(&self, target: &str, at: &str) -> Result<Option<Value>, TemplateError> {
        let place = &self.settings.place;
        Ok(Some(match target {
            "AWS::NoValue" => return Ok(None),
            "AWS::AccountId" => json!(place.account_id),
            "AWS::Region" => json!(place.region),
            "AWS::Partition" => json!("aws"),
            "AWS::URLSuffix" => json!("amazonaws.com"),
            "AWS::StackName" => json!(place.stack_name),
            "AWS::StackId" => json!(place.arn(
                "cloudformation",
                &format!(
                    "stack/{}/00000000-0000-4000-8000-000000000000",
                    place.stack_name
                )
            )),
            "AWS::NotificationARNs" => json!([]),
            _ => match self.parameters.get(target) {
                Some(value) => value.clone(),
                None => {
                    let (kind, id) = self.resource(target, at)?;
                    json!(place.reference(&kind, &id))
                }
            },
        }))
    }

    pub(super) fn attribute(
        &self,
        id: &str,
        attribute: &str,
        at: &str,
    ) -> Result<String, TemplateError> {
        let (kind, physical_id) = self.resource(id, at)?;
        Ok(self
            .settings
            .place
            .attribute(&kind, &physical_id, attribute))
    }

    /// Type and physical id of a resource, those that SAM makes by itself included.
    fn resource(&self, logical_id: &str, at: &str) -> Result<(String, String), TemplateError> {
        let missing =
            || TemplateError::new(at, format!("{logical_id} is no parameter and no resource"));
        let place = &self.settings.place;
        let Some(declaration) = self.declaration(logical_id) else {
            // `<Function>.Alias`, `<Function>.Version` and `<Function>Role` are SAM's names.
            let function = |id: &str| {
                self.declaration(id)
                    .filter(|found| found.get("Type") == Some(&json!("AWS::Serverless::Function")))
                    .map(|_| id.to_owned())
            };
            if let Some(name) = logical_id
                .strip_suffix(".Alias")
                .or_else(|| logical_id.strip_suffix(".Version"))
                .and_then(function)
            {
                let (_, function_name) = self.resource(&name, at)?;
                return Ok((
                    "AWS::Lambda::Alias".to_owned(),
                    format!("{function_name}:live"),
                ));
            }
            let kind = if logical_id == "ServerlessHttpApi" {
                "AWS::Serverless::HttpApi"
            } else if logical_id.strip_suffix("Role").and_then(function).is_some() {
                "AWS::IAM::Role"
            } else {
                return Err(missing());
            };
            return Ok((kind.to_owned(), place.default_physical_id(kind, logical_id)));
        };
        let kind = declaration
            .get("Type")
            .and_then(Value::as_str)
            .ok_or_else(|| TemplateError::new(logical_id, "expected a Type"))?;
        if !self.exists(logical_id, declaration)? {
            return Err(TemplateError::new(
                at,
                format!("{logical_id} is dropped by its condition"),
            ));
        }
        Ok((
            kind.to_owned(),
            self.physical_id(logical_id, kind, declaration)?,
        ))
    }

    fn physical_id(
        &self,
        logical_id: &str,
        kind: &str,
        declaration: &Value,
    ) -> Result<String, TemplateError> {
        if let Some(id) = self.settings.physical_ids.get(logical_id) {
            return Ok(id.clone());
        }
        let named = super::resources::name_property(kind)
            .and_then(|property| declaration.get("Properties")?.get(property));
        if let Some(named) = named
            && let Some(Value::String(name)) = self.resolve(named, logical_id)?
        {
            return Ok(name);
        }
        Ok(self.settings.place.default_physical_id(kind, logical_id))
    }

    fn declaration(&self, logical_id: &str) -> Option<&'a Value> {
        self.root.get("Resources")?.get(logical_id)
    }

    /// Whether the resource's condition, if any, holds.
    pub(super) fn exists(
        &self,
        logical_id: &str,
        declaration: &Value,
    ) -> Result<bool, TemplateError> {
        match declaration.get("Condition").and_then(Value::as_str) {
            Some(condition) => self.condition(condition, logical_id),
            None => Ok(true),
        }
    }
}

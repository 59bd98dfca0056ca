//! CloudFormation's intrinsic functions, worked out on JSON when a value is asked for.
//!
//! A branch of `Fn::If` that is not taken is never looked at, as in CloudFormation.

use std::{cell::Cell, collections::BTreeMap};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Settings, TemplateError};

/// Deeper than any sane template; a condition or name that refers to itself ends here.
const MAX_DEPTH: u32 = 100;

/// Resolves values of one template under one set of parameters.
pub(super) struct Resolver<'a> {
    pub(super) root: &'a Value,
    pub(super) settings: &'a Settings,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) depth: Cell<u32>,
}

impl Resolver<'_> {
    /// The value with every intrinsic worked out; `None` is `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value, at: &str) -> Result<Option<Value>, TemplateError> {
        self.depth.set(self.depth.get() + 1);
        if self.depth.get() > MAX_DEPTH {
            return Err(TemplateError::new(at, "refers to itself"));
        }
        let resolved = self.resolve_once(value, at);
        self.depth.set(self.depth.get() - 1);
        resolved
    }

    fn resolve_once(&self, value: &Value, at: &str) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Object(object) => {
                if let Some((name, argument)) = intrinsic(object) {
                    return self.call(name, argument, &format!("{at}.{name}"));
                }
                let mut resolved = Map::new();
                for (key, value) in object {
                    if let Some(value) = self.resolve(value, &format!("{at}.{key}"))? {
                        resolved.insert(key.clone(), value);
                    }
                }
                Ok(Some(Value::Object(resolved)))
            }
            Value::Array(_) => Ok(Some(Value::Array(self.list(value, at)?))),
            Value::String(text) => Ok(Some(json!(dynamic_references(text)))),
            other => Ok(Some(other.clone())),
        }
    }

    fn call(&self, name: &str, argument: &Value, at: &str) -> Result<Option<Value>, TemplateError> {
        let value = match name {
            "Ref" => {
                let target = text_of(argument)
                    .ok_or_else(|| TemplateError::new(at, "expected a logical id"))?;
                return self.reference(&target, at);
            }
            "Fn::If" => {
                let [condition, yes, no] = items(argument, at)?;
                let condition = self.text(condition, at)?;
                let branch = if self.condition(&condition, at)? {
                    yes
                } else {
                    no
                };
                return self.resolve(branch, at);
            }
            "Fn::GetAtt" => match self.list(argument, at)?.as_slice() {
                [Value::String(id), Value::String(attribute)] => {
                    json!(self.attribute(id, attribute, at)?)
                }
                _ => {
                    return Err(TemplateError::new(at, "expected [logical id, attribute]"));
                }
            },
            "Fn::Sub" => json!(dynamic_references(&self.substitute(argument, at)?)),
            "Fn::Join" => {
                let [separator, parts] = items(argument, at)?;
                let parts = self.texts(parts, at)?;
                json!(dynamic_references(&parts.join(&self.text(separator, at)?)))
            }
            "Fn::Select" => {
                let [index, list] = items(argument, at)?;
                let index = self.text(index, at)?.parse::<usize>();
                let list = self.list(list, at)?;
                index
                    .ok()
                    .and_then(|index| list.get(index).cloned())
                    .ok_or_else(|| TemplateError::new(at, "expected an index within the list"))?
            }
            "Fn::Split" => {
                let [separator, text] = items(argument, at)?;
                let separator = self.text(separator, at)?;
                let text = self.text(text, at)?;
                json!(text.split(separator.as_str()).collect::<Vec<_>>())
            }
            "Fn::FindInMap" => {
                let mut found = self.root.get("Mappings");
                for key in self.texts(argument, at)? {
                    found = found.and_then(|found| found.get(&key));
                }
                found
                    .cloned()
                    .ok_or_else(|| TemplateError::new(at, "expected an entry of Mappings"))?
            }
            "Fn::GetAZs" => json!([format!("{}a", self.settings.place.region)]),
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" | "Fn::Contains" | "Condition" => {
                json!(self.predicate(name, argument, at)?)
            }
            _ => return Err(TemplateError::new(at, "is an intrinsic not known here")),
        };
        Ok(Some(value))
    }

    pub(super) fn condition(&self, name: &str, at: &str) -> Result<bool, TemplateError> {
        let declared = self.root.get("Conditions").and_then(|all| all.get(name));
        let declared = declared
            .ok_or_else(|| TemplateError::new(at, format!("{name} is not in Conditions")))?;
        self.truth(declared, &format!("Conditions.{name}"))
    }

    fn predicate(&self, name: &str, argument: &Value, at: &str) -> Result<bool, TemplateError> {
        let arguments = argument.as_array().map(Vec::as_slice).unwrap_or_default();
        match (name, arguments) {
            ("Condition", _) => self.condition(&self.text(argument, at)?, at),
            ("Fn::Equals", [left, right]) => Ok(self.text(left, at)? == self.text(right, at)?),
            ("Fn::Contains", [list, text]) => {
                Ok(self.texts(list, at)?.contains(&self.text(text, at)?))
            }
            ("Fn::Not", [inner]) => Ok(!self.truth(inner, at)?),
            ("Fn::And" | "Fn::Or", [_, ..]) => {
                let truths = arguments.iter().map(|inner| self.truth(inner, at));
                let truths = truths.collect::<Result<Vec<_>, _>>()?;
                Ok(if name == "Fn::And" {
                    truths.iter().all(|&truth| truth)
                } else {
                    truths.iter().any(|&truth| truth)
                })
            }
            _ => Err(TemplateError::new(at, "has the wrong number of arguments")),
        }
    }

    pub(super) fn truth(&self, value: &Value, at: &str) -> Result<bool, TemplateError> {
        match self.resolve(value, at)? {
            Some(Value::Bool(truth)) => Ok(truth),
            _ => Err(TemplateError::new(at, "expected a condition")),
        }
    }

    fn substitute(&self, argument: &Value, at: &str) -> Result<String, TemplateError> {
        let (pattern, variables) = match argument {
            Value::String(pattern) => (pattern.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(pattern), Value::Object(variables)] => {
                    (pattern.as_str(), Some(variables))
                }
                _ => return Err(TemplateError::new(at, "expected [text, {variables}]")),
            },
            _ => return Err(TemplateError::new(at, "expected text")),
        };
        let mut out = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::new(at, "expected a } after ${"))?;
            out.push_str(before);
            rest = after;
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = variables.and_then(|all| all.get(name)) {
                out.push_str(&self.text(value, at)?);
            } else if let Some((id, attribute)) = name.split_once('.')
                && !matches!(attribute, "Alias" | "Version")
            {
                out.push_str(&self.attribute(id, attribute, at)?);
            } else {
                out.push_str(&self.text(&json!({ "Ref": name }), at)?);
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn list(&self, value: &Value, at: &str) -> Result<Vec<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve(item, &format!("{at}[{index}]"))?);
                }
                Ok(resolved)
            }
            // A list may itself come from `Ref` or `Fn::Split`.
            Value::Object(_) => match self.resolve(value, at)? {
                Some(Value::Array(items)) => Ok(items),
                _ => Err(TemplateError::new(at, "expected a list")),
            },
            _ => Err(TemplateError::new(at, "expected a list")),
        }
    }

    pub(super) fn text(&self, value: &Value, at: &str) -> Result<String, TemplateError> {
        self.resolve(value, at)?
            .as_ref()
            .and_then(text_of)
            .ok_or_else(|| TemplateError::new(at, "expected text"))
    }

    fn texts(&self, value: &Value, at: &str) -> Result<Vec<String>, TemplateError> {
        let texts = self
            .list(value, at)?
            .iter()
            .map(text_of)
            .collect::<Option<_>>();
        texts.ok_or_else(|| TemplateError::new(at, "expected a list of texts"))
    }
}

/// A scalar as CloudFormation writes it into text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn intrinsic(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = object.iter().next()?;
    // `Condition` is also an element of every policy statement: only alone, naming one, is it an
    // intrinsic.
    let known =
        name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    (object.len() == 1 && known).then_some((name.as_str(), argument))
}

fn items<'v, const N: usize>(value: &'v Value, at: &str) -> Result<&'v [Value; N], TemplateError> {
    value
        .as_array()
        .and_then(|items| items.as_slice().try_into().ok())
        .ok_or_else(|| TemplateError::new(at, format!("expected {N} arguments")))
}

/// The value that a dynamic reference stands for.
pub(super) fn dynamic_value(reference: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(reference.as_bytes()))
}

/// `{{resolve:secretsmanager:…}}` and its kin become a value that is stable, long and no secret.
fn dynamic_references(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{resolve:") {
        let Some((reference, after)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        out.push_str(&dynamic_value(reference));
        rest = after;
    }
    out.push_str(rest);
    out
}

//! What a template may have to be run here; anything else is refused with the resource and the reason,
//! before something seems to work that does not.

use serde_json::{Map, Value};

use super::{Resource, Resources, TemplateError};

/// Events of a function that somebody here fires.
const EVENTS: [&str; 4] = ["Cognito", "SQS", "Schedule", "ScheduleV2"];

pub(super) fn check(resources: &Resources) -> Result<(), TemplateError> {
    for resource in resources.values() {
        let refuse = |reason: &str| Err(TemplateError::new(&resource.logical_id, reason));
        match resource.kind.as_str() {
            "AWS::CloudFormation::Stack" | "AWS::Serverless::Application" => {
                return refuse("nested stacks are not run here");
            }
            "AWS::Lambda::Function" => {
                return refuse("expected AWS::Serverless::Function: only these are run here");
            }
            "AWS::Serverless::Function" => function(resource)?,
            _ => {}
        }
    }
    Ok(())
}

fn function(resource: &Resource) -> Result<(), TemplateError> {
    let refuse = |reason: String| Err(TemplateError::new(&resource.logical_id, reason));
    let text = |name: &str| resource.properties.get(name).and_then(Value::as_str);
    if text("PackageType") == Some("Image") {
        return refuse("expected PackageType: Zip; images are not run here".to_owned());
    }
    if text("Runtime").is_some_and(|runtime| !runtime.starts_with("provided")) {
        return refuse("expected Runtime: provided.al2023; no other is run here".to_owned());
    }
    let events = resource.properties.get("Events").and_then(Value::as_object);
    for (name, event) in events.into_iter().flat_map(Map::iter) {
        let kind = event
            .get("Type")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !EVENTS.contains(&kind) {
            return refuse(format!(
                "event {name} is of type {kind}, which nothing here fires"
            ));
        }
    }
    Ok(())
}

//! What template.yaml promises beside its roles: reservations, retention, wiring by parameter.

use std::collections::BTreeMap;

use local::template::{Settings, Template};
use serde_json::{Value, json};

/// The template under some parameters; the others keep their defaults.
fn template(parameters: &[(&str, &str)]) -> Template {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml");
    let parameters = parameters.iter();
    let settings = Settings {
        parameters: parameters
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Settings::default()
    };
    Template::load(path.as_ref(), &settings).unwrap()
}

/// A property of every function, where it is set.
fn of_functions(template: &Template, property: &str) -> BTreeMap<String, Value> {
    let functions = template.resources("AWS::Serverless::Function");
    functions
        .filter_map(|function| {
            let value = function.properties.get(property)?.clone();
            Some((function.logical_id.clone(), value))
        })
        .collect()
}

#[test]
fn no_concurrency_is_reserved_unless_a_parameter_says_so() {
    let reserved = "ReservedConcurrentExecutions";
    assert!(of_functions(&template(&[]), reserved).is_empty());
    for (parameter, function) in [
        ("MigrationReservedConcurrency", "UserMigrationFunction"),
        ("VendorReservedConcurrency", "IdentityVendorFunction"),
    ] {
        let found = of_functions(&template(&[(parameter, "20")]), reserved);
        let expected = BTreeMap::from([(function.to_owned(), json!("20"))]);
        assert_eq!(found, expected, "{parameter}");
    }
}

/// Resources on which somebody's data hangs: by their identifiers it is found again.
const DURABLE: [&str; 7] = [
    "AWS::Cognito::IdentityPool",
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolGroup",
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
];

#[test]
fn what_data_hangs_on_outlives_the_stack_and_its_replacement() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/template.yaml"));
    let text = text.unwrap();
    // As written: a resource's two policies are no properties.
    let (_, resources) = text.split_once("\nResources:\n").unwrap();
    let mut durable = 0;
    for resource in template(&[("CustomerManagedKey", "true")]).all() {
        let id = &resource.logical_id;
        let audit = resource.kind == "AWS::Logs::LogGroup" && id != "HttpApiLogGroup";
        if !DURABLE.contains(&resource.kind.as_str()) && !audit || id == "DataTable" {
            continue;
        }
        durable += 1;
        let (_, written) = resources.split_once(&format!("  {id}:\n")).unwrap();
        let written = written.split("\n    Properties:").next().unwrap();
        assert!(written.contains("    DeletionPolicy: Retain"), "{id}");
        assert!(written.contains("    UpdateReplacePolicy: Retain"), "{id}");
    }
    assert!(durable >= 13, "{durable}");
}

#[test]
fn retained_resources_have_no_name_that_a_later_stack_would_need() {
    for group in template(&[]).resources("AWS::Logs::LogGroup") {
        let named = group.properties.get("LogGroupName");
        assert!(
            named.is_none() || group.logical_id == "HttpApiLogGroup",
            "{}",
            group.logical_id
        );
    }
}

#[test]
fn names_that_span_regions_or_streams_say_which() {
    let template = template(&[]);
    let name = |id: &str, key: &str| template.get(id).unwrap().properties[key].clone();
    let dashboard = name("Dashboard", "DashboardName");
    assert_eq!(dashboard, json!("poolkeeper-us-east-1"));
    let pipe = name("OutboxPipe", "Name");
    assert_eq!(pipe, json!("poolkeeper-outbox-2026-01-01T00-00-00.000"));
}

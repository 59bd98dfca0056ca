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

//! A pool's attributes as DescribeUserPool lists them: the standard ones, which every pool has, and its own.
//!
//! Source: Amazon Cognito user pools API reference, SchemaAttributeType; developer guide, "Working with user attributes".

use serde_json::{Value, json};

use super::attributes::{STANDARD, is_standard};

/// All attributes of a pool whose template declares `declared`. A declaration replaces the standard one of its name;
/// any other is an attribute of the pool's own, whose name gets a prefix.
pub(super) fn described(declared: Option<&Value>) -> Value {
    let declared = declared.and_then(Value::as_array);
    let declared: Vec<Value> = declared
        .into_iter()
        .flatten()
        .map(|attribute| {
            let mut attribute = attribute.clone();
            let name = attribute.get("Name").and_then(Value::as_str);
            let name = name.unwrap_or_default().to_owned();
            if let Some(named) = attribute.get_mut("Name")
                && !is_standard(&name)
                && !name.starts_with("custom:")
            {
                *named = json!(format!("custom:{name}"));
            }
            attribute
        })
        .collect();
    let is_declared = |name: &str| {
        declared
            .iter()
            .any(|attribute| attribute.get("Name").is_some_and(|it| it == name))
    };
    let of_cognito = json!({
        "Name": "sub",
        "AttributeDataType": "String",
        "Mutable": false,
        "Required": true,
    });
    let standard = STANDARD.iter().filter(|name| !is_declared(name));
    let standard = standard.map(|name| {
        let kind = match *name {
            "email_verified" | "phone_number_verified" => "Boolean",
            "updated_at" => "Number",
            _ => "String",
        };
        json!({ "Name": name, "AttributeDataType": kind, "Mutable": true, "Required": false })
    });
    let standard: Vec<Value> = standard.collect();
    let all = std::iter::once(of_cognito).chain(standard).chain(declared);
    Value::Array(all.collect())
}

//! The template's `Rules`: what several parameters must be together, asserted before anything is made.

use serde_json::{Map, Value};

use super::{TemplateError, intrinsics::Resolver};

/// What CloudFormation knows in `Rules`. It refuses a template that uses another function there. (User guide, "Rule-specific
/// intrinsic functions".)
const FUNCTIONS: [&str; 10] = [
    "Fn::And",
    "Fn::Contains",
    "Fn::EachMemberEquals",
    "Fn::EachMemberIn",
    "Fn::Equals",
    "Fn::Not",
    "Fn::Or",
    "Fn::RefAll",
    "Fn::ValueOf",
    "Fn::ValueOfAll",
];

/// Asserts every rule whose condition holds.
///
/// # Errors
/// A function that rules do not know; the first assertion that does not hold, in its own words.
pub(super) fn check(root: &Value, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    let rules = root.get("Rules").and_then(Value::as_object);
    for (name, rule) in rules.into_iter().flat_map(Map::iter) {
        let at = format!("Rules.{name}");
        if let Some(function) = unknown_function(rule) {
            let problem = format!("{function} is not supported in Rules");
            return Err(TemplateError::new(&at, &problem));
        }
        if let Some(condition) = rule.get("RuleCondition")
            && !resolver.truth(condition, &format!("{at}.RuleCondition"))?
        {
            continue;
        }
        let assertions = rule.get("Assertions").and_then(Value::as_array);
        let assertions =
            assertions.ok_or_else(|| TemplateError::new(&at, "expected Assertions"))?;
        for assertion in assertions {
            let assert = assertion
                .get("Assert")
                .ok_or_else(|| TemplateError::new(&at, "expected an Assert"))?;
            if !resolver.truth(assert, &format!("{at}.Assert"))? {
                let words = assertion.get("AssertDescription").and_then(Value::as_str);
                return Err(TemplateError::new(&at, words.unwrap_or("does not hold")));
            }
        }
    }
    Ok(())
}

/// The first function that rules do not know.
fn unknown_function(value: &Value) -> Option<&str> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let unknown = name.starts_with("Fn::") && !FUNCTIONS.contains(&name.as_str());
            if unknown {
                Some(name.as_str())
            } else {
                unknown_function(value)
            }
        }),
        Value::Array(values) => values.iter().find_map(unknown_function),
        _ => None,
    }
}

//! The template's `Rules`: what several parameters must be together, asserted before anything is made.

use serde_json::{Map, Value};

use super::{TemplateError, intrinsics::Resolver};

/// Asserts every rule whose condition holds.
///
/// # Errors
/// The first assertion that does not hold, in its own words.
pub(super) fn check(root: &Value, resolver: &Resolver<'_>) -> Result<(), TemplateError> {
    let rules = root.get("Rules").and_then(Value::as_object);
    for (name, rule) in rules.into_iter().flat_map(Map::iter) {
        let at = format!("Rules.{name}");
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

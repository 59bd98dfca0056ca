//! The template's parameters: what was given, else the default, held to what the declaration demands.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Value, json};

use super::{TemplateError, intrinsics::text_of};

/// The values of all parameters: texts, and lists of texts.
///
/// # Errors
/// The first that is not declared, is missing, or is not as its declaration demands.
pub(super) fn parameters(
    root: &Value,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, TemplateError> {
    let declared = root.get("Parameters").and_then(Value::as_object);
    for name in given.keys() {
        if !declared.is_some_and(|declared| declared.contains_key(name)) {
            return Err(TemplateError::new(
                &format!("parameter {name}"),
                "is not declared by the template",
            ));
        }
    }
    let declared = declared.into_iter().flatten();
    let values = declared.map(|(name, declaration)| {
        let value = parameter(name, declaration, given.get(name))?;
        Ok((name.clone(), value))
    });
    values.collect()
}

fn parameter(
    name: &str,
    declaration: &Value,
    given: Option<&String>,
) -> Result<Value, TemplateError> {
    let at = format!("parameter {name}");
    let value = match given {
        Some(given) => given.clone(),
        None => declaration
            .get("Default")
            .and_then(text_of)
            .ok_or_else(|| TemplateError::new(&at, "has no default and was not given"))?,
    };
    let kind = declaration
        .get("Type")
        .and_then(Value::as_str)
        .unwrap_or("String");
    let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
    let entries: Vec<&str> = if is_list {
        value.split(',').map(str::trim).collect()
    } else {
        vec![&value]
    };
    let is_number = matches!(kind, "Number" | "List<Number>");
    for entry in &entries {
        demand(declaration, entry, is_number)
            .map_err(|expected| TemplateError::new(&at, expected))?;
    }
    Ok(if is_list {
        let entries = entries.iter().filter(|entry| !entry.is_empty());
        json!(entries.collect::<Vec<_>>())
    } else {
        json!(value)
    })
}

/// Holds one text to the declaration; the error is what was expected, never what was given: it may be a secret.
fn demand(declaration: &Value, value: &str, is_number: bool) -> Result<(), String> {
    if let Some(allowed) = declaration.get("AllowedValues").and_then(Value::as_array)
        && !allowed.iter().filter_map(text_of).any(|text| text == value)
    {
        return Err(format!("expected one of {}", Value::Array(allowed.clone())));
    }
    let bound = |name: &str| declaration.get(name).and_then(text_of)?.parse::<f64>().ok();
    if is_number {
        let number = value
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        let number = number.ok_or("expected a number")?;
        if let Some(least) = bound("MinValue").filter(|least| number < *least) {
            return Err(format!("expected a number of at least {least}"));
        }
        if let Some(most) = bound("MaxValue").filter(|most| number > *most) {
            return Err(format!("expected a number of at most {most}"));
        }
        return Ok(());
    }
    let length = value.chars().count() as f64;
    if let Some(least) = bound("MinLength").filter(|least| length < *least) {
        return Err(format!("expected at least {least} characters"));
    }
    if let Some(most) = bound("MaxLength").filter(|most| length > *most) {
        return Err(format!("expected at most {most} characters"));
    }
    let Some(pattern) = declaration.get("AllowedPattern").and_then(Value::as_str) else {
        return Ok(());
    };
    // CloudFormation matches the whole value, anchored or not.
    let whole = Regex::new(&format!("^(?:{pattern})$"));
    let whole = whole.map_err(|_| "has an AllowedPattern that is not understood here")?;
    if whole.is_match(value) {
        return Ok(());
    }
    let words = declaration
        .get("ConstraintDescription")
        .and_then(Value::as_str);
    let words = words.map(|words| format!("{words} ")).unwrap_or_default();
    Err(format!("expected {words}(AllowedPattern {pattern})"))
}

#[cfg(test)]
mod tests {

    use super::*;

    fn of(declaration: Value, given: &str) -> Result<Value, String> {
        let root = json!({ "Parameters": { "P": declaration } });
        let given = BTreeMap::from([("P".to_owned(), given.to_owned())]);
        let values = parameters(&root, &given).map_err(|error| error.to_string())?;
        Ok(values["P"].clone())
    }

    #[test]
    fn a_text_has_the_pattern_and_the_length_that_are_declared() {
        let declaration = json!({
            "Type": "String",
            "AllowedPattern": "[a-z]+",
            "ConstraintDescription": "small letters",
            "MinLength": 2,
            "MaxLength": "4",
        });
        assert_eq!(of(declaration.clone(), "abc"), Ok(json!("abc")));
        for (given, expected) in [
            ("abC", "expected small letters (AllowedPattern [a-z]+)"),
            ("a1", "expected small letters (AllowedPattern [a-z]+)"),
            ("a", "expected at least 2 characters"),
            ("abcde", "expected at most 4 characters"),
        ] {
            let error = of(declaration.clone(), given).unwrap_err();
            assert_eq!(error, format!("parameter P: {expected}"));
        }
    }

    #[test]
    fn a_number_is_one_and_within_its_bounds() {
        let declaration = json!({ "Type": "Number", "MinValue": 128, "MaxValue": "10240" });
        assert_eq!(of(declaration.clone(), "128"), Ok(json!("128")));
        for (given, expected) in [
            ("127", "expected a number of at least 128"),
            ("10241", "expected a number of at most 10240"),
            ("many", "expected a number"),
            ("NaN", "expected a number"),
            ("", "expected a number"),
        ] {
            let error = of(declaration.clone(), given).unwrap_err();
            assert_eq!(error, format!("parameter P: {expected}"));
        }
    }

    #[test]
    fn every_entry_of_a_list_is_held_to_the_declaration() {
        let declaration =
            json!({ "Type": "CommaDelimitedList", "AllowedPattern": "(https://\\S+)?" });
        let urls = of(declaration.clone(), "https://a, https://b");
        assert_eq!(urls, Ok(json!(["https://a", "https://b"])));
        assert_eq!(of(declaration.clone(), ""), Ok(json!([])));
        let error = of(declaration, "https://a,http://b").unwrap_err();
        assert!(
            error.starts_with("parameter P: expected (AllowedPattern"),
            "{error}"
        );
    }

    #[test]
    fn a_default_is_held_to_the_declaration_too() {
        let root =
            json!({ "Parameters": { "P": { "Type": "Number", "Default": 1, "MinValue": 2 } } });
        let error = parameters(&root, &BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter P: expected a number of at least 2"
        );
    }

    #[test]
    fn a_pattern_that_is_not_understood_is_said_not_passed_over() {
        let error = of(
            json!({ "Type": "String", "AllowedPattern": "(?=a).*" }),
            "a",
        )
        .unwrap_err();
        assert_eq!(
            error,
            "parameter P: has an AllowedPattern that is not understood here"
        );
    }
}

//! Policy variables: `${aws:PrincipalTag/team}`, `${key, 'default'}`.
//!
//! Source: IAM user guide, "IAM policy elements: variables and tags".

use serde_json::Value;

use super::Context;

/// Whether some text of the statement has a variable.
pub(super) fn any(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("${"),
        Value::Array(items) => items.iter().any(any),
        Value::Object(entries) => entries.values().any(any),
        _ => false,
    }
}

/// The statement with its variables replaced; none if one of them has no single, plain value.
pub(super) fn bind(value: &Value, context: &Context) -> Option<Value> {
    match value {
        Value::String(text) => bind_text(text, context).map(Value::String),
        Value::Array(items) => items.iter().map(|item| bind(item, context)).collect(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| Some((key.clone(), bind(value, context)?)))
            .collect::<Option<_>>()
            .map(Value::Object),
        other => Some(other.clone()),
    }
}

fn bind_text(text: &str, context: &Context) -> Option<String> {
    let mut bound = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, after) = after.split_once('}')?;
        // `${key, 'default'}`
        let (key, default) = match variable.split_once(',') {
            Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
            None => (variable.trim(), None),
        };
        let value = match lookup(context, key) {
            Some([one]) => Some(one.as_str()),
            Some(_) => return None,
            None => default,
        }?;
        // A value is literal in AWS, but the library would read its wildcards.
        if value.contains(['*', '?', '$']) {
            return None;
        }
        bound.push_str(before);
        bound.push_str(value);
        rest = after;
    }
    bound.push_str(rest);
    Some(bound)
}

/// Condition keys are case-insensitive.
fn lookup<'c>(context: &'c Context, key: &str) -> Option<&'c [String]> {
    let (_, values) = context
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    (!values.is_empty()).then_some(values.as_slice())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn bound(text: &str) -> Option<Value> {
        let context = Context::from([
            ("aws:PrincipalTag/team".to_owned(), vec!["red".to_owned()]),
            ("amr".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
            ("wild".to_owned(), vec!["*".to_owned()]),
            ("empty".to_owned(), Vec::new()),
        ]);
        bind(&json!([text]), &context)
    }

    #[test]
    fn a_variable_is_its_value_and_its_key_knows_no_case() {
        assert_eq!(
            bound("x/${AWS:principaltag/team}/y"),
            Some(json!(["x/red/y"]))
        );
    }

    #[test]
    fn a_default_stands_in_for_an_absent_key_only() {
        assert_eq!(bound("${none, 'blue'}"), Some(json!(["blue"])));
        assert_eq!(bound("${empty, 'blue'}"), Some(json!(["blue"])));
        assert_eq!(
            bound("${aws:PrincipalTag/team, 'blue'}"),
            Some(json!(["red"]))
        );
    }

    #[test]
    fn what_has_no_single_plain_value_is_not_bound() {
        for text in ["${none}", "${amr}", "${wild}", "${unclosed"] {
            assert_eq!(bound(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_variable_remains(text in "\\PC{0,20}(\\$\\{\\PC{0,9}\\})?\\PC{0,9}") {
            if let Some(bound) = bound(&text) {
                prop_assert_eq!(bound.to_string().find("${"), None);
            }
        }
    }
}

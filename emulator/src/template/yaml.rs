//! YAML with CloudFormation's short tags, as JSON in the long form: `!Ref A` is `{"Ref": "A"}`.
//!
//! Source: CloudFormation user guide, "Intrinsic function reference".

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Number, Value, json};

use super::TemplateError;

/// Reads one YAML document into JSON, tags in their long form.
///
/// # Errors
/// Text that is not one YAML document, or that has what JSON has not (keys that are no strings).
pub fn parse(text: &str) -> Result<Value, TemplateError> {
    let documents = Yaml::load_from_str(text)
        .map_err(|error| TemplateError::new("template", format!("is not YAML: {error}")))?;
    match documents.as_slice() {
        [document] => to_json(document, "template"),
        other => Err(TemplateError::new(
            "template",
            format!("expected one YAML document, found {}", other.len()),
        )),
    }
}

fn to_json(node: &Yaml<'_>, at: &str) -> Result<Value, TemplateError> {
    match node {
        Yaml::Value(scalar) => scalar_to_json(scalar, at),
        Yaml::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| to_json(item, &format!("{at}[{index}]")))
            .collect(),
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match key {
                    Yaml::Value(Scalar::String(key)) => key.to_string(),
                    // Mappings have account ids and booleans as keys.
                    Yaml::Value(Scalar::Integer(key)) => key.to_string(),
                    Yaml::Value(Scalar::Boolean(key)) => key.to_string(),
                    _ => return Err(TemplateError::new(at, "expected string keys")),
                };
                let value = to_json(value, &format!("{at}.{key}"))?;
                object.insert(key, value);
            }
            Ok(Value::Object(object))
        }
        Yaml::Tagged(tag, inner) if tag.handle == "!" => {
            let argument = to_json(inner, at)?;
            Ok(long_form(&tag.suffix, argument))
        }
        other => Err(TemplateError::new(
            at,
            format!("expected a scalar, list or map, found {other:?}"),
        )),
    }
}

fn scalar_to_json(scalar: &Scalar<'_>, at: &str) -> Result<Value, TemplateError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => Value::Bool(*value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => Number::from_f64(value.into_inner())
            .map(Value::Number)
            .ok_or_else(|| TemplateError::new(at, "expected a finite number"))?,
        Scalar::String(value) => Value::String(value.to_string()),
    })
}

fn long_form(tag: &str, argument: Value) -> Value {
    match (tag, argument) {
        ("Ref" | "Condition", argument) => json!({ tag: argument }),
        // `!GetAtt Table.Arn`: the first dot parts the logical id from the attribute.
        ("GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
            None => json!({ "Fn::GetAtt": [path] }),
        },
        (name, argument) => json!({ format!("Fn::{name}"): argument }),
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn a_short_tag_is_its_long_form() {
        let value = parse(
            "a: !Ref X\nb: !GetAtt T.StreamArn\nc: !If [Prod, 1, !Ref 'AWS::NoValue']\nd: !Sub '${X}-y'\n",
        )
        .unwrap();
        assert_eq!(
            value,
            json!({
                "a": {"Ref": "X"},
                "b": {"Fn::GetAtt": ["T", "StreamArn"]},
                "c": {"Fn::If": ["Prod", 1, {"Ref": "AWS::NoValue"}]},
                "d": {"Fn::Sub": "${X}-y"},
            })
        );
    }

    #[test]
    fn a_policy_version_stays_a_string() {
        assert_eq!(
            parse("Version: 2012-10-17").unwrap(),
            json!({"Version": "2012-10-17"})
        );
    }

    #[test]
    fn text_that_is_not_yaml_is_refused_by_name() {
        let error = parse("a: [").unwrap_err().to_string();
        assert!(error.starts_with("template: is not YAML"), "{error}");
    }
}

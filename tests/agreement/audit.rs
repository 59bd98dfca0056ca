//! Metric filters, alarms and the dashboard read fields, functions and outcomes that audit lines have.

use std::collections::{BTreeMap, BTreeSet};

use emulator::template::Template;
use serde_json::Value;

use crate::agreement::{suite::Suite, tokens::Token};

const AUDIT_MODULE: &str = "shared/src/telemetry/audit.rs";

/// A metric by namespace, name and the keys of its dimensions.
type Metric = (String, String, BTreeSet<String>);

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let template = suite.template();
    let schema: Value = serde_json::from_str(&suite.audit_schema).unwrap();
    let mut findings = Vec::new();
    let mut metrics = BTreeSet::new();
    let mut counted = BTreeSet::new();
    for filter in template.resources("AWS::Logs::MetricFilter") {
        let (id, properties) = (&filter.logical_id, &filter.properties);
        counted.extend(properties["LogGroupName"].as_str().map(str::to_owned));
        for (field, value) in pattern(properties["FilterPattern"].as_str().unwrap()) {
            findings.extend(unknown_field(&schema, id, &field));
            let kind = audit_kind(suite);
            if field == "type" && value.as_ref() != Some(&kind) {
                findings.push(format!(
                    "{id} reads lines whose type is {value:?}, audit lines have {kind}"
                ));
            }
        }
        for transformation in properties["MetricTransformations"].as_array().unwrap() {
            let dimensions = dimensions(&transformation["Dimensions"]);
            for field in dimensions
                .values()
                .filter_map(|value| value.strip_prefix("$."))
            {
                findings.extend(unknown_field(&schema, id, field));
            }
            metrics.insert(metric(
                &transformation["MetricNamespace"],
                &transformation["MetricName"],
                &dimensions,
            ));
        }
    }
    for function in template.functions() {
        let group =
            &template.get(&function.logical_id).unwrap().properties["LoggingConfig"]["LogGroup"];
        if !counted.contains(group.as_str().unwrap_or_default()) {
            findings.push(format!(
                "no metric filter reads the log group of {}",
                function.logical_id
            ));
        }
    }
    for alarm in template.resources("AWS::CloudWatch::Alarm") {
        let mut read = Vec::new();
        metrics_of_alarm(&alarm.properties, &mut read);
        for (read, dimensions) in read {
            findings.extend(unknown_metric(&metrics, &alarm.logical_id, &read));
            findings.extend(unknown_values(
                suite,
                &schema,
                &alarm.logical_id,
                &dimensions,
            ));
        }
    }
    findings.extend(dashboard(suite, template, &schema, &metrics));
    findings
}

fn unknown_field(schema: &Value, id: &str, field: &str) -> Option<String> {
    let known = schema["properties"].get(field).is_some();
    (!known).then(|| format!("{id} reads $.{field}, which no audit line has"))
}

/// Only metrics of ours: AWS's own are not made by a filter.
fn unknown_metric(made: &BTreeSet<Metric>, id: &str, read: &Metric) -> Option<String> {
    let ours = read.0.starts_with("Poolkeeper");
    (ours && !made.contains(read)).then(|| {
        let (namespace, name, keys) = read;
        format!("{id} reads {namespace} {name} by {keys:?}, which no metric filter makes")
    })
}

/// Values of `Function` and `Outcome` that are never logged, together or at all.
fn unknown_values(
    suite: &Suite,
    schema: &Value,
    id: &str,
    dimensions: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut findings = Vec::new();
    let function = dimensions.get("Function");
    let outcome = dimensions.get("Outcome");
    if let Some(outcome) = outcome.filter(|outcome| !outcomes(schema).contains(outcome.as_str())) {
        return vec![format!(
            "{id} reads the outcome {outcome}, which no audit line has"
        )];
    }
    if let Some(function) = function {
        let Some(code) = suite.code(function) else {
            return vec![format!("{id} reads the unknown function {function}")];
        };
        // Every line is `failed` until it is decided.
        let decided = |outcome: &str| {
            let variant = outcome
                .split('_')
                .map(|word| word[..1].to_uppercase() + &word[1..]);
            let variant: String = variant.collect();
            let named = |tokens: &[Token]| {
                tokens.windows(4).any(|window| {
                    window[0].is_ident("Outcome")
                        && window[1].is(':')
                        && window[2].is(':')
                        && window[3].is_ident(&variant)
                })
            };
            outcome == "failed"
                || code
                    .files
                    .iter()
                    .any(|(path, tokens)| path.starts_with("functions/") && named(tokens))
        };
        if let Some(outcome) = outcome.filter(|outcome| !decided(outcome)) {
            findings.push(format!(
                "{id} reads the outcome {outcome} of {function}, which never comes to it"
            ));
        }
    }
    findings
}

fn outcomes(schema: &Value) -> BTreeSet<String> {
    let outcome = &schema["$defs"]["Outcome"];
    let variants = outcome["oneOf"].as_array().into_iter().flatten();
    let mut names: BTreeSet<String> = variants
        .filter_map(|variant| variant["const"].as_str())
        .map(str::to_owned)
        .collect();
    names.extend(
        crate::agreement::suite::texts(&outcome["enum"])
            .into_iter()
            .map(str::to_owned),
    );
    names
}

/// What the code writes into `type`.
fn audit_kind(suite: &Suite) -> String {
    let tokens = suite.tokens(AUDIT_MODULE);
    let kind = tokens.windows(3).find_map(|window| {
        let text = window[2].text()?;
        (window[0].is_ident("kind") && window[1].is(':')).then(|| text.to_owned())
    });
    kind.unwrap_or_default()
}

/// Fields, and what they are compared with, of `{ $.a = "b" && … }`.
fn pattern(pattern: &str) -> Vec<(String, Option<String>)> {
    let selectors = pattern.split("$.").skip(1);
    selectors
        .map(|selector| {
            let end = selector.find(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
            let (field, rest) = selector.split_at(end.unwrap_or(selector.len()));
            let value = rest.split('"').nth(1).map(str::to_owned);
            (field.to_owned(), value)
        })
        .collect()
}

/// CloudFormation's list of dimensions, as a map.
fn dimensions(list: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = list.as_array().into_iter().flatten();
    entries
        .map(|entry| {
            let key = entry.get("Key").or_else(|| entry.get("Name"));
            (key.map(text).unwrap_or_default(), text(&entry["Value"]))
        })
        .collect()
}

fn metric(namespace: &Value, name: &Value, dimensions: &BTreeMap<String, String>) -> Metric {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(namespace),
        text(name),
        dimensions.keys().cloned().collect(),
    )
}

/// Every object with a namespace and a metric's name, however deep.
fn metrics_of_alarm(value: &Value, found: &mut Vec<(Metric, BTreeMap<String, String>)>) {
    if value.get("Namespace").is_some() {
        let dimensions = dimensions(&value["Dimensions"]);
        found.push((
            metric(&value["Namespace"], &value["MetricName"], &dimensions),
            dimensions,
        ));
    }
    match value {
        Value::Object(members) => members
            .values()
            .for_each(|member| metrics_of_alarm(member, found)),
        Value::Array(items) => items.iter().for_each(|item| metrics_of_alarm(item, found)),
        _ => {}
    }
}

/// Searches of ours: `SEARCH('{"namespace",key,key} MetricName="…" Function="…"', …)`.
fn dashboard(
    suite: &Suite,
    template: &Template,
    schema: &Value,
    made: &BTreeSet<Metric>,
) -> Vec<String> {
    let mut findings = Vec::new();
    let mut shown = BTreeSet::new();
    for dashboard in template.resources("AWS::CloudWatch::Dashboard") {
        let id = &dashboard.logical_id;
        let body = dashboard.properties["DashboardBody"].as_str().unwrap();
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            findings.push(format!("{id} is no JSON"));
            continue;
        };
        let mut texts = Vec::new();
        all_texts(&body, &mut texts);
        for search in texts
            .iter()
            .filter_map(|text| text.strip_prefix("SEARCH('{\"Poolkeeper"))
        {
            let Some((head, filter)) = search.split_once('}') else {
                continue;
            };
            let mut head = head.split(',');
            let namespace = head.next().unwrap_or_default().trim_end_matches('"');
            let keys: BTreeSet<String> = head.map(str::to_owned).collect();
            let value = |key: &str| {
                let (_, rest) = filter.split_once(&format!("{key}=\""))?;
                Some(rest.split_once('"')?.0.to_owned())
            };
            let read = (
                format!("Poolkeeper{namespace}"),
                value("MetricName").unwrap_or_default(),
                keys,
            );
            findings.extend(unknown_metric(made, id, &read));
            let named = ["Function", "Outcome"]
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), value(key)?)));
            let named: BTreeMap<String, String> = named.collect();
            findings.extend(unknown_values(suite, schema, id, &named));
            shown.extend(named.get("Function").cloned());
        }
    }
    for function in template
        .functions()
        .iter()
        .filter(|function| !shown.contains(&function.binary))
    {
        findings.push(format!(
            "no dashboard shows the decisions of {}",
            function.binary
        ));
    }
    findings
}

fn all_texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| all_texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| all_texts(member, found)),
        _ => {}
    }
}

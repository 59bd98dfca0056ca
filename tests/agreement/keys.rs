//! Tables and key prefixes: a grant is on the keys that the function makes, of the tables it is given.

use std::collections::{BTreeMap, BTreeSet};

use emulator::template::{FunctionDefinition, Template};
use serde_json::{Value, json};
use shared::state::{DirectoryKey, EphemeralKey};

use crate::agreement::{
    suite::{Code, Suite, role_of, statements, texts},
    tokens::Token,
};

const LEADING_KEYS: &str = "dynamodb:LeadingKeys";
const KEY_MODULE: &str = "shared/src/state/key.rs";

/// A variable that names a table → the type of its keys; none where the key is not ours.
const TABLES: [(&str, Option<&str>); 3] = [
    ("DIRECTORY_TABLE", Some("DirectoryKey")),
    ("EPHEMERAL_TABLE", Some("EphemeralKey")),
    ("LEGACY_TABLE", None),
];

/// A partition key as the constructor makes it; `first` is the literal that the code calls it with.
fn sample(constructor: (&str, &str), first: &str) -> Option<String> {
    Some(match constructor {
        ("DirectoryKey", "profile") => DirectoryKey::profile("pool", "sub").pk,
        ("DirectoryKey", "event") => DirectoryKey::event("pool", "sub", "id").pk,
        ("DirectoryKey", "email_claim") => DirectoryKey::email_claim("pool", "email").pk,
        ("DirectoryKey", "moved_prefix") => DirectoryKey::moved_prefix("pool"),
        ("DirectoryKey", "moved") => DirectoryKey::moved("pool", "store", "record").pk,
        ("DirectoryKey", "watch") => DirectoryKey::watch("pool").pk + "#",
        ("DirectoryKey", "identity") => DirectoryKey::identity("pool", "source", "subject").pk,
        ("DirectoryKey", "invitation") => DirectoryKey::invitation("code").pk,
        ("DirectoryKey", "invitation_by_digest") => DirectoryKey::invitation_by_digest("digest").pk,
        ("DirectoryKey", "reconcile") => DirectoryKey::reconcile("pool").pk,
        ("DirectoryKey", "reconcile_seen") => DirectoryKey::reconcile_seen("pool", 0).pk,
        ("DirectoryKey", "erasure") => DirectoryKey::erasure("pool", "subject", "at").pk,
        ("DirectoryKey", "block") => DirectoryKey::block(first, "value").pk,
        ("EphemeralKey", "reserved") => EphemeralKey::reserved(first, &["part"]).0,
        ("EphemeralKey", "passed") => EphemeralKey::passed(first, &["part"]).0,
        ("DirectoryKey", "revoked") => DirectoryKey::revoked("kind", "value").pk,
        ("DirectoryKey", "guest") => DirectoryKey::guest("pool", "identity").pk,
        ("EphemeralKey", "used_token") => EphemeralKey::used_token("source", "jti").0,
        ("EphemeralKey", "limit") => EphemeralKey::limit(first, "limit", &["part"]).0,
        ("EphemeralKey", "recent") => EphemeralKey::recent(first, "kind", &["part"]).0,
        _ => return None,
    })
}

pub(crate) fn findings(suite: &Suite) -> Vec<String> {
    let template = suite.template();
    let mut findings = constructors_unknown_here(suite);
    for function in template.functions() {
        let (Some(role), Some(code)) = (role_of(template, function), suite.code(&function.binary))
        else {
            continue;
        };
        let made = keys_made(code);
        for (variable, keys) in TABLES {
            let grants = grants_on(template, function, &role.policies, variable);
            findings.extend(of_table(function, variable, keys, &grants, &made));
        }
        findings.extend(tables_not_given(template, function, &role.policies));
    }
    findings
}

/// One table of one function.
fn of_table(
    function: &FunctionDefinition,
    variable: &str,
    keys: Option<&str>,
    grants: &[&Value],
    made: &BTreeMap<&str, BTreeSet<String>>,
) -> Vec<String> {
    let id = &function.logical_id;
    let given = function.environment.contains_key(variable);
    let mut findings = Vec::new();
    if given && grants.is_empty() {
        findings.push(format!(
            "{id} is given {variable}, and no grant on that table"
        ));
    }
    let Some(keys) = keys else {
        return findings;
    };
    let mut prefixes = Vec::new();
    // A scan names no key. The matrix of tests/isolation says who may.
    let keyed = |grant: &&&Value| texts(&grant["Action"]) != ["dynamodb:Scan"];
    for grant in grants.iter().filter(keyed) {
        let condition = &grant["Condition"];
        let patterns = texts(&condition["ForAllValues:StringLike"][LEADING_KEYS]);
        if patterns.is_empty() {
            findings.push(format!("{id}'s grant on {variable} is on no key prefix"));
        }
        // ForAllValues is true of a request without any key.
        if condition["Null"][LEADING_KEYS] != json!("false") {
            findings.push(format!(
                "{id}'s grant on {variable} lacks Null {LEADING_KEYS} false"
            ));
        }
        prefixes.extend(patterns);
    }
    let made = made.get(keys).cloned().unwrap_or_default();
    let covers = |pattern: &str, key: &str| {
        let prefix = pattern.strip_suffix('*').unwrap_or(pattern);
        prefix.ends_with('#') && !prefix.contains(['*', '?']) && key.starts_with(prefix)
    };
    for key in made
        .iter()
        .filter(|key| !prefixes.iter().any(|pattern| covers(pattern, key)))
    {
        let (kind, _) = key.rsplit_once('#').unwrap_or((key, ""));
        findings.push(format!(
            "{id} makes keys like {kind}#…, which its grants on {variable} leave out"
        ));
    }
    for pattern in prefixes {
        if !made.iter().any(|key| covers(pattern, key)) {
            findings.push(format!(
                "{id} is granted {pattern} on {variable}, and makes no such key"
            ));
        }
    }
    findings
}

fn table_arn(template: &Template, name: &str) -> String {
    template.place().arn("dynamodb", &format!("table/{name}"))
}

fn on_dynamodb(policies: &[Value]) -> Vec<&Value> {
    let mut all = statements(policies);
    all.retain(|statement| {
        texts(&statement["Action"])
            .iter()
            .any(|action| action.starts_with("dynamodb:"))
    });
    all
}

fn grants_on<'p>(
    template: &Template,
    function: &FunctionDefinition,
    policies: &'p [Value],
    variable: &str,
) -> Vec<&'p Value> {
    let arn = function
        .environment
        .get(variable)
        .map(|name| table_arn(template, name));
    let mut grants = on_dynamodb(policies);
    grants.retain(|grant| {
        arn.as_deref()
            .is_some_and(|arn| texts(&grant["Resource"]).contains(&arn))
    });
    grants
}

/// Grants on what no variable names.
fn tables_not_given(
    template: &Template,
    function: &FunctionDefinition,
    policies: &[Value],
) -> Vec<String> {
    let mut given = Vec::new();
    for (variable, keys) in TABLES {
        if let Some(name) = function.environment.get(variable) {
            let arn = table_arn(template, name);
            // Only a table whose keys are not ours has indexes.
            given.extend(keys.is_none().then(|| format!("{arn}/index/*")));
            given.push(arn);
        }
    }
    let granted = on_dynamodb(policies)
        .into_iter()
        .flat_map(|grant| texts(&grant["Resource"]));
    let foreign = granted.filter(|resource| !given.iter().any(|arn| arn == resource));
    foreign
        .map(|resource| {
            format!(
                "{} is granted {resource}, and given no such table",
                function.logical_id
            )
        })
        .collect()
}

/// The keys that the code makes, by their type.
fn keys_made(code: &Code) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut made: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let own = code.files.iter().filter(|(path, _)| *path != KEY_MODULE);
    for (_, tokens) in own {
        for (index, window) in tokens.windows(4).enumerate() {
            let types = TABLES.iter().filter_map(|(_, keys)| *keys);
            let Some(kind) = types.into_iter().find(|kind| window[0].is_ident(kind)) else {
                continue;
            };
            if !(window[1].is(':') && window[2].is(':')) {
                continue;
            }
            let first = tokens
                .get(index + 5)
                .and_then(Token::text)
                .unwrap_or_default();
            let key = window[3]
                .ident()
                .and_then(|constructor| sample((kind, constructor), first));
            made.entry(kind).or_default().extend(key);
        }
    }
    made
}

/// A constructor that `sample` does not know would go unseen.
fn constructors_unknown_here(suite: &Suite) -> Vec<String> {
    let tokens = suite.tokens(KEY_MODULE);
    let mut kind = String::new();
    let mut findings = Vec::new();
    for window in tokens.windows(3) {
        if let (true, Some(name)) = (window[0].is_ident("impl"), window[1].ident()) {
            kind = name.to_owned();
        }
        let constructor = window[2]
            .ident()
            .filter(|_| window[0].is_ident("pub") && window[1].is_ident("fn"));
        if let Some(constructor) = constructor.filter(|name| *name != "digest")
            && sample((&kind, constructor), "function").is_none()
        {
            findings.push(format!("{kind}::{constructor} is not in this test's table"));
        }
    }
    findings
}

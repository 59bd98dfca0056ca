//! The development issuer as a source of its own: the rules of the source `app`, once more, for its tokens.
//!
//! As deployed, `app` is the stack's user pool. A tour, a test and whoever tries something out also need tokens
//! with claims of their choice, which no user pool signs.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

/// What the policy calls the stack's own issuer.
const APP: &str = "app";
/// What is added to it.
pub(crate) const DEVELOPMENT: &str = "development";
/// Keys of a source that say who signs; the development issuer says it by itself.
const OF_AN_ISSUER: [&str; 9] = [
    "issuer",
    "issuers",
    "jwks",
    "jwks_file",
    "jwks_uri",
    "preset",
    "token_use",
    "vouched_by",
    "vouched_claims",
];

/// The policy with the source `development`: as `app` but for the issuer, with this audience too, under the same rules.
/// What lies beside the policy, `beside` reads: the new one lies elsewhere. None where the policy has no such section, or
/// a source of this name.
pub(crate) fn added(
    policy: &str,
    audience: &str,
    beside: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut policy: Table = policy.parse().ok()?;
    let vendor = policy.get_mut("identity-vendor")?.as_table_mut()?;
    let sources = vendor.get_mut("sources")?.as_table_mut()?;
    if sources.contains_key(DEVELOPMENT) {
        return None;
    }
    let mut source = sources.get(APP)?.as_table()?.clone();
    source.retain(|key, _| !OF_AN_ISSUER.contains(&key));
    let audiences = source
        .entry("audiences")
        .or_insert(Value::Array(Vec::new()));
    let audiences = audiences.as_array_mut()?;
    if !audiences.contains(&Value::from(audience)) {
        audiences.push(Value::from(audience));
    }
    sources.insert(DEVELOPMENT.to_owned(), Value::Table(source));
    let sources = sources.iter_mut().filter_map(|(_, it)| it.as_table_mut());
    for source in sources {
        let file = source.get("jwks_file").and_then(Value::as_str);
        if let Some(keys) = file.and_then(&beside) {
            source.remove("jwks_file");
            source.insert("jwks".to_owned(), keys.into());
        }
    }
    if let Some(rules) = vendor.get_mut("rules").and_then(Value::as_array_mut) {
        let of_app = rules
            .iter()
            .filter(|rule| rule.get("source") == Some(&Value::from(APP)));
        let again: Vec<Value> = of_app.filter_map(again).collect();
        rules.extend(again);
    }
    toml::to_string(&policy).ok()
}

/// A rule for `app`, for `development`.
fn again(rule: &Value) -> Option<Value> {
    let mut rule = rule.as_table()?.clone();
    let name = rule.get("name")?.as_str()?.to_owned();
    rule.insert("name".to_owned(), format!("{DEVELOPMENT}-{name}").into());
    rule.insert("source".to_owned(), DEVELOPMENT.into());
    Some(Value::Table(rule))
}

/// Writes such a policy into `folder`, under a name that its content gives: who starts a second suite, with other rules,
/// changes nothing under the first.
pub(crate) fn write(policy: &str, folder: &Path) -> io::Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    policy.hash(&mut hasher);
    let path = folder.join(format!("local-policy-{:016x}.toml", hasher.finish()));
    let unfinished = path.with_extension(std::process::id().to_string());
    fs::write(&unfinished, policy)?;
    fs::rename(&unfinished, &path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {

    use shared::policy::PolicyFile;

    use super::*;

    const SHIPPED: &str = include_str!("../../policy/policy.toml");

    #[test]
    fn every_rule_of_the_source_app_holds_for_the_development_issuer_too() {
        let text = added(SHIPPED, "poolkeeper", |_| None).unwrap();
        let policy: Table = text.parse().unwrap();
        let rules = policy["identity-vendor"]["rules"].as_array().unwrap();
        let of = |source: &str| {
            let rules = rules
                .iter()
                .filter(|rule| rule["source"].as_str() == Some(source));
            rules
                .map(|rule| (rule.get("when").cloned(), rule.get("role").cloned()))
                .collect::<Vec<_>>()
        };
        assert!(!of("app").is_empty());
        assert_eq!(of("app"), of("development"));
    }

    #[test]
    fn who_signs_for_the_source_app_does_not_sign_for_the_development_issuer() {
        let policy = "[identity-vendor.sources.app]\npreset = \"cognito\"\nissuer = \"https://a.example\"\n\
                      audiences = [\"a\"]\nleeway_seconds = 5\n";
        let text = added(policy, "poolkeeper", |_| None).unwrap();
        let policy: Table = text.parse().unwrap();
        let expected: Table = "audiences = [\"a\", \"poolkeeper\"]\nleeway_seconds = 5"
            .parse()
            .unwrap();
        let found = &policy["identity-vendor"]["sources"]["development"];
        assert_eq!(found.as_table(), Some(&expected));
    }

    #[test]
    fn what_is_added_is_a_policy() {
        let text = added(SHIPPED, "poolkeeper", |_| None).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
        let checked = PolicyFile::parse("policy.toml", text).check_all();
        assert!(checked.is_ok(), "{checked:?}, in {}", folder.display());
    }

    #[test]
    fn keys_in_a_file_beside_the_policy_are_there_too() {
        let policy = "[identity-vendor.sources.app]\n[identity-vendor.sources.shop]\njwks_file = \"shop.json\"\n";
        let beside = |name: &str| (name == "shop.json").then(|| "{}".to_owned());
        let policy: Table = added(policy, "poolkeeper", beside)
            .unwrap()
            .parse()
            .unwrap();
        let shop = policy["identity-vendor"]["sources"]["shop"].as_table();
        assert_eq!(shop, Some(&"jwks = \"{}\"".parse().unwrap()));
    }

    #[test]
    fn a_policy_with_a_source_of_this_name_or_without_the_section_stays_as_it_is() {
        for policy in [
            "version = 1\n",
            "[identity-vendor.sources.development]\nissuer = \"https://a.example\"\n",
        ] {
            assert_eq!(added(policy, "poolkeeper", |_| None), None, "{policy}");
        }
    }
}

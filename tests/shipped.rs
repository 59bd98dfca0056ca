//! What is linked into the functions, and what must never be.

use crate::common::{packages, tree};

#[test]
fn there_is_one_tls_and_one_http_stack_and_nothing_of_the_test_bed() {
    let linked = packages::linked();
    assert!(
        linked.iter().any(|line| line.starts_with("ring v0.17")),
        "{linked:?}"
    );
    for forbidden in [
        "aws-lc",
        "rustls v0.20",
        "rustls v0.21",
        "rustls v0.22",
        "hyper v0",
        "h2 v0.3",
        "openssl v",
        "openssl-sys",
        "native-tls",
        "schemars",
        "dynoxide",
        "axum",
        "iam-rs",
        "emulator",
        "poolkeeper-local",
        "regex v",
        "proptest",
        "saphyr",
    ] {
        let found: Vec<&String> = linked
            .iter()
            .filter(|line| line.starts_with(forbidden))
            .collect();
        assert!(found.is_empty(), "{found:?} must not ship");
    }
    for stack in ["rustls v", "hyper v", "tokio v", "ring v", "sha2 v"] {
        let versions: Vec<&String> = linked
            .iter()
            .filter(|line| line.starts_with(stack))
            .collect();
        assert_eq!(versions.len(), 1, "{versions:?}");
    }
}

#[test]
fn a_driver_ships_with_its_feature_only_and_brings_no_second_tls() {
    let drivers = ["mysql_async v", "tokio-postgres v"];
    let has = |linked: &[String], what: &str| linked.iter().any(|line| line.starts_with(what));
    for (features, present) in [
        ("", [false, false]),
        ("mysql", [true, false]),
        ("postgres", [false, true]),
        ("mysql,postgres", [true, true]),
    ] {
        let linked = packages::linked_with(features);
        let found = drivers.map(|driver| has(&linked, driver));
        assert_eq!(found, present, "{features}");
        for forbidden in [
            "aws-lc",
            "openssl v",
            "openssl-sys",
            "native-tls",
            "schemars",
            // What would print what crates say by `log`: tokio-postgres says the parameters of each statement.
            "tracing-log",
            "env_logger",
        ] {
            assert!(!has(&linked, forbidden), "{forbidden} by {features}");
        }
        for one in ["rustls v", "ring v", "tokio v"] {
            let versions = linked.iter().filter(|line| line.starts_with(one));
            assert_eq!(versions.count(), 1, "{one} by {features}");
        }
    }
}

/// The licence expressions that deny.toml allows, of everything that the functions link.
#[test]
fn nothing_that_ships_is_under_a_licence_that_deny_toml_does_not_allow() {
    let deny: toml::Table = std::fs::read_to_string(tree("deny.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let allowed: Vec<&str> = deny["licenses"]["allow"]
        .as_array()
        .unwrap()
        .iter()
        .map(|licence| licence.as_str().unwrap())
        .collect();
    let linked = packages::linked_with("mysql,postgres");
    let metadata = packages::metadata();
    let shipped = metadata.iter().filter(|package| {
        let (name, version) = (
            package["name"].as_str().unwrap(),
            package["version"].as_str().unwrap(),
        );
        linked.contains(&format!("{name} v{version}"))
    });
    let mut checked = 0;
    for package in shipped {
        let expression = package["license"].as_str().unwrap_or("none");
        // SPDX: one of the alternatives must be allowed whole.
        let alternatives = expression.split(" OR ").flat_map(|part| part.split('/'));
        let good = alternatives
            .map(|part| part.trim_matches(['(', ')', ' ']))
            .any(|part| {
                part.split(" AND ")
                    .all(|part| allowed.contains(&part.trim_matches(['(', ')', ' '])))
            });
        assert!(good, "{} is under {expression}", package["name"]);
        checked += 1;
    }
    assert!(checked > 100, "{checked} packages were checked");
}

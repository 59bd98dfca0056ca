//! Binaries and environment variables.

use super::{assert_found, assert_source, assert_template, swap};
use crate::agreement::suite::Suite;

#[test]
fn a_function_that_cargo_does_not_build_is_found() {
    assert_template(
        "target/lambda/pre-sign-up/",
        "target/lambda/presignup/",
        &[
            "PreSignUpFunction runs presignup, which is no [[bin]] of Cargo.toml",
            "the [[bin]] pre-sign-up is no function of the template",
            "no dashboard shows the decisions of presignup",
        ],
    );
}

#[test]
fn a_binary_that_is_not_deployed_is_found() {
    let seed = |suite: &mut Suite| {
        let binary = "[[bin]]\nname = \"another\"\npath = \"functions/pre-sign-up/main.rs\"\n\n[workspace]\n";
        swap(&mut suite.manifest, "[workspace]\n", 0, binary);
    };
    assert_found(
        seed,
        &["the [[bin]] another is no function of the template"],
    );
}

#[test]
fn a_variable_that_the_template_forgets_is_found() {
    assert_template(
        "          DEVELOPER_PROVIDER_NAME: !Ref DeveloperProviderName\n",
        "",
        &[
            "IdentityVendorFunction requires DEVELOPER_PROVIDER_NAME, which the template does not set",
        ],
    );
}

#[test]
fn a_variable_that_the_code_newly_asks_for_is_found() {
    assert_source(
        "functions/pre-sign-up/main.rs",
        "wiring.finish(",
        "let _: Option<String> = wiring.required::<String>(\"HOOK_URL\", \"a URL\"); wiring.finish(",
        &["PreSignUpFunction requires HOOK_URL, which the template does not set"],
    );
}

#[test]
fn a_variable_that_nothing_reads_is_found() {
    assert_template(
        "          LEGACY_TABLE:",
        "          LEGACY_TABLE_NAME: x\n          LEGACY_TABLE:",
        &["PreSignUpFunction is given LEGACY_TABLE_NAME, which nothing in it reads"],
    );
}

#[test]
fn a_variable_whose_name_is_computed_is_found() {
    assert_source(
        "functions/pre-sign-up/main.rs",
        "wiring.finish(",
        "let _: Option<String> = wiring.optional(NAME, \"a URL\"); wiring.finish(",
        &["functions/pre-sign-up/main.rs: optional is given a name that is no literal"],
    );
}

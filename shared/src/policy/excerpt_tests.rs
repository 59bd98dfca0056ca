//! Whatever stands in the file, a section read from its own lines is the section of the whole file.

use super::{tests::GOOD, *};

/// Every section that the whole file has is the same by its excerpt.
fn assert_alike(text: &str) {
    fn alike<R: Rules>(file: &PolicyFile) {
        if let Ok(whole) = file.section_of_whole::<R>() {
            let own = file.section::<R>().map(|own| format!("{own:?}"));
            assert_eq!(own.ok(), Some(format!("{whole:?}")), "{}", R::SECTION);
        }
    }
    let file = PolicyFile::parse("policy.toml", text.to_owned());
    alike::<PreSignUp>(&file);
    alike::<PostConfirmation>(&file);
    alike::<UserMigration>(&file);
    alike::<IdentityVendor>(&file);
}

#[test]
fn the_shipped_file_reads_alike() {
    assert_alike(include_str!("../../../policy/policy.toml"));
}

#[test]
fn what_looks_like_a_header_reads_alike() {
    let name = "name = \"company\"";
    for text in [
        "applies_to = [\n\"sign_up\",\n]",
        "message = \"[post-confirmation]\"",
        "message = \"\"\"\n[post-confirmation]\\\n# no comment\"\"\"",
        "message = '''\n[pre-sign-up]'''",
        "applies_to = [ # [identity-vendor]\n  \"sign_up\", # ]\n]",
    ] {
        assert!(GOOD.contains(name));
        let bent = GOOD.replace(name, &format!("{name}\n{text}"));
        let file = PolicyFile::parse("policy.toml", bent.clone());
        assert!(file.section_of_whole::<PreSignUp>().is_ok(), "{text}");
        assert_alike(&bent);
    }
    let dotted = GOOD.replace("[post-confirmation]", "[other]\na = [\n[1]\n]");
    assert_alike(&dotted.replace(
        "version = 1",
        "version = 1\npost-confirmation.on_failure = \"fail\"",
    ));
    assert_alike(&GOOD.replace("[pre-sign-up]\n", "[ pre-sign-up ]\n"));
    assert_alike(&GOOD.replace("[pre-sign-up]\n", "[\"pre-sign-up\"]\n"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1000))]

    #[test]
    fn whatever_is_put_in_reads_alike(
        text in "(\\[(pre-sign-up|other|1)\\]|a = |\\[|\\]|\"|\"\"\"|'|=|\n|#| ){0,12}",
        place in 0usize..700,
    ) {
        let place = place.min(GOOD.len());
        let (before, after) = GOOD.split_at(place);
        assert_alike(&format!("{before}{text}{after}"));
    }
}

//! The table of sections: what checks a whole file, describes it and names its parts.

use toml::{Spanned, de::DeValue};

use super::{
    IdentityVendor, PolicyError, PostConfirmation, PreSignUp, UserMigration,
    diagnose::Source,
    rules::{Findings, Rules},
};
#[cfg(feature = "schema")]
use super::{PolicyErrors, PolicyFile};

/// Every section of the file. Checking a whole file, its JSON Schema and the text of its errors follow
/// from this table: a new section is one line here.
pub(super) const SECTIONS: &[Entry] = &[
    Entry::of::<PreSignUp>(),
    Entry::of::<PostConfirmation>(),
    Entry::of::<UserMigration>(),
    Entry::of::<IdentityVendor>(),
];

/// One line of [`SECTIONS`].
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) check: fn(&Source, &Spanned<DeValue<'_>>, &mut Vec<PolicyError>),
    #[cfg(feature = "schema")]
    schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    #[cfg(feature = "schema")]
    rules: fn(&PolicyFile) -> Result<String, PolicyErrors>,
}

impl Entry {
    const fn of<R: Rules>() -> Self {
        Self {
            name: R::SECTION,
            check: |source, section, errors| drop(read::<R>(source, section, errors)),
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<R::Section>(),
            #[cfg(feature = "schema")]
            rules: |file| file.section::<R>().map(|rules| format!("{rules:?}")),
        }
    }
}

/// Reads and compiles one section; `None` goes with at least one new error.
pub(super) fn read<R: Rules>(
    source: &Source,
    section: &Spanned<DeValue<'_>>,
    errors: &mut Vec<PolicyError>,
) -> Option<R> {
    let section_span = section.span();
    let section: R::Section = source.deserialize(R::SECTION, section.clone(), errors)?;
    let mut findings = Findings::default();
    let rules = R::compile(section, &mut findings);
    if rules.is_none() && findings.is_empty() {
        findings.at(section_span, "the section cannot be compiled");
    }
    let located = findings.into_iter();
    errors.extend(located.map(|(span, text)| source.at(span, R::SECTION, &text)));
    rules
}

/// "version, pre-sign-up, … or identity-vendor".
pub(super) fn expected_names() -> String {
    let mut names = vec!["version"];
    names.extend(SECTIONS.iter().map(|entry| entry.name));
    let last = names.pop().unwrap_or_default();
    format!("{} or {last}", names.join(", "))
}

/// The rules of every section, as `Debug` shows them: for tests that compare whole policies.
///
/// # Errors
/// All that is wrong with the first section that is not good.
#[cfg(feature = "schema")]
pub fn compiled(file: &PolicyFile) -> Result<Vec<(&'static str, String)>, PolicyErrors> {
    let sections = SECTIONS.iter();
    sections
        .map(|entry| Ok((entry.name, (entry.rules)(file)?)))
        .collect()
}

/// The JSON Schema of the whole file, for editors.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(PolicyFile)
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for PolicyFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Poolkeeper policy".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut properties = serde_json::Map::new();
        let version = serde_json::json!({
            "description": "Version of this format.",
            "type": "integer",
            "const": super::VERSION,
        });
        properties.insert("version".to_owned(), version);
        for entry in SECTIONS {
            let schema = (entry.schema)(generator).to_value();
            properties.insert(entry.name.to_owned(), schema);
        }
        schemars::json_schema!({
            "description": "Poolkeeper's policy file.",
            "type": "object",
            "properties": properties,
            "required": ["version"],
            "additionalProperties": false,
        })
    }
}

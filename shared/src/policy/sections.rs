//! The table of sections, and how a section becomes the rules that a function sees.

use serde::de::DeserializeOwned;
use toml::{Spanned, de::DeValue};

#[cfg(feature = "schema")]
use super::PolicyFile;
use super::{
    IdentityVendor, PolicyError, PostConfirmation, PreSignUp, UserMigration, diagnose::Source,
};

/// Every section of the file. Checking a whole file, its JSON Schema and the text of its errors follow
/// from this table: a new section is one line here.
pub(super) const SECTIONS: &[Entry] = &[
    Entry::of::<PreSignUp>(),
    Entry::of::<PostConfirmation>(),
    Entry::of::<UserMigration>(),
    Entry::of::<IdentityVendor>(),
];

/// The rules of one function, compiled from its section of the file.
///
/// The section is what serde reads: it holds `toml::Spanned` values where a finding may point at one, and
/// ends here. The function sees the rules only.
pub trait Rules: Sized {
    /// The section's name in the file, which is the function's.
    const SECTION: &'static str;

    /// The section as it is written.
    type Section: WrittenSection;

    /// Compiles a section that serde could read. Everything that is wrong goes into `findings`, all of it
    /// at once; the rules count only if there are none, so `None` is for what cannot be put together.
    fn compile(section: Self::Section, findings: &mut Findings) -> Option<Self>;
}

/// What a section is made of: readable, and (in development) described by a JSON Schema.
#[cfg(not(feature = "schema"))]
pub trait WrittenSection: DeserializeOwned {}
#[cfg(not(feature = "schema"))]
impl<T: DeserializeOwned> WrittenSection for T {}

/// What a section is made of: readable, and described by a JSON Schema.
#[cfg(feature = "schema")]
pub trait WrittenSection: DeserializeOwned + schemars::JsonSchema {}
#[cfg(feature = "schema")]
impl<T: DeserializeOwned + schemars::JsonSchema> WrittenSection for T {}

/// What [`Rules::compile`] found to be wrong, by place in the file.
#[derive(Debug, Default)]
pub struct Findings(Vec<(std::ops::Range<usize>, String)>);

impl Findings {
    /// `message` about the value at `span`. It says what was expected, never what came in.
    pub fn at(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) {
        self.0.push((span, message.into()));
    }
}

/// One line of [`SECTIONS`].
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) check: fn(&Source, &Spanned<DeValue<'_>>, &mut Vec<PolicyError>),
    #[cfg(feature = "schema")]
    schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl Entry {
    const fn of<R: Rules>() -> Self {
        Self {
            name: R::SECTION,
            check: |source, section, errors| drop(read::<R>(source, section, errors)),
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<R::Section>(),
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
    if rules.is_none() && findings.0.is_empty() {
        findings.at(section_span, "the section cannot be compiled");
    }
    let located = findings.0.into_iter();
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

//! What a section of the policy is, and how it becomes the rules that a function sees.

use serde::de::DeserializeOwned;

/// The rules of one function, compiled from its section of the file.
///
/// The section is what serde reads: it holds `toml::Spanned` values where a finding may point at one, and
/// ends here. The function sees the rules only.
pub trait Rules: Sized + std::fmt::Debug {
    /// The section's name in the file, which is the function's.
    const SECTION: &'static str;

    /// The section as it is written.
    type Section: WrittenSection;

    /// Compiles a section that serde could read. Everything that is wrong goes into `findings`, all of it
    /// at once; the rules count only if there are none, so `None` is for what cannot be put together.
    fn compile(section: Self::Section, findings: &mut Findings) -> Option<Self>;

    /// The rules of a file without this section; `None` where that is an error, as it is for whoever
    /// decides about users.
    fn when_absent() -> Option<Self> {
        None
    }
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

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every finding with its place.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (std::ops::Range<usize>, String)> {
        self.0.into_iter()
    }
}

//! `policy.toml`: the rules, one section a function.
//!
//! A function reads the whole file but answers for its own section only, so that a typo in one function's
//! rules never stops another; [`PolicyFile::check_all`] is for `make test` and deployments. Unknown keys
//! are errors, and all errors are reported at once, each with its line.
//!
//! To add a key: a field with a doc comment in the section's file, a commented line in policy/policy.toml;
//! the JSON Schema follows by `UPDATE_SNAPSHOTS=1 cargo test --test suite policy`.

mod bounded;
mod diagnose;
mod identity_vendor;
mod name;
mod post_confirmation;
mod pre_sign_up;
mod user_migration;

use std::{fmt, path::Path};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use self::diagnose::Source;
pub use self::{
    bounded::{Bounded, Message},
    diagnose::{PolicyError, PolicyErrors},
    identity_vendor::{
        Algorithm, Condition, Flow, IdentityVendor, Issuer, IssuerUrl, MAX_INTERNAL_TOKEN_SECONDS,
        MAX_TOKEN_SECONDS, Role, Rule, TokenUse,
    },
    name::Name,
    post_confirmation::{OnFailure, PostConfirmation},
    pre_sign_up::{Check, DomainPattern, EmailDomain, Mode, PreSignUp, SignUpKind, Undecided},
    user_migration::{LegacyColumns, LookupKey, UserMigration},
};

/// Where a Lambda layer mounts the file; `POLICY_FILE` overrides.
pub const DEFAULT_POLICY_FILE: &str = "/opt/policy.toml";

/// The version of the file's format that this code reads.
const VERSION: i64 = 1;

/// One function's section.
pub trait Section: DeserializeOwned {
    /// The section's name, which is the function's.
    const NAME: &'static str;

    /// Checks what only several values together show.
    fn check(&self, errors: &mut Findings);
}

/// What a section's [`Section::check`] found, by place in the file.
#[derive(Debug, Default)]
pub struct Findings(Vec<(std::ops::Range<usize>, String)>);

impl Findings {
    /// `message` about the value at `span`.
    pub fn at(&mut self, span: std::ops::Range<usize>, message: impl Into<String>) {
        self.0.push((span, message.into()));
    }
}

/// A policy file's text, parsed as far as its syntax allows.
pub struct PolicyFile {
    source: Source,
}

impl PolicyFile {
    /// Reads the file that `POLICY_FILE` names, else [`DEFAULT_POLICY_FILE`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_env() -> Result<Self, PolicyErrors> {
        let path = std::env::var("POLICY_FILE").unwrap_or_else(|_| DEFAULT_POLICY_FILE.to_owned());
        Self::read(Path::new(&path))
    }

    /// Reads `path`.
    ///
    /// # Errors
    /// When it cannot be read, or is no UTF-8.
    pub fn read(path: &Path) -> Result<Self, PolicyErrors> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::parse(&name, text)),
            Err(error) => Err(PolicyErrors::unreadable(&name, &error)),
        }
    }

    /// The text itself; `name` is what errors call it.
    pub fn parse(name: &str, text: String) -> Self {
        Self {
            source: Source::new(name, text),
        }
    }

    /// The section of one function.
    ///
    /// # Errors
    /// All that is wrong with it, or with the syntax within it.
    pub fn section<S: Section>(&self) -> Result<S, PolicyErrors> {
        let (root, syntax) = DeTable::parse_recoverable(self.source.text());
        let mut errors = self.source.syntax_errors(&syntax, Some(S::NAME));
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        self.check_version(&root, &mut errors);
        let Some(section) = root.get_ref().get(S::NAME) else {
            errors.push(
                self.source
                    .whole(format!("the section [{}] is missing", S::NAME)),
            );
            return Err(PolicyErrors(errors));
        };
        let section = self.read_section::<S>(section, &mut errors);
        match section {
            Some(section) if errors.is_empty() => Ok(section),
            _ => Err(PolicyErrors(errors)),
        }
    }

    /// Checks every section that is there, and that there are no others.
    ///
    /// # Errors
    /// All that is wrong with the file.
    pub fn check_all(&self) -> Result<(), PolicyErrors> {
        let (root, syntax) = DeTable::parse_recoverable(self.source.text());
        let mut errors = self.source.syntax_errors(&syntax, None);
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        self.check_version(&root, &mut errors);
        for (key, value) in root.get_ref().iter() {
            match key.get_ref().as_ref() {
                "version" => {}
                PreSignUp::NAME => drop(self.read_section::<PreSignUp>(value, &mut errors)),
                PostConfirmation::NAME => {
                    drop(self.read_section::<PostConfirmation>(value, &mut errors));
                }
                UserMigration::NAME => drop(self.read_section::<UserMigration>(value, &mut errors)),
                IdentityVendor::NAME => {
                    drop(self.read_section::<IdentityVendor>(value, &mut errors));
                }
                other => errors.push(self.source.at(
                    key.span(),
                    other,
                    "no such section: expected version, pre-sign-up, post-confirmation, \
                     user-migration or identity-vendor",
                )),
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(PolicyErrors(errors))
        }
    }

    fn read_section<S: Section>(
        &self,
        section: &Spanned<DeValue<'_>>,
        errors: &mut Vec<PolicyError>,
    ) -> Option<S> {
        let read: Option<S> = self.source.deserialize(S::NAME, section.clone(), errors);
        if let Some(section) = &read {
            let mut findings = Findings::default();
            section.check(&mut findings);
            let located = findings.0.into_iter();
            errors.extend(located.map(|(span, text)| self.source.at(span, S::NAME, &text)));
        }
        read
    }

    fn check_version(&self, root: &Spanned<DeTable<'_>>, errors: &mut Vec<PolicyError>) {
        let expected = format!("expected version = {VERSION}, the format that this release reads");
        match root.get_ref().get("version") {
            None => errors.push(self.source.whole(expected)),
            Some(version) => {
                let number = version.get_ref().as_integer();
                if number.and_then(|n| n.as_str().parse().ok()) != Some(VERSION) {
                    errors.push(self.source.at(version.span(), "version", &expected));
                }
            }
        }
    }
}

impl fmt::Debug for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyFile").finish_non_exhaustive()
    }
}

/// The JSON Schema of the whole file, for editors.
#[cfg(feature = "schema")]
pub fn schema() -> schemars::Schema {
    /// Poolkeeper's policy file.
    #[derive(schemars::JsonSchema)]
    #[schemars(
        deny_unknown_fields,
        rename_all = "kebab-case",
        title = "Poolkeeper policy"
    )]
    #[expect(dead_code, reason = "only its schema is used")]
    struct Policy {
        /// Version of this format.
        #[schemars(range(min = 1, max = 1))]
        version: u8,
        pre_sign_up: Option<PreSignUp>,
        post_confirmation: Option<PostConfirmation>,
        user_migration: Option<UserMigration>,
        identity_vendor: Option<IdentityVendor>,
    }
    schemars::schema_for!(Policy)
}

#[cfg(test)]
mod tests;

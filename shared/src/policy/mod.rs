//! `policy.toml`: the rules, one section a function.
//!
//! A function reads the whole file but answers for its own section only, so that a typo in one function's
//! rules never stops another; [`PolicyFile::check_all`] is for `make test` and deployments. Unknown keys
//! are errors, and all errors are reported at once, each with its line.
//!
//! To add a key: a field with a doc comment in the section's file, a commented line in policy/policy.toml;
//! the JSON Schema follows by `UPDATE_SNAPSHOTS=1 cargo test --test suite policy`.

mod bounded;
mod complaint;
mod diagnose;
mod error;
mod excerpt;
mod group;
mod identity_vendor;
mod place;
mod post_confirmation;
mod pre_sign_up;
mod rate;
mod rules;
mod sections;
mod user_migration;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use toml::{Spanned, de::DeTable};

#[cfg(feature = "schema")]
pub use self::sections::{compiled, schema};
pub use self::{
    bounded::{Bounded, Message},
    error::{PolicyError, PolicyErrors},
    group::{GroupRule, Vouched, providers},
    identity_vendor::{
        BackEnd as VendorBackEnd, IdentityVendor, Limits as VendorLimits, Source as VendorSource,
    },
    post_confirmation::{OnFailure, PostConfirmation},
    pre_sign_up::{
        Attribute, AutoConfirm, Captcha, CaptchaProvider, Check, CheckKind, Clients,
        DisposableDomain, DomainPattern, EmailDomain, Federation, HttpsCheck, Invitation,
        LegacyUser, Mode, Pattern, PhoneNumber, PhoneNumbers, PhonePrefix, PreSignUp, Provider,
        ProviderOf, ProviderUser, SignUpKind, TextRules, Undecided, UserName, Velocity, VelocityBy,
    },
    rules::{Findings, Rules, WrittenSection},
    user_migration::{UserMigration, WeakPassword},
};
use self::{diagnose::Source, sections::SECTIONS};
pub use crate::name::Name;

/// Where a Lambda layer mounts the file; `POLICY_FILE` overrides.
pub const DEFAULT_POLICY_FILE: &str = "/opt/policy.toml";

/// The version of the file's format that this code reads.
const VERSION: i64 = 1;

/// The folder of the policy file, where the other files that it names are.
pub fn folder() -> PathBuf {
    let mut folder = PathBuf::from(path());
    folder.pop();
    folder
}

fn path() -> String {
    std::env::var("POLICY_FILE").unwrap_or_else(|_| DEFAULT_POLICY_FILE.to_owned())
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
        let path = path();
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

    /// The rules of one function, from its section.
    ///
    /// # Errors
    /// All that is wrong with it, or with the syntax within it.
    pub fn section<R: Rules>(&self) -> Result<R, PolicyErrors> {
        let own = excerpt::excerpt(self.source.text(), R::SECTION);
        let own = own.map(|own| Source::new("", own));
        // What is wrong, and where, the whole file tells.
        match own.map(|own| Self { source: own }.section_of_whole()) {
            Some(Ok(rules)) => Ok(rules),
            _ => self.section_of_whole(),
        }
    }

    /// The same, by reading all that there is.
    fn section_of_whole<R: Rules>(&self) -> Result<R, PolicyErrors> {
        let (root, syntax) = DeTable::parse_recoverable(self.source.text());
        let mut errors = self.source.syntax_errors(&syntax, Some(R::SECTION));
        if !errors.is_empty() {
            return Err(PolicyErrors(errors));
        }
        self.check_version(&root, &mut errors);
        let Some(section) = root.get_ref().get(R::SECTION) else {
            if let (Some(rules), true) = (R::when_absent(), errors.is_empty()) {
                return Ok(rules);
            }
            let message = format!("the section [{}] is missing", R::SECTION);
            errors.push(self.source.whole(message));
            return Err(PolicyErrors(errors));
        };
        match sections::read(&self.source, section, &mut errors) {
            Some(rules) if errors.is_empty() => Ok(rules),
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
            let name = key.get_ref().as_ref();
            match SECTIONS.iter().find(|entry| entry.name == name) {
                Some(entry) => (entry.check)(&self.source, value, &mut errors),
                None if name == "version" => {}
                None => {
                    let message =
                        format!("no such section: expected {}", sections::expected_names());
                    errors.push(self.source.at(key.span(), "", &message));
                }
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(PolicyErrors(errors))
        }
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

#[cfg(test)]
mod excerpt_tests;
#[cfg(test)]
mod tests;

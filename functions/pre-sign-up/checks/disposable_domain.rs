//! `disposable_domain`: the domain of the e-mail address, against the list of disposable ones.

use std::{collections::HashSet, path::Path};

use shared::{
    email::Domain,
    policy::{DisposableDomain, DomainPattern},
};

use crate::{Applicant, judge::Finding};

/// The list, read once at start.
pub(super) struct DisposableDomains {
    list: HashSet<String>,
    allow: Vec<DomainPattern>,
}

/// The list cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnusableList {
    /// No such file, or no UTF-8.
    #[error("the list of disposable domains cannot be read: {0}")]
    Unreadable(String),
    /// A line is no domain.
    #[error("the list of disposable domains, line {0}: expected a domain such as example.com")]
    NoDomain(usize),
}

impl DisposableDomains {
    /// Reads the list from `folder`: one domain a line, `#` before a comment.
    pub(super) fn read(settings: &DisposableDomain, folder: &Path) -> Result<Self, UnusableList> {
        let path = folder.join(&settings.list);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| UnusableList::Unreadable(format!("{}: {error}", path.display())))?;
        let mut list = HashSet::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let domain: Domain = line
                .parse()
                .map_err(|_| UnusableList::NoDomain(index + 1))?;
            list.insert(domain.as_str().to_owned());
        }
        Ok(Self {
            list,
            allow: settings.allow.clone(),
        })
    }

    /// Whether the address's domain, or one above it, is in the list.
    pub(super) fn examine(&self, applicant: &Applicant<'_>) -> Finding {
        let address = match applicant.email() {
            Ok(address) => address,
            Err(undecided) => return undecided,
        };
        let domain = address.domain();
        if self.allow.iter().any(|pattern| pattern.matches(domain)) {
            return Finding::Clear;
        }
        let mut name = domain.as_str();
        loop {
            if self.list.contains(name) {
                return Finding::Objection("disposable-email-domain");
            }
            match name.split_once('.') {
                Some((_, above)) => name = above,
                None => return Finding::Clear,
            }
        }
    }
}

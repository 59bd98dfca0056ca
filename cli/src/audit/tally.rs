//! Counts, row by row.

use std::{collections::BTreeMap, time::Duration};

use password::{Scheme, StoredHash};
use shared::{
    email::{EmailAddress, InvalidEmail},
    phone::is_e164,
};

use super::{
    distinct::Distinct,
    findings::{About, Findings, Kind},
    report::{Class, Report},
};
use crate::{
    hash::{Function, Named},
    rows::{Entry, Row},
    source::Source,
};

/// Classes of cost that are counted apart; a store in which every row has its own rounds has no more.
const MAX_CLASSES: usize = 500;
/// A hash that is computed faster than this is guessed a thousand times a second and core, as this program
/// would, and a million times as an attacker does.
const FAST: Duration = Duration::from_millis(1);
/// Longest user name (`UsernameType` of Cognito's API), in characters.
const MAX_USERNAME: usize = 128;

/// What there is to check.
pub(crate) struct Checked {
    /// Whether there is a column of user names.
    pub(crate) username: bool,
    /// Whether there is a column of e-mail addresses.
    pub(crate) email: bool,
    /// Whether there is a column of phone numbers.
    pub(crate) phone: bool,
    /// Whether duplicates are looked for.
    pub(crate) duplicates: bool,
}

/// What was counted so far.
pub(crate) struct Tally {
    named: Named,
    function: Function,
    checked: Checked,
    rows: u64,
    classes: BTreeMap<Class, u64>,
    findings: Findings,
    usernames: Distinct,
    emails: Distinct,
}

impl Tally {
    /// Nothing yet.
    pub(crate) fn new(
        named: Named,
        function: Function,
        findings: Findings,
        checked: Checked,
    ) -> Self {
        Self {
            named,
            function,
            checked,
            rows: 0,
            classes: BTreeMap::new(),
            findings,
            usernames: Distinct::default(),
            emails: Distinct::default(),
        }
    }

    /// Counts a row.
    pub(crate) fn entry(&mut self, source: &Source, entry: &Entry<'_>) {
        self.rows += 1;
        let line = entry.line;
        let row = match &entry.row {
            Ok(row) => row,
            Err(reason) => {
                let kind = Kind::problem(About::Row, reason);
                return self.findings.add(kind, line, None);
            }
        };
        self.hash(source, row, line);
        if self.checked.username {
            self.text(row, line, About::Username, &source.username.name);
        }
        if self.checked.email {
            self.text(row, line, About::Email, &source.email.name);
        }
        if self.checked.phone {
            self.text(row, line, About::Phone, &source.phone.name);
        }
    }

    fn hash(&mut self, source: &Source, row: &Row<'_>, line: u64) {
        let stored = row.exact_field(&source.hash).unwrap_or_default();
        match source.read_hash(&self.named, row, &stored) {
            Ok(hash) => self.readable(&hash, line),
            Err(unsupported) => {
                let kind = Kind::problem(About::Hash, unsupported.reason_code());
                let kind = kind.of(unsupported.scheme());
                self.findings.add(kind, line, None);
            }
        }
    }

    fn readable(&mut self, hash: &StoredHash, line: u64) {
        let (scheme, cost) = (hash.scheme(), hash.cost());
        let class = Class::new(scheme, Some(cost.on(self.function.memory())));
        let full = self.classes.len() >= MAX_CLASSES && !self.classes.contains_key(&class);
        let class = if full {
            Class::new(scheme, None)
        } else {
            class
        };
        *self.classes.entry(class).or_default() += 1;
        if let Err(refused) = hash.check(&self.function.budget()) {
            let kind = Kind::problem(About::Hash, refused.reason_code()).of(Some(scheme));
            self.findings.add(kind, line, None);
        }
        let weak = match scheme {
            Scheme::SpringNoop => Some("clear-password"),
            _ if cost.time < FAST => Some("fast-hash"),
            _ => None,
        };
        if let Some(weak) = weak {
            let kind = Kind::warning(About::Hash, weak).of(Some(scheme));
            self.findings.add(kind, line, None);
        }
    }

    fn text(&mut self, row: &Row<'_>, line: u64, about: About, column: &str) {
        let Some(field) = row.field(column) else {
            // A user needs a name, and one way to be reached.
            let kind = match about {
                About::Username => Kind::problem(about, "missing"),
                _ => Kind::warning(about, "missing"),
            };
            return self.findings.add(kind, line, None);
        };
        let checked = match str::from_utf8(&field) {
            Err(_) => Err("not-utf8"),
            Ok(text) => match about {
                About::Email => self.email(text, line),
                About::Phone => is_e164(text).then_some(()).ok_or("not-e164"),
                _ => self.username(text, line),
            },
        };
        if let Err(reason) = checked {
            let kind = Kind::problem(about, reason);
            let text = String::from_utf8_lossy(&field);
            self.findings.add(kind, line, Some(&text));
        }
    }

    fn email(&mut self, text: &str, line: u64) -> Result<(), &'static str> {
        let address: EmailAddress = text.parse().map_err(|invalid| match invalid {
            InvalidEmail::AtSign => "invalid-at-sign",
            InvalidEmail::LocalPart => "invalid-local-part",
            InvalidEmail::Domain => "invalid-domain",
            InvalidEmail::Invisible => "invisible-characters",
            InvalidEmail::Routed => "routed-address",
            InvalidEmail::TooLong => "too-long",
        })?;
        if self.checked.duplicates {
            self.emails.add(&address.canonical(), text, line);
        }
        Ok(())
    }

    fn username(&mut self, text: &str, line: u64) -> Result<(), &'static str> {
        if self.checked.duplicates {
            self.usernames.add(&text.to_lowercase(), text, line);
        }
        if text.chars().any(char::is_whitespace) {
            return Err("blank-inside");
        }
        if text.chars().count() > MAX_USERNAME {
            return Err("too-long");
        }
        Ok(())
    }

    /// What all of it comes to.
    pub(crate) fn report(mut self, bytes: u64) -> Report {
        for (about, distinct) in [
            (About::Username, self.usernames),
            (About::Email, self.emails),
        ] {
            let [alike, differently] = distinct.repeated(self.findings.list);
            let kind = |reason| Kind::problem(about, reason);
            self.findings.add_repeated(kind("duplicate"), alike);
            self.findings
                .add_repeated(kind("same-but-for-case"), differently);
        }
        let not_checked = [
            (self.checked.username, "username"),
            (self.checked.email, "email"),
            (self.checked.phone, "phone"),
            (self.checked.duplicates, "duplicates"),
        ];
        let not_checked = not_checked.iter().filter(|(checked, _)| !checked);
        Report::new(
            self.rows,
            bytes,
            self.function,
            self.classes,
            self.findings.into_sorted(),
            not_checked.map(|(_, what)| *what).collect(),
        )
    }
}

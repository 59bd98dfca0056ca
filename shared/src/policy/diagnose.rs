//! All errors of a section at once, each with its line.
//!
//! serde stops at the first error. So: note it, take the value that caused it out of the parsed table,
//! and try again, until nothing is left to complain about. A required key that was taken out this way is
//! not reported as missing on top.

use std::{fmt, ops::Range};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

/// More than this many errors in one section help nobody.
const MAX_ERRORS: usize = 50;

/// One thing that is wrong with a policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub file: String,
    /// Line, from 1; 0 where the whole file is meant.
    pub line: usize,
    /// Key path, from the section's name.
    pub path: String,
    /// What is wrong and what was expected.
    pub message: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if !self.path.is_empty() {
            write!(f, ": {}", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// All that is wrong with a policy file, or with a section of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl PolicyErrors {
    pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self(vec![PolicyError {
            file: file.to_owned(),
            line: 0,
            path: String::new(),
            message: format!(
                "cannot be read ({error}): expected the policy layer there, or POLICY_FILE to name it"
            ),
        }])
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// A file's name and text, which turn positions into lines.
pub(super) struct Source {
    name: String,
    text: String,
}

impl Source {
    pub(super) fn new(name: &str, text: String) -> Self {
        let name = name.to_owned();
        Self { name, text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// An error about the value at `span`.
    pub(super) fn at(&self, span: Range<usize>, path: &str, message: &str) -> PolicyError {
        PolicyError {
            file: self.name.clone(),
            line: self.line(span.start),
            path: path.to_owned(),
            message: message.replace('\n', "; "),
        }
    }

    /// An error about the file as a whole.
    pub(super) fn whole(&self, message: String) -> PolicyError {
        PolicyError {
            file: self.name.clone(),
            line: 0,
            path: String::new(),
            message,
        }
    }

    /// The syntax errors that stand under `section`'s headers, or before any; all with `None`.
    pub(super) fn syntax_errors(
        &self,
        errors: &[toml::de::Error],
        section: Option<&str>,
    ) -> Vec<PolicyError> {
        let concerns = |error: &&toml::de::Error| {
            let offset = error.span().map_or(0, |span| span.start);
            let header = self.header_before(offset);
            section.is_none_or(|section| header.is_none_or(|header| header == section))
        };
        errors
            .iter()
            .filter(concerns)
            .take(MAX_ERRORS)
            .map(|error| self.at(error.span().unwrap_or(0..0), "", error.message()))
            .collect()
    }

    /// `value` as a `T`, or what is wrong with it.
    pub(super) fn deserialize<T: DeserializeOwned>(
        &self,
        name: &str,
        mut value: Spanned<DeValue<'_>>,
        errors: &mut Vec<PolicyError>,
    ) -> Option<T> {
        let mut removed: Vec<String> = Vec::new();
        for _ in 0..MAX_ERRORS {
            let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) if removed.is_empty() => return Some(read),
                Ok(_) => return None,
                Err(error) => error,
            };
            let mut span = error.span().unwrap_or_else(|| value.span());
            let mut steps = locate(&value, &span).unwrap_or_default();
            if let Some((index, element)) = culprit::<T>(&value, &steps, &error) {
                steps.push(Step::Index(index));
                span = element;
            }
            let path = join(name, &steps);
            let follows = missing_field(error.message())
                .is_some_and(|field| removed.contains(&format!("{path}.{field}")));
            if !follows {
                errors.push(self.at(span, &path, error.message()));
            }
            if steps.is_empty() || !remove(&mut value, &steps) {
                return None;
            }
            removed.push(path);
        }
        None
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        before.matches('\n').count() + 1
    }

    /// The first name of the last table header at or above `offset`.
    fn header_before(&self, offset: usize) -> Option<&str> {
        let line_end = self
            .text
            .get(offset..)
            .and_then(|rest| rest.find('\n'))
            .map_or(self.text.len(), |end| offset + end);
        let lines = self.text.get(..line_end)?.lines().rev();
        let mut headers = lines.filter_map(|line| line.trim_start().strip_prefix('['));
        let header = headers.next()?.trim_start_matches('[').trim_start();
        header
            .split(['.', ']', ' ', '"'])
            .find(|part| !part.is_empty())
    }
}

/// One step from a table or an array to a value in it.
#[derive(Clone)]
enum Step {
    Key(String),
    Index(usize),
}

/// The way to the innermost value that `span` lies in.
fn locate(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Step>> {
    let holds = |outer: Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let children: Vec<(Step, bool, &Spanned<DeValue<'_>>)> = match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .map(|(key, child)| {
                let step = Step::Key(key.get_ref().to_string());
                (step, holds(key.span()) || holds(child.span()), child)
            })
            .collect(),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .map(|(index, child)| (Step::Index(index), holds(child.span()), child))
            .collect(),
        _ => return None,
    };
    // A table under its own header has the header's span, so its children are looked at in any case.
    for (step, _, child) in &children {
        if let Some(inner) = locate(child, span) {
            return Some(std::iter::once(step.clone()).chain(inner).collect());
        }
    }
    let hit = children.into_iter().find(|(_, holds, _)| *holds);
    hit.map(|(step, ..)| vec![step])
}

/// Where `error` is about an element of the array at `steps`: which one, and its span. toml gives such
/// an error the span of the whole array, so the array is read element by element until it shows.
fn culprit<T: DeserializeOwned>(
    value: &Spanned<DeValue<'_>>,
    steps: &[Step],
    error: &toml::de::Error,
) -> Option<(usize, Range<usize>)> {
    let elements = descend(value, steps)?.get_ref().as_array()?;
    let fails_with_first = |count: &usize| {
        let mut shorter = value.clone();
        for later in (*count..elements.len()).rev() {
            let way: Vec<Step> = steps.iter().cloned().chain([Step::Index(later)]).collect();
            remove(&mut shorter, &way);
        }
        let fails = T::deserialize(ValueDeserializer::from(shorter)).err();
        fails.is_some_and(|fails| fails.span() == error.span())
    };
    // With no element left, the error is about the array itself.
    let index = (0..=elements.len())
        .find(fails_with_first)?
        .checked_sub(1)?;
    Some((index, elements.get(index)?.span()))
}

fn descend<'v, 'i>(
    value: &'v Spanned<DeValue<'i>>,
    steps: &[Step],
) -> Option<&'v Spanned<DeValue<'i>>> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_ref().as_table()?.get(key.as_str()),
        Step::Index(index) => value.get_ref().as_array()?.get(*index),
    })
}

fn remove(value: &mut Spanned<DeValue<'_>>, steps: &[Step]) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return false;
    };
    match (value.get_mut(), step) {
        (DeValue::Table(table), Step::Key(key)) if rest.is_empty() => {
            table.remove(key.as_str()).is_some()
        }
        (DeValue::Table(table), Step::Key(key)) => table
            .get_mut(key.as_str())
            .is_some_and(|child| remove(child, rest)),
        (DeValue::Array(array), Step::Index(index)) if rest.is_empty() => {
            let others = array.iter().enumerate().filter(|(i, _)| i != index);
            *array = others.map(|(_, child)| child.clone()).collect();
            true
        }
        (DeValue::Array(array), Step::Index(index)) => array
            .get_mut(*index)
            .is_some_and(|child| remove(child, rest)),
        _ => false,
    }
}

fn join(name: &str, steps: &[Step]) -> String {
    let mut path = name.to_owned();
    for step in steps {
        match step {
            Step::Key(key) => {
                path.push('.');
                path.push_str(key);
            }
            // Removed elements shift the later ones, so an index would mislead; the line tells.
            Step::Index(_) => path.push_str("[]"),
        }
    }
    path
}

/// The field of serde's own wording, "missing field `x`".
fn missing_field(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("missing field `")?;
    rest.split('`').next()
}

//! All errors of a section at once, each with its line.
//!
//! serde stops at the first error. So: note it, take the value that caused it out of the parsed table,
//! and try again, until nothing is left to complain about. A required key that was taken out this way is
//! not reported as missing on top.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

use super::{PolicyError, complaint::Complaint, place::Place};

/// More than this many errors in one section help nobody.
const MAX_ERRORS: usize = 50;

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

    /// `section` as a `T`, or `None` and what is wrong with it.
    pub(super) fn deserialize<T: DeserializeOwned>(
        &self,
        name: &str,
        mut section: Spanned<DeValue<'_>>,
        errors: &mut Vec<PolicyError>,
    ) -> Option<T> {
        let mut removed: Vec<String> = Vec::new();
        for _ in 0..MAX_ERRORS {
            let error = match T::deserialize(ValueDeserializer::from(section.clone())) {
                Ok(read) => return removed.is_empty().then_some(read),
                Err(error) => error,
            };
            let fault = Fault::locate::<T>(&section, &error);
            let complaint = Complaint::read(error.message());
            // An unknown key is not repeated; the line shows it.
            let shown = match complaint {
                Complaint::UnknownKey(_) => fault.place.parent(),
                _ => fault.place.clone(),
            };
            let follows = matches!(complaint, Complaint::Missing(key)
                if removed.contains(&format!("{}.{key}", fault.place)));
            if !follows {
                errors.push(self.at(fault.span, &format!("{name}{shown}"), &complaint.message()));
            }
            if fault.place.is_root() || !fault.place.remove_from(&mut section) {
                return None;
            }
            removed.push(fault.place.to_string());
        }
        None
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
            .map(|error| {
                let message = Complaint::read(error.message()).message();
                self.at(error.span().unwrap_or(0..0), "", &message)
            })
            .collect()
    }

    /// An error about the value at `span`.
    pub(super) fn at(&self, span: Range<usize>, path: &str, message: &str) -> PolicyError {
        PolicyError {
            file: self.name.clone(),
            line: self.line(span.start),
            path: path.to_owned(),
            message: message.to_owned(),
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

/// The value that an error of serde is about.
struct Fault {
    place: Place,
    span: Range<usize>,
}

impl Fault {
    /// Finds it by the error's span. toml gives an error about an element the span of the whole array, so
    /// such an array is read element by element until the error shows.
    fn locate<T: DeserializeOwned>(
        section: &Spanned<DeValue<'_>>,
        error: &toml::de::Error,
    ) -> Self {
        let span = error.span().unwrap_or_else(|| section.span());
        let place = Place::of(section, &span);
        let Some((index, element)) = culprit::<T>(section, &place, error) else {
            return Self { place, span };
        };
        Self {
            place: place.element(index),
            span: element,
        }
    }
}

/// The first element of the array at `place` with which reading fails as `error` says.
fn culprit<T: DeserializeOwned>(
    section: &Spanned<DeValue<'_>>,
    place: &Place,
    error: &toml::de::Error,
) -> Option<(usize, Range<usize>)> {
    let elements = place.find(section)?.get_ref().as_array()?;
    let fails_with_first = |count: &usize| {
        let mut shorter = section.clone();
        for later in (*count..elements.len()).rev() {
            place.element(later).remove_from(&mut shorter);
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

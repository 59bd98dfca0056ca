//! Places in a parsed table: which value a span lies in, and how to take it out.

use std::{fmt, ops::Range};

use toml::{Spanned, de::DeValue};

/// The way from a section's table to a value in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place(Vec<Step>);

/// One step from a table or an array to a value in it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl Place {
    /// The innermost value that `span` lies in.
    pub(super) fn of(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Self {
        Self(steps_to(value, span).unwrap_or_default())
    }

    /// Whether it is the section itself.
    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The table or array that the value is in.
    pub(super) fn parent(&self) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        Self(steps)
    }

    /// An element of the array at this place.
    pub(super) fn element(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// The value at this place.
    pub(super) fn find<'v, 'i>(
        &self,
        value: &'v Spanned<DeValue<'i>>,
    ) -> Option<&'v Spanned<DeValue<'i>>> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Key(key) => value.get_ref().as_table()?.get(key.as_str()),
            Step::Index(index) => value.get_ref().as_array()?.get(*index),
        })
    }

    /// Takes the value at this place out of `value`. Says whether there was one.
    pub(super) fn remove_from(&self, value: &mut Spanned<DeValue<'_>>) -> bool {
        remove(value, &self.0)
    }
}

impl fmt::Display for Place {
    /// `.key` and `[]`: removed elements shift the later ones, so an index would mislead; the line tells.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(_) => f.write_str("[]"),
        })
    }
}

fn steps_to(value: &Spanned<DeValue<'_>>, span: &Range<usize>) -> Option<Vec<Step>> {
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
        if let Some(inner) = steps_to(child, span) {
            return Some(std::iter::once(step.clone()).chain(inner).collect());
        }
    }
    let hit = children.into_iter().find(|(_, holds, _)| *holds);
    hit.map(|(step, ..)| vec![step])
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

//! Several errors as one.

use std::collections::BTreeSet;

use super::{Echoes, Error, Kind, Outcome};

impl Error {
    /// All these errors as one, in this order, each once; none is lost (E2).
    pub(crate) fn merge(mut errors: Vec<Error>) -> Outcome {
        match errors.len() {
            1 => Err(errors.remove(0)),
            _ => list(flatten(errors)),
        }
    }

    /// The same, but what only passes on one of the causes, outermost first, comes after the failures: it
    /// must not hide them. Nobody asks for the causes of a single error.
    pub(crate) fn merge_echoes_last(
        errors: Vec<Error>,
        causes: impl FnOnce() -> Vec<Error>,
    ) -> Outcome {
        let items = flatten(errors);
        if items.len() < 2 {
            return list(items);
        }
        let echoes = Echoes::of(&causes());
        let (failures, passed_on): (Vec<_>, Vec<_>) = items
            .into_iter()
            .partition(|item| echoes.passed_on(item).is_none());
        list([failures, passed_on].concat())
    }

    /// The same, and of those that only pass on that cause, the first stands for all.
    pub(crate) fn merge_once(
        errors: Vec<Error>,
        cause: &Error,
        causes: impl FnOnce() -> Vec<Error>,
    ) -> Outcome {
        let errors = Echoes::of(std::slice::from_ref(cause)).keep_first(errors);
        Error::merge_echoes_last(errors, causes)
    }

    /// What is left of this error without the echo of a cancellation; nothing, if it is no more than that.
    pub(crate) fn without_echo(self, cause: Option<&Error>) -> Outcome {
        let Some(cause) = cause else {
            return Err(self);
        };
        let kept = Echoes::of(std::slice::from_ref(cause)).keep_none(vec![self.clone()]);
        if kept.len() == self.side_by_side().len() {
            return Err(self);
        }
        list(kept)
    }
}

/// An error of these, which are flat.
fn list(mut items: Vec<Error>) -> Outcome {
    match items.len() {
        0 => Ok(()),
        1 => Err(items.remove(0)),
        _ => Err(Error::from_kind(Kind::Several(items))),
    }
}

/// The errors side by side in all of these, each once (E2).
pub(super) fn flatten(errors: Vec<Error>) -> Vec<Error> {
    match &errors[..] {
        [] => return errors,
        [only] if only.items().is_empty() => return errors,
        [only] => return only.items().to_vec(),
        _ => {}
    }
    let mut listed = BTreeSet::new();
    errors
        .iter()
        .flat_map(|error| error.side_by_side())
        .filter(|item| listed.insert(item.address()))
        .cloned()
        .collect()
}

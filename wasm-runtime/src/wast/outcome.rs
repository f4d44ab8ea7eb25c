//! How a step of a directive ends: a directive itself, loading something, running something.

use crate::Error;

/// The outcome of a directive that did not fail.
pub(super) enum Outcome {
    Passed,
    /// It has a reason if this directive's own module was refused.
    Skipped(Option<String>),
}

/// The outcome of loading the bytes of a module or component.
pub(super) enum Loaded<M> {
    Accepted(M),
    /// It was refused because of a proposal that is known to be missing.
    Missing(String),
    Refused(Error),
}

/// The outcome of running something.
pub(super) enum Run<V> {
    Returned(Vec<V>),
    Failed(Error),
    /// It depends on an instance that is missing.
    Missing(Option<String>),
}

//! Errors of adapters.

use crate::error::{Error, ErrorKind};

/// What validation excludes.
pub(super) fn invalid(what: impl Into<String>) -> Error {
    let what = what.into();
    Error::new(ErrorKind::Invalid, format!("a function between two components {what}"))
}

/// What is too large.
pub(super) fn limit(what: impl Into<String>) -> Error {
    let what = what.into();
    Error::new(ErrorKind::Limit, format!("a function between two components {what}"))
}

//! The error of a call that an exception has ended.

use std::fmt;

/// The error of a call that an exception has ended which nothing in Wasm caught. The exception
/// itself is the store's pending one ([`Store::has_pending_exception`]).
///
/// A host function that returns such an error to Wasm, with whatever context, has the pending
/// exception go on there: handlers of the Wasm that called the host function may catch it. Returned
/// to the host, it goes on as any error does. Other errors, panics and traps are never caught by
/// Wasm.
///
/// The message of the call's error names the tag; the root cause is this.
///
/// [`Store::has_pending_exception`]: crate::Store::has_pending_exception
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ThrownException;

impl fmt::Display for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("thrown Wasm exception")
    }
}

impl fmt::Debug for ThrownException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for ThrownException {}

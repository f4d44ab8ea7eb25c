//! The files of the suite that do not pass as a whole, by name.

/// Why a file does not pass as a whole.
pub(crate) enum Exception {
    /// Modules in it use these proposals (sorted), which are not translated yet. They must be
    /// refused because of just these; everything else in the file must hold.
    #[allow(dead_code, reason = "no file of the suite needs such a proposal for now")]
    Needs(&'static [&'static str]),
    /// These lines were correct for the proposal, but not for the specification that it became part
    /// of. Everything else in the file must hold.
    Superseded { lines: &'static [usize], reason: &'static str },
}

use Exception::Superseded;

/// The proposals that are not translated yet, as validation names them.
pub(crate) const LATER: &[&str] = &["custom-descriptors", "shared-everything-threads"];

/// The exception for a file, if there is one.
pub(crate) fn find(path: &str) -> Option<&'static Exception> {
    EXCEPTIONS.iter().find(|(name, _)| *name == path).map(|(_, exception)| exception)
}

/// All exceptions, by folder and file.
#[rustfmt::skip]
pub(crate) const EXCEPTIONS: &[(&str, Exception)] = &[
    ("mutable-global/linking", Superseded {
        lines: &[206, 227, 236, 238, 248, 298, 334, 342, 344, 354],
        reason: "since bulk memory, a segment that does not fit traps, after those before it were written",
    }),
    ("reference-types/unreached-invalid", Superseded {
        lines: &[539],
        reason: "since 2.0, targets of a `br_table` in unreachable code need not agree",
    }),
];

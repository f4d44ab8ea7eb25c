//! The error of reading and writing plans.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// Why a plan could not be read or written.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
}

/// What kind of problem an [`Error`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are no plan, or one of another version.
    NotAPlan,
    /// The bytes contradict themselves.
    Damaged,
    /// The component has more of something than a plan can hold.
    TooLarge,
    /// What was given to write is something that plans can't express.
    Unsupported,
}

impl Error {
    /// What kind of problem it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message: Cow::Owned(message) }
    }

    /// The named part is damaged. Static, because it is made where data is read in place.
    #[cold]
    pub(crate) const fn damaged(part: &'static str) -> Self {
        Self { kind: ErrorKind::Damaged, message: Cow::Borrowed(part) }
    }

    #[cfg(feature = "write")]
    #[cold]
    pub(crate) const fn too_large(what: &'static str) -> Self {
        Self { kind: ErrorKind::TooLarge, message: Cow::Borrowed(what) }
    }

    #[cfg(feature = "write")]
    #[cold]
    pub(crate) const fn unsupported(what: &'static str) -> Self {
        Self { kind: ErrorKind::Unsupported, message: Cow::Borrowed(what) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match self.kind {
            ErrorKind::NotAPlan => f.write_str(message),
            ErrorKind::Damaged => write!(
                f,
                "the plan of the component is damaged: {message}; compile the component again or \
                 restore the file"
            ),
            ErrorKind::TooLarge => write!(f, "the component is too large: {message}"),
            ErrorKind::Unsupported => write!(f, "{message}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for Error {}

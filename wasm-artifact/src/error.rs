//! The error of writing and reading artifacts.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// Why an artifact could not be written or read.
///
/// The message says what was found, where, and what to do about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: Cow<'static, str>,
    offset: Option<u64>,
}

/// What kind of problem an [`Error`] is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are something else; [`identify`](crate::identify) says what.
    NotAnArtifact,
    /// The bytes end too early.
    Truncated,
    /// Something follows the artifact, where that must not be.
    TrailingBytes,
    /// The artifact has another format version.
    UnsupportedVersion,
    /// The bytes contradict themselves.
    Damaged,
    /// The module is too large for the format.
    TooLarge,
    /// The bytes are the artifact of a component where one of a module was expected, or the other
    /// way round.
    OtherKind,
    /// What was given to write contradicts itself.
    InvalidInput,
}

impl Error {
    /// What kind of problem it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Where in the bytes, if it is known.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }

    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        Self { kind, message: Cow::Owned(message), offset: None }
    }

    /// The named part is damaged. Static, because it is made where data is read in place.
    #[cold]
    pub(crate) fn damaged(part: &'static str) -> Self {
        Self { kind: ErrorKind::Damaged, message: Cow::Borrowed(part), offset: None }
    }

    pub(crate) fn at(self, offset: usize) -> Self {
        Self { offset: Some(offset as u64), ..self }
    }

    #[cfg(feature = "write")]
    pub(crate) fn invalid_input(message: &'static str) -> Self {
        Self { kind: ErrorKind::InvalidInput, message: Cow::Borrowed(message), offset: None }
    }

    #[cfg(feature = "write")]
    pub(crate) fn too_large(message: &'static str) -> Self {
        Self { kind: ErrorKind::TooLarge, message: Cow::Borrowed(message), offset: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = &self.message;
        match self.kind {
            ErrorKind::Damaged => write!(
                f,
                "the artifact is damaged: {message}; compile the module again or restore the file"
            )?,
            ErrorKind::TooLarge => write!(f, "the module is too large for an artifact: {message}")?,
            ErrorKind::InvalidInput => {
                write!(f, "the compiled module cannot be written: {message}")?;
            }
            _ => f.write_str(message)?,
        }
        if let Some(offset) = self.offset {
            write!(f, " (at byte {offset:#x})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl core::error::Error for Error {}

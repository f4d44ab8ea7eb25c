//! The error of writing and reading artifacts.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::format::HEADER_OFFSET;

/// Why an artifact could not be written or read.
///
/// The message says what was found, where, and what to do about it.
#[derive(Clone)]
pub struct Error {
    cause: Cause,
}

/// Two words, of which the first is enough to know that nothing is to be freed: nearly everything
/// that reads an artifact returns one or the other.
#[derive(Clone)]
enum Cause {
    /// The named part is damaged. It allocates nothing, since it is made where data is read in
    /// place.
    Damaged(&'static str),
    Other(Box<Other>),
}

/// Any other cause.
#[derive(Clone)]
struct Other {
    kind: ErrorKind,
    message: Cow<'static, str>,
    offset: Option<u64>,
}

const _: () = assert!(size_of::<Error>() == 2 * size_of::<usize>());

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
        match &self.cause {
            Cause::Damaged(_) => ErrorKind::Damaged,
            Cause::Other(other) => other.kind,
        }
    }

    /// Where in the bytes, if it is known.
    pub fn offset(&self) -> Option<u64> {
        match &self.cause {
            Cause::Damaged(_) => None,
            Cause::Other(other) => other.offset,
        }
    }

    fn message(&self) -> &str {
        match &self.cause {
            Cause::Damaged(part) => part,
            Cause::Other(other) => &other.message,
        }
    }

    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: String) -> Self {
        Self::other(kind, Cow::Owned(message), None)
    }

    /// The named part is damaged.
    #[cold]
    pub(crate) fn damaged(part: &'static str) -> Self {
        Self { cause: Cause::Damaged(part) }
    }

    /// The named part is damaged, and it is known where.
    #[cold]
    pub(crate) fn damaged_at(part: &'static str, offset: usize) -> Self {
        Self::other(ErrorKind::Damaged, Cow::Borrowed(part), Some(offset as u64))
    }

    /// A table, by its name, has a size that is not one of its records.
    #[cold]
    pub(crate) fn damaged_table(name: &'static str) -> Self {
        let part = ["the size of the table ", name].concat();
        Self::other(ErrorKind::Damaged, Cow::Owned(part), Some(HEADER_OFFSET as u64))
    }

    #[cfg(feature = "write")]
    #[cold]
    pub(crate) fn invalid_input(message: &'static str) -> Self {
        Self::other(ErrorKind::InvalidInput, Cow::Borrowed(message), None)
    }

    #[cfg(feature = "write")]
    #[cold]
    pub(crate) fn too_large(message: &'static str) -> Self {
        Self::other(ErrorKind::TooLarge, Cow::Borrowed(message), None)
    }

    fn other(kind: ErrorKind, message: Cow<'static, str>, offset: Option<u64>) -> Self {
        Self { cause: Cause::Other(Box::new(Other { kind, message, offset })) }
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        let parts = |error: &Self| (error.kind(), error.offset());
        parts(self) == parts(other) && self.message() == other.message()
    }
}

impl Eq for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message();
        match self.kind() {
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
        if let Some(offset) = self.offset() {
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

//! Why a module could not be rewritten.

use std::fmt;

use wasm_types::Escaped;

use crate::item::Item;

/// Why a module could not be rewritten.
pub struct Error {
    kind: ErrorKind,
    item: Option<Box<Item>>,
    message: String,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not a valid module.
    Invalid,
    /// The module can't have this state: a list has another length than the index space, a value
    /// has another type, or contents lie outside of a memory or table.
    Mismatch,
    /// The state cannot be expressed in a module.
    Unrepresentable,
    /// The options name an export that does not exist, or request one name twice.
    Export,
    /// The result would exceed a limit of engines.
    Limit,
    /// The result is not valid. The state can be the reason, if a function has another type than a
    /// typed reference allows. So can a limit of the validator. Otherwise it is an error of this
    /// crate.
    Output,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, item: None, message: message.into() }
    }

    pub(crate) fn of(kind: ErrorKind, item: &Item, message: impl fmt::Display) -> Self {
        let message = format!("{item}: {message}");
        Self { kind, item: Some(Box::new(item.clone())), message }
    }

    pub(crate) fn output(error: wasmparser::Error) -> Self {
        Self::of_parser(ErrorKind::Output, "the rewritten module is not valid", &error)
    }

    /// The parser's error, which can contain names of the module.
    fn of_parser(kind: ErrorKind, what: &str, error: &wasmparser::Error) -> Self {
        let error = error.to_string();
        Self::new(kind, format!("{what}: {}", Escaped::new(&error)))
    }

    /// What kind of thing is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The global, table or memory that caused the error, if there is one.
    pub fn item(&self) -> Option<&Item> {
        self.item.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for Error {}

/// Parsing errors mean that the input is wrong.
impl From<wasmparser::Error> for Error {
    fn from(error: wasmparser::Error) -> Self {
        Self::of_parser(ErrorKind::Invalid, "the module is not valid", &error)
    }
}

/// Errors of encoding the module again: from parsing, or for a construct that can't be encoded.
impl From<wasm_encoder::reencode::Error> for Error {
    fn from(error: wasm_encoder::reencode::Error) -> Self {
        match error {
            wasm_encoder::reencode::Error::ParseError(error) => error.into(),
            other => Self::new(ErrorKind::Unrepresentable, {
                let other = other.to_string();
                format!("encoding the module again: {}", Escaped::new(&other))
            }),
        }
    }
}

//! The error of parsing and validation.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt;

use crate::demangle::demangle;
use crate::escaped::Escaped;
use crate::index::FuncIndex;

/// What kind of thing is wrong with a binary.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// The bytes are not WebAssembly at all.
    NotWasm,
    /// The bytes are a component, not a module.
    Component,
    /// The binary cannot be decoded (Wasm 3.0, section 5).
    Malformed,
    /// The module can be decoded but is not valid (Wasm 3.0, section 3).
    Invalid,
    /// The module uses a proposal that is switched off or that this version does not translate.
    Unsupported,
}

/// Why a binary was refused: what is wrong, and where.
#[derive(Clone, PartialEq, Eq)]
pub struct ParseError {
    // Boxed, so that a `Result` with it stays small.
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Inner {
    pub(super) kind: ParseErrorKind,
    pub(super) message: String,
    pub(super) offset: usize,
    pub(super) function: Option<(FuncIndex, Option<String>)>,
    pub(super) proposal: Option<&'static str>,
}

impl ParseError {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner: Box::new(inner) }
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ParseErrorKind {
        self.inner.kind
    }

    /// What is wrong, without where.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// Where it is wrong, in bytes from the start of the binary.
    pub fn offset(&self) -> usize {
        self.inner.offset
    }

    /// The function whose body is wrong, if it is a body.
    pub fn function(&self) -> Option<FuncIndex> {
        self.inner.function.as_ref().map(|(func, _)| *func)
    }

    /// The name of that function, if the name section has one.
    pub fn function_name(&self) -> Option<&str> {
        self.inner.function.as_ref()?.1.as_deref()
    }

    /// The proposal that the module uses, if the error is of kind [`ParseErrorKind::Unsupported`].
    pub fn proposal(&self) -> Option<&'static str> {
        self.inner.proposal
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((func, name)) = &self.inner.function {
            match name {
                Some(name) => {
                    let name = demangle(name);
                    write!(f, "in function {func} `{}`: ", Escaped::new(&name))?;
                }
                None => write!(f, "in function {func}: ")?,
            }
        }
        write!(f, "{}", Escaped::new(&self.inner.message))?;
        match self.inner.kind {
            // The message of an unsupported proposal says where it is used.
            ParseErrorKind::Unsupported | ParseErrorKind::NotWasm | ParseErrorKind::Component => {
                Ok(())
            }
            _ => write!(f, " (at offset {:#x})", self.inner.offset),
        }
    }
}

impl fmt::Debug for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::report::list(self, f)
    }
}

impl core::error::Error for ParseError {}

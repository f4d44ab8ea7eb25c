//! The error of translation and compilation.

use std::fmt;

use wasm_types::{CompileLimit, Escaped, FuncIndex, ParseError};

/// What kind of thing went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The body of a function is not valid, or uses a proposal that is not allowed.
    Invalid,
    /// The body is valid but holds an operator that this version does not translate.
    Unsupported,
    /// The target or one of its settings is not known.
    Target,
    /// The function or the module is larger than what machine code can be made for.
    Limit,
    /// The code generator refused the code. With valid input this is a bug of the translator or of
    /// an environment or a pass that was supplied.
    Codegen,
}

/// Why a function or a module could not be compiled: what, where, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    function: Option<FuncIndex>,
    name: Option<String>,
    offset: Option<usize>,
    source: Option<ParseError>,
    limit: Option<CompileLimit>,
}

impl Error {
    /// An error with no place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            inner: Box::new(Inner {
                kind,
                message: message.into(),
                function: None,
                name: None,
                offset: None,
                source: None,
                limit: None,
            }),
        }
    }

    /// An operator, type or feature that this version, or the environment, does not translate.
    pub fn unsupported(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Unsupported, format!("{what} is not supported"))
    }

    /// An operator that the environment leaves out of a family that it implements.
    pub(crate) fn refused(family: &str, operator: &str) -> Self {
        let reason = format!("{operator} is not supported by the environment (`{family}`)");
        Self::new(ErrorKind::Unsupported, reason)
    }

    /// Something is larger, or takes longer, than one of the limits allows; `what` says what.
    pub(crate) fn beyond(limit: CompileLimit, what: impl fmt::Display) -> Self {
        let mut error = Self::new(
            ErrorKind::Limit,
            format!("{what}: this is the limit `{limit}`, which `CompileLimits::{limit}` sets"),
        );
        error.inner.limit = Some(limit);
        error
    }

    /// Adds the function in which it went wrong, unless one is there already.
    #[must_use]
    pub fn in_function(mut self, function: FuncIndex, name: Option<&str>) -> Self {
        if self.inner.function.is_none() {
            self.inner.function = Some(function);
            self.inner.name = name.map(String::from);
        }
        self
    }

    /// Adds the place in the binary, in bytes from its start, unless one is there already.
    #[must_use]
    pub fn at(mut self, offset: usize) -> Self {
        self.inner.offset.get_or_insert(offset);
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// What is wrong, without where.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The function, if the error belongs to one.
    pub fn function(&self) -> Option<FuncIndex> {
        self.inner.function
    }

    /// Where it is wrong, in bytes from the start of the binary, if the place is known.
    pub fn offset(&self) -> Option<usize> {
        self.inner.offset
    }

    /// Which of the [`CompileLimits`](wasm_types::CompileLimits) it is that something is beyond, if
    /// the kind is [`ErrorKind::Limit`] and it is one of these. Other limits are the code
    /// generator's, and can't be set.
    pub fn limit(&self) -> Option<CompileLimit> {
        self.inner.limit
    }

    /// The error of validation, if the kind is [`ErrorKind::Invalid`].
    pub fn as_parse_error(&self) -> Option<&ParseError> {
        self.inner.source.as_ref()
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self {
            inner: Box::new(Inner {
                kind: ErrorKind::Invalid,
                message: error.message().into(),
                function: error.function(),
                name: error.function_name().map(String::from),
                offset: Some(error.offset()),
                source: Some(error),
                limit: None,
            }),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words of validation say where it went wrong themselves.
        if let Some(source) = &self.inner.source {
            return source.fmt(f);
        }
        match (&self.inner.function, &self.inner.name) {
            (Some(func), Some(name)) => {
                let name = wasm_types::demangle(name);
                write!(f, "in function {func} `{}`: ", Escaped::new(&name))?;
            }
            (Some(func), None) => write!(f, "in function {func}: ")?,
            (None, _) => {}
        }
        f.write_str(&self.inner.message)?;
        match self.inner.offset {
            Some(offset) => write!(f, " (at offset {offset:#x})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for Error {}

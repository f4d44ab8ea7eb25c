//! A directive that failed, and its position.

use std::fmt;
use std::path::Path;

use wasm_types::Escaped;
use wast::token::Span;

use crate::Error;

/// Why a script failed, and at which line.
///
/// Displays as `file:line:column: reason`. The line is where the directive starts.
pub struct WastError {
    file: String,
    line: usize,
    column: usize,
    reason: Error,
}

impl WastError {
    pub(super) fn at(file: &str, script: &str, span: Span, reason: Error) -> Self {
        let (line, column) = span.linecol_in(script);
        Self { file: file.to_owned(), line: line + 1, column: column + 1, reason }
    }

    /// The error for text that is not a script.
    pub(super) fn in_text(file: &str, script: &str, mut error: wast::Error) -> Self {
        let span = error.span();
        error.set_path(Path::new(file));
        error.set_text(script);
        Self::at(file, script, span, Error::new(error))
    }

    /// The line of the directive, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in which the directive begins, from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What went wrong there.
    pub fn reason(&self) -> &Error {
        &self.reason
    }
}

impl fmt::Display for WastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = format!("{:#}", self.reason);
        let (file, reason) = (Escaped::new(&self.file), Escaped::lines(&reason));
        write!(f, "{file}:{}:{}: {reason}", self.line, self.column)
    }
}

impl fmt::Debug for WastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        wasm_types::report::list(self, f)
    }
}

impl std::error::Error for WastError {}

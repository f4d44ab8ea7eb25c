//! A place in the source.

use std::fmt;

use wasm_types::Escaped;

/// A place in the source that a frame was at: see
/// [`FrameInfo::symbols`](super::FrameInfo::symbols).
#[derive(Clone, Debug)]
pub struct FrameSymbol {
    pub(super) name: Option<String>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

impl FrameSymbol {
    /// The name of the function. It may be mangled, as the function's compiler has written it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The file, with its directory.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line, from 1.
    pub fn line(&self) -> Option<u32> {
        self.line
    }

    /// The column, from 1.
    pub fn column(&self) -> Option<u32> {
        self.column
    }

    pub(super) fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{}", Escaped::new(&wasm_types::demangle(name))),
            None => f.write_str("<inlined function>"),
        }
    }

    /// Writes the place on a line of its own, if it is known.
    pub(super) fn write_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(file) = self.file() else { return Ok(()) };
        write!(f, "\n                    at {}", Escaped::new(file))?;
        let Some(line) = self.line() else { return Ok(()) };
        write!(f, ":{line}")?;
        match self.column() {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}

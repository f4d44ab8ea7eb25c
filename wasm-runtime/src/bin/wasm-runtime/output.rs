//! Standard output.
//!
//! Commands write through these functions. `println!` panics if the reader has closed the output
//! (`wasm-runtime inspect x | head -1`). Here that error is returned like any other, and
//! [`exit::code`](crate::exit::code) ends the process silently.

use std::fmt;
use std::io::{self, Write};

use wasm_runtime::Result;
use wasm_runtime::error::Context;

/// Writes a line to standard output.
pub(crate) fn line(line: fmt::Arguments<'_>) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").context(UNWRITABLE)
}

/// Writes text to standard output, and flushes it.
pub(crate) fn text(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// Writes bytes to standard output, and flushes it.
pub(crate) fn bytes(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context(UNWRITABLE)
}

const UNWRITABLE: &str = "can't write to standard output";

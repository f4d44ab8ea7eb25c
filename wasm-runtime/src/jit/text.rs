//! The text format (feature `wat`).

use std::borrow::Cow;
#[cfg(feature = "wat")]
use std::fmt;

use wasm_store::Result;
#[cfg(feature = "wat")]
use wasm_store::{Error, Escaped};

/// A module in the binary format. Text is translated.
#[cfg(feature = "wat")]
pub(super) fn to_binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    wat::parse_bytes(module).map_err(|error| Error::new(TextError(error)))
}

/// A module in the binary format. Text fails when it is read as a binary.
#[cfg(not(feature = "wat"))]
pub(super) fn to_binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    Ok(Cow::Borrowed(module))
}

/// The error for a text that is not a module. It shows lines of the text, escaped.
#[cfg(feature = "wat")]
struct TextError(wat::Error);

#[cfg(feature = "wat")]
impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped::lines(&self.0.to_string()))
    }
}

#[cfg(feature = "wat")]
impl fmt::Debug for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "wat")]
impl std::error::Error for TextError {}

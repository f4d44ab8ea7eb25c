//! The text format (feature `wat`).

use std::borrow::Cow;

use wasm_store::Result;

/// A module in the binary format: as it is if it is one, translated if it is text.
#[cfg(feature = "wat")]
pub(super) fn to_binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    Ok(wat::parse_bytes(module)?)
}

/// A module in the binary format. Text is left to fail where binaries are read.
#[cfg(not(feature = "wat"))]
pub(super) fn to_binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    Ok(Cow::Borrowed(module))
}

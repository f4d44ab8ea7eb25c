//! The functions of loaded code: their addresses, and names that every tool can read.

use wasm_types::Escaped;

use crate::error::Error;
use crate::loaded::Loaded;

/// A function in executable memory.
pub(super) struct Function<'a> {
    /// Which one of the module, with its imports.
    #[cfg(feature = "debug-info")]
    pub(super) func: wasm_types::FuncIndex,
    /// From the start of the text, in bytes.
    pub(super) offset: u32,
    pub(super) address: usize,
    pub(super) code: &'a [u8],
    pub(super) name: String,
}

/// The functions that have code, in the order of their indices.
pub(super) fn functions(loaded: &Loaded) -> Result<Vec<Function<'_>>, Error> {
    let artifact = loaded.artifact();
    let (text, start) = (artifact.text(), loaded.text().start);
    let mut functions = Vec::new();
    for symbol in artifact.symbols() {
        let symbol = symbol?;
        let (offset, len) = (symbol.code.offset as usize, symbol.code.len as usize);
        // The reader has checked that the code lies within the text.
        let code = text.get(offset..offset + len).unwrap_or_default();
        if !code.is_empty() {
            functions.push(Function {
                #[cfg(feature = "debug-info")]
                func: symbol.func,
                offset: symbol.code.offset,
                address: start + offset,
                code,
                name: printable(&symbol.name),
            });
        }
    }
    Ok(functions)
}

/// A name, [escaped](Escaped) so that no character in it ends it: the formats here end names with
/// line feeds and zeros, and Wasm names can have any character.
pub(super) fn printable(name: &str) -> String {
    Escaped::new(name).into()
}

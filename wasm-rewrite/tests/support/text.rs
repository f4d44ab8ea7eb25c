//! Modules of text.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::Parser;

/// The module of a text, encoded in the same way as by this crate, so that resulting sections can
/// be compared byte for byte.
pub(crate) fn encoded(text: &str) -> Vec<u8> {
    let wasm = wat::parse_str(text).unwrap();
    let mut module = wasm_encoder::Module::new();
    RoundtripReencoder.parse_core_module(&mut module, Parser::new(0), &wasm).unwrap();
    module.finish()
}

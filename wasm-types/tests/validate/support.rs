//! What the tests share.

use wasm_types::{Module, ParseError, WasmFeatures};

/// The binary of a module in the text format.
pub(crate) fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A valid module in the text format, parsed.
pub(crate) fn parse(text: &str) -> Module {
    match Module::parse(&binary(text), WasmFeatures::SUPPORTED) {
        Ok(module) => module,
        Err(error) => panic!("{error}\n{text}"),
    }
}

/// The error of a module in the text format that is refused.
pub(crate) fn refuse(text: &str) -> ParseError {
    refuse_with(text, WasmFeatures::SUPPORTED)
}

/// The error of a module in the text format that is refused with the given proposals allowed.
pub(crate) fn refuse_with(text: &str, features: WasmFeatures) -> ParseError {
    refuse_binary_with(&binary(text), features)
}

/// The error of a binary that is refused.
pub(crate) fn refuse_binary(wasm: &[u8]) -> ParseError {
    refuse_binary_with(wasm, WasmFeatures::SUPPORTED)
}

fn refuse_binary_with(wasm: &[u8], features: WasmFeatures) -> ParseError {
    Module::parse(wasm, features).expect_err("the module is to be refused")
}

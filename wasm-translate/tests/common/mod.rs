//! What the tests share.

#![allow(dead_code, reason = "each test uses its part")]

use wasm_translate::{Error, Settings, compile_module};
use wasm_types::{CompiledModule, Module, ParsedModule, WasmFeatures};

/// One target of each architecture that there is code for.
pub(crate) const TARGETS: &[&str] = &[
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64gc-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
];

/// Settings for a target that has vectors, with verified CLIF.
pub(crate) fn settings(target: &str) -> Settings {
    let mut settings = Settings::for_target(target).unwrap();
    if target.starts_with("riscv64") {
        settings.flag("has_v", "true").unwrap().flag("has_zvl128b", "true").unwrap();
    }
    settings.verifier(true);
    settings
}

/// The declarations of a module.
pub(crate) fn parse(wasm: &[u8]) -> ParsedModule {
    Module::parse_with_bodies(wasm, WasmFeatures::SUPPORTED).unwrap()
}

/// A module as machine code.
pub(crate) fn compile(wasm: &[u8], settings: &Settings) -> Result<CompiledModule, Error> {
    compile_module(&parse(wasm), wasm, settings)
}

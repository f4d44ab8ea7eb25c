//! A module of three functions, for the tests of what tools learn about them.

use std::sync::Arc;

use wasm_artifact::{WriteOptions, write};
use wasm_loader::Loaded;
use wasm_types::{
    AddressMapEntry, CompiledFunction, CompiledModule, EntityIndex, Export, FuncIndex, FuncType,
    Module, RecGroup, SubType, TypeIndex,
};

/// What the functions are called: by the name section, by an export, by nothing.
pub(crate) const NAMES: [&str; 3] = ["core::named\\n<é>", "exported", "wasm-function[2]"];

/// The offsets of the functions in the text, and their lengths in bytes.
pub(crate) const PLACES: [(usize, usize); 3] = [(0, 3), (16, 5), (32, 2)];

/// The address map: offset in the text, and in the Wasm binary.
pub(crate) const MAP: [(u32, u32); 4] = [(0, 100), (2, 104), (16, u32::MAX), (18, 200)];

/// The code of the functions: bytes that are never run.
pub(crate) fn text() -> Vec<u8> {
    (0..34).collect()
}

/// The module in executable memory. `symbols` says whether the artifact has ELF symbols.
pub(crate) fn loaded(symbols: bool) -> Arc<Loaded> {
    let mut module = Module {
        types: vec![SubType::func(FuncType::new([], []))],
        rec_groups: vec![RecGroup { start: TypeIndex::new(0), len: 1 }],
        functions: vec![TypeIndex::new(0); 3],
        exports: vec![Export {
            name: "exported".into(),
            index: EntityIndex::Func(FuncIndex::new(1)),
        }],
        ..Module::default()
    };
    module.names.module = Some("three".into());
    // A line feed would end the name in a perf map.
    module.names.functions.push((FuncIndex::new(0), "core::named\n<é>".into()));
    let compiled = CompiledModule {
        target: format!("{}-unknown-{}-gnu", std::env::consts::ARCH, std::env::consts::OS),
        text: text(),
        functions: PLACES
            .iter()
            .map(|&(offset, len)| CompiledFunction {
                offset: offset as u32,
                len: len as u32,
                frame_size: 0,
            })
            .collect(),
        address_map: MAP
            .iter()
            .map(|&(offset, wasm_offset)| AddressMapEntry { offset, wasm_offset })
            .collect(),
        ..CompiledModule::default()
    };
    let mut options = WriteOptions::new();
    options.symbols = symbols;
    let bytes = write(&module, &[], &compiled, &options).unwrap();
    // SAFETY: none of the code is run.
    unsafe { Loaded::from_bytes(&bytes) }.unwrap()
}

//! Properties of all modules, tested on random modules.

mod support;

use arbitrary::Unstructured;
use proptest::prelude::*;
use support::shape;
use wasm_rewrite::{ExposeOptions, PreinitializeOptions, expose, preinitialize};
use wasm_smith::{Config, Module};
use wasm_types::{GlobalState, MemoryState, ModuleState, RefState, TableState};
use wasmparser::{Parser, Payload, TypeRef, ValType};

/// A module with or without garbage collection, which has values that no state can express.
fn module(seed: &[u8], gc: bool) -> Vec<u8> {
    let config = Config {
        gc_enabled: gc,
        exceptions_enabled: true,
        threads_enabled: true,
        custom_page_sizes_enabled: true,
        compact_imports_enabled: true,
        tail_call_enabled: true,
        max_memories: 3,
        max_tables: 3,
        memory64_enabled: true,
        generate_custom_sections: true,
        ..Config::default()
    };
    Module::new(config, &mut Unstructured::new(seed)).unwrap().to_bytes()
}

/// The state before anything was written: sizes as declared, all else zero or null.
fn untouched(wasm: &[u8]) -> ModuleState {
    let mut state = ModuleState::default();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    match import.unwrap().ty {
                        TypeRef::Memory(_) => state.memories.push(None),
                        TypeRef::Table(_) => state.tables.push(None),
                        TypeRef::Global(_) => state.globals.push(None),
                        _ => {}
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    let pages = memory.unwrap().initial;
                    state.memories.push(Some(MemoryState { pages, chunks: Vec::new() }));
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let size = table.unwrap().ty.initial;
                    state.tables.push(Some(TableState { size, runs: Vec::new() }));
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    state.globals.push(Some(match global.unwrap().ty.content_type {
                        ValType::I32 => GlobalState::I32(0),
                        ValType::I64 => GlobalState::I64(0),
                        ValType::F32 => GlobalState::F32(0),
                        ValType::F64 => GlobalState::F64(0),
                        ValType::V128 => GlobalState::V128(0),
                        ValType::Ref(_) => GlobalState::Ref(RefState::Null),
                    }));
                }
            }
            Payload::ElementSection(section) => {
                state.dropped_elements = vec![true; section.count() as usize];
            }
            Payload::DataSection(section) => {
                state.dropped_data = vec![true; section.count() as usize];
            }
            _ => {}
        }
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn exposing_adds_exports_and_changes_nothing_else(
        seed in proptest::collection::vec(any::<u8>(), 0..4096),
    ) {
        let wasm = module(&seed, true);
        let exposed = expose(&wasm, &ExposeOptions::default()).unwrap();
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
            .validate_all(&exposed.wasm)
            .unwrap();
        let (before, mut after) = (shape(&wasm), shape(&exposed.wasm));
        let new = after.exports.split_off(before.exports.len());
        let names = exposed.items.iter().map(|item| &item.name);
        prop_assert!(names.eq(new.iter().map(|(name, _, _)| name)));
        let all = untouched(&wasm);
        prop_assert_eq!(new.len(), all.memories.len() + all.tables.len() + all.globals.len());
        prop_assert_eq!(after, before);
    }

    #[test]
    fn a_state_changes_neither_imports_nor_exports_nor_code(
        seed in proptest::collection::vec(any::<u8>(), 0..4096),
        dropped in any::<bool>(),
    ) {
        let wasm = module(&seed, false);
        let mut state = untouched(&wasm);
        state.dropped_data.fill(dropped);
        state.dropped_elements.fill(dropped);
        let options = PreinitializeOptions { keep_initialize: true, ..Default::default() };
        let output = preinitialize(&wasm, &state, &options).unwrap();
        let (mut before, mut after) = (shape(&wasm), shape(&output.wasm));
        prop_assert_eq!(after.start, None);
        before.start = None;
        // The name section is encoded again, and may have fewer names of segments.
        before.custom.retain(|(name, _)| name != "name");
        after.custom.retain(|(name, _)| name != "name");
        prop_assert_eq!(after, before);
        let mut again = untouched(&output.wasm);
        // Segments that were not dropped are passive now, or were declared.
        again.dropped_data.fill(dropped);
        again.dropped_elements.fill(dropped);
        let twice = preinitialize(&output.wasm, &again, &options).unwrap();
        prop_assert_eq!(shape(&twice.wasm).code, shape(&output.wasm).code);
    }
}

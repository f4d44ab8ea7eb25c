//! Proposals that show in more than code: what is rewritten keeps them.

#[path = "support/text.rs"]
mod text;

use text::encoded;
use wasm_rewrite::{
    ErrorKind, ExposeOptions, Imported, PreinitializeOptions, expose, preinitialize,
};
use wasm_types::{GlobalState, MemoryChunk, MemoryState, ModuleState};
use wasmparser::{Imports, Parser, Payload};

fn define() -> PreinitializeOptions {
    PreinitializeOptions { imported: Imported::Define, ..PreinitializeOptions::default() }
}

/// How many groups the imports of a module are in, and how many imports there are.
fn imports(wasm: &[u8]) -> (usize, usize) {
    let (mut groups, mut imports) = (0, 0);
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::ImportSection(section) = payload.unwrap() else { continue };
        groups += section.clone().into_iter().filter(is_group).count();
        imports += section.into_imports().count();
    }
    (groups, imports)
}

fn is_group(imports: &Result<Imports<'_>, wasmparser::Error>) -> bool {
    !matches!(imports, Ok(Imports::Single(..)))
}

const COMPACT: &str = r#"(module
    (import "e" (item "f" (func)) (item "g" (global i32)))
    (import "e" (item "h") (item "i") (global i32))
    (global (export "own") (mut i32) (i32.const 0)))"#;

#[test]
fn compact_imports_stay_where_nothing_becomes_defined() {
    let wasm = encoded(COMPACT);
    assert_eq!(imports(&wasm), (2, 4));
    let exposed = expose(&wasm, &ExposeOptions::default()).unwrap().wasm;
    assert_eq!(imports(&exposed), (2, 4));
    let value = |value| Some(GlobalState::I32(value));
    let state = ModuleState { globals: vec![None, None, None, value(5)], ..ModuleState::default() };
    let output = preinitialize(&wasm, &state, &PreinitializeOptions::default()).unwrap().wasm;
    assert_eq!(
        output,
        encoded(&COMPACT.replace("(mut i32) (i32.const 0)", "(mut i32) (i32.const 5)"))
    );
    let state =
        ModuleState { globals: vec![None, value(6), None, value(5)], ..ModuleState::default() };
    let output = preinitialize(&wasm, &state, &define()).unwrap().wasm;
    assert_eq!(imports(&output), (0, 3));
}

#[test]
fn names_that_a_small_section_multiplies_are_refused() {
    let items: String = (0..1_000).map(|item| format!("(item \"{item}\")")).collect();
    let wasm = encoded(&format!("(module (import \"{}\" {items} (func)))", "a".repeat(100_000)));
    let error = expose(&wasm, &ExposeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    assert!(error.to_string().contains("have more than 67108864 bytes"), "{error}");
}

#[test]
fn memories_with_pages_of_one_byte_are_as_large_as_in_the_state() {
    let text = |size, data: &str| format!("(module (memory {size} 9 (pagesize 1)) {data})");
    let state = |pages, offset, bytes: &[u8]| ModuleState {
        memories: vec![Some(MemoryState {
            pages,
            chunks: vec![MemoryChunk { offset, bytes: bytes.to_vec() }],
        })],
        ..ModuleState::default()
    };
    let run = |state: &ModuleState| {
        preinitialize(&encoded(&text(3, "")), state, &PreinitializeOptions::default())
    };
    let output = run(&state(7, 5, b"ab")).unwrap().wasm;
    assert_eq!(output, encoded(&text(7, r#"(data (i32.const 5) "ab")"#)));
    for wrong in [state(2, 0, b"a"), state(10, 0, b"a"), state(7, 6, b"ab")] {
        assert_eq!(run(&wrong).unwrap_err().kind(), ErrorKind::Mismatch, "{wrong:?}");
    }
    let unlimited = encoded("(module (memory 0 (pagesize 1)))");
    let options = PreinitializeOptions::default();
    let most = u64::from(u32::MAX);
    assert!(preinitialize(&unlimited, &state(most, 5, b"a"), &options).is_ok());
    let error = preinitialize(&unlimited, &state(most + 1, 5, b"a"), &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
}

#[test]
fn branch_hints_stay_with_code_that_stays() {
    let text = r#"(module (import "e" "g" (global i32)) (import "e" "h" (global i32))
        (func (result i32)
            global.get 0
            (@metadata.code.branch_hint "\00") if (return (i32.const 1)) end
            global.get 1))"#;
    let wasm = encoded(text);
    let hints = |wasm: &[u8]| {
        Parser::new(0).parse_all(wasm).find_map(|payload| match payload.unwrap() {
            Payload::CustomSection(section) if section.name().ends_with("branch_hint") => {
                Some(section.data().to_vec())
            }
            _ => None,
        })
    };
    assert!(hints(&wasm).is_some());
    let globals =
        |first, last| ModuleState { globals: vec![first, last], ..ModuleState::default() };
    let one = Some(GlobalState::I32(1));
    let output = preinitialize(&wasm, &globals(None, one), &define()).unwrap();
    assert_eq!(hints(&output.wasm), hints(&wasm), "no index changes");
    let output = preinitialize(&wasm, &globals(one, None), &define()).unwrap();
    assert_eq!(hints(&output.wasm), None);
    assert_eq!(output.dropped_sections, ["metadata.code.branch_hint"]);
}

//! Modules that start in given states, compared with the expected modules as text.

mod support;
#[path = "support/text.rs"]
mod text;

use support::shape;
use text::encoded;
use wasm_rewrite::{ErrorKind, Imported, PreinitializeOptions, Preinitialized, preinitialize};
use wasm_types::{
    FuncIndex, GlobalState, MemoryChunk, MemoryState, ModuleState, RefState, TableRun, TableState,
};

fn memory(pages: u64, chunks: &[(u64, &[u8])]) -> Option<MemoryState> {
    let chunk = |&(offset, bytes): &(u64, &[u8])| MemoryChunk { offset, bytes: bytes.to_vec() };
    Some(MemoryState { pages, chunks: chunks.iter().map(chunk).collect() })
}

/// A table of functions; -1 is null.
fn table(size: u64, offset: u64, elements: &[i32]) -> Option<TableState> {
    let element = |&function: &i32| match u32::try_from(function) {
        Ok(function) => RefState::Func(FuncIndex::new(function)),
        Err(_) => RefState::Null,
    };
    let elements = elements.iter().map(element).collect();
    Some(TableState { size, runs: vec![TableRun { offset, elements }] })
}

fn run(text: &str, state: &ModuleState) -> Preinitialized {
    preinitialize(&encoded(text), state, &PreinitializeOptions::default()).unwrap()
}

fn define(text: &str, state: &ModuleState) -> Preinitialized {
    let options =
        PreinitializeOptions { imported: Imported::Define, ..PreinitializeOptions::default() };
    preinitialize(&encoded(text), state, &options).unwrap()
}

fn becomes(text: &str, state: &ModuleState, expected: &str) {
    let output = run(text, state);
    assert_eq!(output.wasm, encoded(expected), "{}", hint(&output.wasm));
    assert_eq!(run(text, state), output, "the same input gives the same output");
}

fn hint(wasm: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(wasm))
}

fn fails(text: &str, state: &ModuleState, kind: ErrorKind, part: &str) {
    let error = preinitialize(&encoded(text), state, &PreinitializeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn memories_grow_and_hold_what_they_held() {
    let state = ModuleState {
        memories: vec![
            memory(3, &[(10, b"\0ab\0\0c"), (16, b"d"), (131_000, b"\x01")]),
            memory(5, &[(1 << 18, b"z")]),
            memory(7, &[(6, b"!")]),
        ],
        dropped_data: vec![true],
        ..ModuleState::default()
    };
    becomes(
        r#"(module (memory 1 4) (memory i64 2) (memory 0 (pagesize 1)) (data (i32.const 0) "old"))"#,
        &state,
        r#"(module (memory 3 4) (memory i64 5) (memory 7 (pagesize 1))
            (data (i32.const 11) "ab\00\00cd") (data (i32.const 131000) "\01")
            (data (memory 1) (i64.const 262144) "z") (data (memory 2) (i32.const 6) "!"))"#,
    );
}

#[test]
fn segments_that_code_names_keep_their_indices() {
    let state = ModuleState {
        memories: vec![memory(1, &[(0, b"a"), (100, b"b"), (200, b"c")])],
        dropped_data: vec![true, true, false, true, true],
        ..ModuleState::default()
    };
    let code = r#"(func (memory.init 1 (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop 4))"#;
    becomes(
        &format!(
            r#"(module (memory 1) {code} (data $gone (i32.const 0) "0") (data $one "1")
                (data $two "2") (data "3") (data $four (i32.const 4) "4"))"#
        ),
        &state,
        &format!(
            r#"(module (memory 1) {code} (data (i32.const 0) "a") (data $one "") (data $two "2")
                (data (i32.const 100) "b") (data $four "") (data (i32.const 200) "c"))"#
        ),
    );
}

#[test]
fn more_runs_than_segments_are_put_together() {
    let mut bytes = vec![0_u8; 16 * 100_010];
    for byte in bytes.iter_mut().step_by(16) {
        *byte = 1;
    }
    let state =
        ModuleState { memories: vec![memory(25, &[(0, &bytes)])], ..ModuleState::default() };
    let output = run("(module (memory 1))", &state);
    let mut segments = 0;
    let mut found = vec![0_u8; bytes.len()];
    for payload in wasmparser::Parser::new(0).parse_all(&output.wasm) {
        let wasmparser::Payload::DataSection(section) = payload.unwrap() else { continue };
        for segment in section {
            let segment = segment.unwrap();
            let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind else { panic!() };
            let operator = offset_expr.get_operators_reader().read().unwrap();
            let wasmparser::Operator::I32Const { value } = operator else { panic!() };
            let start = value as usize;
            found[start..start + segment.data.len()].copy_from_slice(segment.data);
            segments += 1;
        }
    }
    assert_eq!(segments, 100_000);
    assert!(found == bytes);
}

#[test]
fn globals_have_their_values() {
    let nan = 0x7fa0_0001;
    let state = ModuleState {
        globals: vec![
            Some(GlobalState::I32(-1)),
            Some(GlobalState::I64(i64::MIN)),
            Some(GlobalState::F32(nan)),
            Some(GlobalState::F64(0x7ff4_0000_0000_0001)),
            Some(GlobalState::V128(u128::MAX - 1)),
            Some(GlobalState::Ref(RefState::Func(FuncIndex::new(1)))),
            Some(GlobalState::Ref(RefState::Null)),
            None,
        ],
        ..ModuleState::default()
    };
    becomes(
        r#"(module (func) (func) (start 0)
            (global (mut i32) (i32.const 0)) (global (mut i64) (i64.const 0))
            (global (mut f32) (f32.const 0)) (global (mut f64) (f64.const 0))
            (global (mut v128) (v128.const i64x2 0 0))
            (global (mut funcref) (ref.null func)) (global (mut externref) (ref.null extern))
            (global i32 (i32.add (i32.const 1) (i32.const 2))))"#,
        &state,
        r#"(module (func) (func)
            (global (mut i32) (i32.const -1)) (global (mut i64) (i64.const 0x8000000000000000))
            (global (mut f32) (f32.const nan:0x200001))
            (global (mut f64) (f64.const nan:0x4000000000001))
            (global (mut v128) (v128.const i64x2 -2 -1))
            (global (mut funcref) (ref.func 1)) (global (mut externref) (ref.null extern))
            (global i32 (i32.add (i32.const 1) (i32.const 2))))"#,
    );
}

#[test]
fn tables_grow_and_hold_what_they_held() {
    let state = ModuleState {
        tables: vec![
            table(9, 2, &[0, 1, -1, 0]),
            table(4, 1, &[1]),
            table(3, 0, &[]),
            table(2, 1, &[0]),
        ],
        dropped_elements: vec![true],
        ..ModuleState::default()
    };
    becomes(
        r#"(module (type $t (func)) (func (type $t)) (func (type $t))
            (table 5 9 funcref) (table i64 1 funcref) (table 3 externref) (table 2 (ref null $t))
            (elem (i32.const 0) func 0 0))"#,
        &state,
        r#"(module (type $t (func)) (func (type $t)) (func (type $t))
            (table 9 9 funcref) (table i64 4 funcref) (table 3 externref) (table 2 (ref null $t))
            (elem (i32.const 2) func 0 1) (elem (i32.const 5) func 0)
            (elem (table 1) (i64.const 1) func 1)
            (elem (table 3) (i32.const 1) (ref null $t) (ref.func 0)))"#,
    );
}

#[test]
fn tables_without_null_keep_their_initialiser() {
    let state = ModuleState { tables: vec![table(2, 0, &[1, 0])], ..ModuleState::default() };
    becomes(
        "(module (func) (func) (table 1 (ref func) (ref.func 0)))",
        &state,
        "(module (func) (func) (table 2 (ref func) (ref.func 0))
           (elem (i32.const 0) (ref func) (ref.func 1) (ref.func 0)))",
    );
    let state = ModuleState { tables: vec![table(2, 0, &[1])], ..ModuleState::default() };
    let text = "(module (func) (func) (table 1 (ref func) (ref.func 0)))";
    fails(text, &state, ErrorKind::Mismatch, "table 0: 1 of its 2 elements");
}

#[test]
fn dropped_elements_and_declarations() {
    let state = ModuleState {
        tables: vec![table(3, 0, &[2])],
        dropped_elements: vec![true, true, false, true],
        ..ModuleState::default()
    };
    let code = "(func (table.init 1 (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop 3)
                  (drop (ref.func 1)) (drop (ref.func 2)) (drop (ref.func 3)))
                (func) (func) (func)";
    becomes(
        &format!(
            "(module {code} (table 3 funcref) (elem (i32.const 0) func 1 2) (elem func 1 1)
               (elem func 3) (elem funcref (ref.null func)) )"
        ),
        &state,
        &format!(
            "(module {code} (table 3 funcref) (elem (i32.const 0) func 2) (elem func)
               (elem func 3) (elem funcref) (elem declare func 1))"
        ),
    );
}

#[test]
fn exports_go_and_get_other_names() {
    let text = r#"(module (func (export "init")) (func (export "_start")) (func (export "resume"))
        (func (export "_initialize")) (memory (export "memory") 0))"#;
    let state = ModuleState { memories: vec![memory(0, &[])], ..ModuleState::default() };
    let mut options = PreinitializeOptions {
        remove_exports: vec!["init".into()],
        rename_exports: vec![("resume".into(), "_start".into())],
        ..PreinitializeOptions::default()
    };
    let exports = |options: &PreinitializeOptions| {
        shape(&preinitialize(&encoded(text), &state, options).unwrap().wasm).exports
    };
    let start = ("_start".to_owned(), "Func".to_owned(), 2);
    let memory = ("memory".to_owned(), "Memory".to_owned(), 0);
    let initialize = ("_initialize".to_owned(), "Func".to_owned(), 3);
    assert_eq!(exports(&options), [start.clone(), memory.clone()]);
    options.keep_initialize = true;
    assert_eq!(exports(&options), [start, initialize, memory]);

    let error = |remove: &[&str], rename: &[(&str, &str)]| {
        let options = PreinitializeOptions {
            remove_exports: remove.iter().map(|&name| name.to_owned()).collect(),
            rename_exports: rename.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect(),
            ..PreinitializeOptions::default()
        };
        let error = preinitialize(&encoded(text), &state, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Export, "{error}");
        error.to_string()
    };
    assert!(error(&["missing"], &[]).contains("\"missing\""));
    assert!(error(&["memory"], &[]).contains("not a function"));
    assert!(error(&["init"], &[("init", "x")]).contains("\"init\""));
    assert!(error(&[], &[("init", "x"), ("resume", "x")]).contains("\"x\""));
}

const IMPORTS: &str = r#"(import "e" "g" (global $g i32)) (import "e" "h" (global $h (mut i32)))
    (import "e" "t" (table $t 2 funcref)) (import "e" "m" (memory $m 1))"#;

#[test]
fn what_is_imported_and_not_in_the_state_stays_with_its_segments() {
    let rest = r#"(func $f) (elem (global.get $g) func $f) (data (global.get $g) "d")"#;
    let state = ModuleState {
        memories: vec![None],
        tables: vec![None],
        globals: vec![None, None],
        dropped_data: vec![true],
        dropped_elements: vec![true],
        ..ModuleState::default()
    };
    let text = format!("(module {IMPORTS} {rest})");
    becomes(&text, &state, &text);
}

#[test]
fn what_is_imported_and_in_the_state_is_refused_or_defined() {
    let text = format!(
        r#"(module {IMPORTS} (global $own (mut i32) (i32.const 0))
            (func (export "f") (result i32)
              (global.set $own (i32.const 1))
              (i32.add (global.get $g) (global.get $h)))
            (data (global.get $g) "d"))"#
    );
    let state = ModuleState {
        memories: vec![None],
        tables: vec![table(4, 0, &[0])],
        globals: vec![Some(GlobalState::I32(7)), None, Some(GlobalState::I32(8))],
        dropped_data: vec![true],
        ..ModuleState::default()
    };
    fails(&text, &state, ErrorKind::Unrepresentable, r#"table 0 ($t), imported as "e" "t""#);
    let output = define(&text, &state);
    let expected = encoded(
        r#"(module (import "e" "h" (global $h (mut i32))) (import "e" "m" (memory $m 1))
            (table $t 4 funcref) (global $g i32 (i32.const 7)) (global $own (mut i32) (i32.const 8))
            (func (export "f") (result i32)
              (global.set $own (i32.const 1))
              (i32.add (global.get $g) (global.get $h)))
            (elem (i32.const 0) func 0)
            (data (i32.const 7) "d"))"#,
    );
    // The names of the input keep the order of their subsections, so everything is compared.
    let (actual, expected) = (shape(&output.wasm), shape(&expected));
    assert_eq!(actual.code, expected.code);
    assert_eq!(actual.imports, expected.imports);
    assert_eq!(actual.custom, expected.custom);
    assert_eq!(actual.exports, expected.exports);
}

#[test]
fn custom_sections_that_are_no_longer_right_are_reported() {
    let custom = r#"(@custom ".debug_info" "d") (@custom "linking" "l") (@custom "reloc.CODE" "r")
        (@custom "sourceMappingURL" "\01x") (@custom "producers" "p")"#;
    let text = format!(
        r#"(module (import "e" "g" (global i32)) (import "e" "h" (global i32))
            (func (result i32) (global.get 0)) {custom})"#
    );
    let none = ModuleState { globals: vec![None, None], ..ModuleState::default() };
    let output = run(&text, &none);
    assert_eq!(output.dropped_sections, ["linking", "reloc.CODE"], "code is where it was");
    let first =
        ModuleState { globals: vec![Some(GlobalState::I32(1)), None], ..ModuleState::default() };
    let dropped = define(&text, &first).dropped_sections;
    assert_eq!(dropped, [".debug_info", "linking", "reloc.CODE", "sourceMappingURL"]);
    let last =
        ModuleState { globals: vec![None, Some(GlobalState::I32(1))], ..ModuleState::default() };
    let dropped = define(&text, &last).dropped_sections;
    assert_eq!(dropped, ["linking", "reloc.CODE", "sourceMappingURL"], "no index changes");
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let with = |memories, tables, globals| ModuleState {
        memories,
        tables,
        globals,
        ..ModuleState::default()
    };
    let memories = "(module (memory $m 2 3))";
    let bad = |state, part| {
        fails(memories, &with(vec![state], vec![], vec![]), ErrorKind::Mismatch, part)
    };
    bad(memory(4, &[]), "memory 0 ($m): it has 4 pages in the state; its type allows 2 to 3");
    bad(memory(1, &[]), "it has 1 pages");
    bad(memory(2, &[(131_071, b"ab")]), "contents up to 131073");
    bad(memory(2, &[(u64::MAX, b"ab")]), "contents up to");
    bad(memory(2, &[(4, b"ab"), (5, b"c")]), "ends at 6");
    let none = with(vec![None], vec![], vec![]);
    fails(memories, &none, ErrorKind::Unrepresentable, "memory 0 ($m): the state does not say");
    fails(memories, &ModuleState::default(), ErrorKind::Mismatch, "the state has 0 memories");

    let tables = "(module (func) (table 1 funcref))";
    let bad =
        |state, part| fails(tables, &with(vec![], vec![state], vec![]), ErrorKind::Mismatch, part);
    bad(table(1, 0, &[1]), "refers to function 1, but the module has 1 functions");
    bad(table(1, 1, &[0]), "contents up to 2");
    let state = with(vec![], vec![table(1, 0, &[0])], vec![]);
    fails("(module (func) (table 1 externref))", &state, ErrorKind::Mismatch, "externref");

    let globals = "(module (global $x (mut i32) (i32.const 0)))";
    let state = with(vec![], vec![], vec![Some(GlobalState::I64(0))]);
    fails(globals, &state, ErrorKind::Mismatch, "global 0 ($x): its type is i32");
    let state = with(vec![], vec![], vec![None]);
    fails(globals, &state, ErrorKind::Unrepresentable, "global 0 ($x)");
}

#[test]
fn shared_memories_are_no_obstacle() {
    let state = ModuleState { memories: vec![memory(2, &[(0, b"s")])], ..ModuleState::default() };
    becomes(
        "(module (memory 1 2 shared))",
        &state,
        "(module (memory 2 2 shared) (data (i32.const 0) \"s\"))",
    );
}

#[test]
fn a_function_of_another_type_is_refused() {
    let state = ModuleState { tables: vec![table(1, 0, &[1])], ..ModuleState::default() };
    let text =
        "(module (type $t (func)) (func (type $t)) (func (param i32)) (table 1 (ref null $t)))";
    fails(text, &state, ErrorKind::Output, "type mismatch");
}

#[test]
fn a_module_of_the_first_edition_stays_one() {
    let state = ModuleState {
        memories: vec![memory(2, &[(0, b"a"), (50, b"b")])],
        tables: vec![table(5, 1, &[0, -1, 0])],
        globals: vec![Some(GlobalState::I32(3))],
        dropped_data: vec![true],
        dropped_elements: vec![true],
        ..ModuleState::default()
    };
    let text = r#"(module (func) (memory 1) (table 5 funcref) (global (mut i32) (i32.const 0))
        (elem (i32.const 0) 0) (data (i32.const 0) "x"))"#;
    let output = run(text, &state);
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::WASM1)
        .validate_all(&output.wasm)
        .unwrap();
}

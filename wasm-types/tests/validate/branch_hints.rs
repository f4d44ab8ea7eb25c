//! The section of branch hints: read if it is well-formed and allowed, else passed over.

use wasm_types::{DefinedFuncIndex, Module, ParsedModule, WasmFeatures};

use crate::support::binary;

/// Two functions with a branch each, and a third without, behind an imported one. The branches are
/// at offset 3 of their bodies.
const TEXT: &str = r#"(module (import "" "" (func))
    (func (param i32) local.get 0 if end) (func) (func (param i32) local.get 0 if end))"#;

/// A custom section with this name and content.
fn section(name: &str, content: &[u8]) -> Vec<u8> {
    let payload = [&[name.len() as u8][..], name.as_bytes(), content].concat();
    [&[0, payload.len() as u8][..], &payload].concat()
}

/// The module with sections in front of the code, and others at the end.
fn with(before: &[u8], after: &[u8]) -> Vec<u8> {
    let wasm = binary(TEXT);
    let code = wasm
        .windows(3)
        .position(|bytes| bytes[0] == 10 && bytes[2] == 3)
        .expect("a code section with three bodies");
    [&wasm[..code], before, &wasm[code..], after].concat()
}

fn parse(wasm: &[u8], features: WasmFeatures) -> ParsedModule {
    let parsed = Module::parse_with_bodies(wasm, features).expect("hints are never refused");
    parsed.validate_bodies(wasm).expect("hints are never refused");
    parsed
}

/// What is said of the `if` of a function.
fn hint(wasm: &[u8], parsed: &ParsedModule, func: u32) -> Option<bool> {
    let func = DefinedFuncIndex::new(func);
    let start = parsed.module().bodies[func.index()].range.start as u64;
    parsed.hints_of(wasm, func)?.is_likely(start + 3)
}

const NAME: &str = "metadata.code.branch_hint";
const GOOD: [u8; 11] = [2, 1, 1, 3, 1, 0, 3, 1, 3, 1, 1];

#[test]
fn hints_are_found_by_their_place() {
    let wasm = with(&section(NAME, &GOOD), &[]);
    let parsed = parse(&wasm, WasmFeatures::BRANCH_HINTING);
    let found: Vec<_> = parsed.module().branch_hints.functions().map(|f| f.as_u32()).collect();
    assert_eq!(found, [0, 2]);
    assert_eq!([0, 1, 2].map(|func| hint(&wasm, &parsed, func)), [Some(false), None, Some(true)]);
    let body = parsed.module().bodies[0].range.start as u64;
    let mut hints = parsed.hints_of(&wasm, DefinedFuncIndex::new(0)).unwrap();
    let all = (body..body + 6).map(|offset| hints.is_likely(offset)).collect::<Vec<_>>();
    assert_eq!(all, [None, None, None, Some(false), None, None]);
}

#[test]
fn hints_that_are_not_allowed_are_not_read() {
    let wasm = with(&section(NAME, &GOOD), &[]);
    assert!(parse(&wasm, WasmFeatures::DEFAULT).module().branch_hints.is_empty());
}

#[test]
fn hints_that_are_wrong_are_passed_over() {
    let sections: [&[u8]; 13] = [
        &[],
        // More is announced than there is.
        &[2, 1, 1, 3, 1, 0],
        &[1, 1, 2, 3, 1, 0],
        // Something behind the end.
        &[1, 1, 1, 3, 1, 0, 7],
        // A value that is neither 0 nor 1, and one of another size.
        &[1, 1, 1, 3, 1, 2],
        &[1, 1, 1, 3, 2, 0, 0],
        &[1, 1, 1, 3, 0],
        // An imported function, one that does not exist, and functions out of order.
        &[1, 0, 1, 3, 1, 0],
        &[1, 4, 1, 3, 1, 0],
        &[2, 3, 1, 3, 1, 0, 1, 1, 3, 1, 0],
        &[2, 1, 1, 3, 1, 0, 1, 1, 3, 1, 0],
        // Places out of order.
        &[1, 1, 2, 3, 1, 0, 3, 1, 1],
        &[1, 1, 2, 4, 1, 0, 3, 1, 1],
    ];
    for content in sections {
        let wasm = with(&section(NAME, content), &[]);
        let parsed = parse(&wasm, WasmFeatures::SUPPORTED);
        assert!(parsed.module().branch_hints.is_empty(), "{content:?}");
    }
}

#[test]
fn places_without_a_branch_are_passed_over() {
    // At a constant, and far behind the end of the body.
    let wasm = with(&section(NAME, &[1, 1, 2, 1, 1, 0, 0xff, 0x7f, 1, 0]), &[]);
    let parsed = parse(&wasm, WasmFeatures::SUPPORTED);
    assert_eq!(hint(&wasm, &parsed, 0), None);
}

#[test]
fn only_the_first_section_before_the_code_counts() {
    let other = section(NAME, &[1, 2, 1, 3, 1, 0]);
    let wasm = with(&[section(NAME, &GOOD), other.clone()].concat(), &other);
    assert_eq!(parse(&wasm, WasmFeatures::SUPPORTED).module().branch_hints.functions().count(), 2);
    let wasm = with(&[], &section(NAME, &GOOD));
    assert!(parse(&wasm, WasmFeatures::SUPPORTED).module().branch_hints.is_empty());
    let wasm = with(&section("metadata.code.other", &GOOD), &[]);
    assert!(parse(&wasm, WasmFeatures::SUPPORTED).module().branch_hints.is_empty());
}

//! Modules that start with objects of the garbage-collected heap.

mod support;
#[path = "support/text.rs"]
mod text;

use text::encoded;
use wasm_rewrite::{ErrorKind, Imported, PreinitializeOptions, preinitialize};
use wasm_types::{
    FuncIndex, GlobalState, ModuleState, ObjectState, RefState, TableRun, TableState, TypeIndex,
};

const NULL: GlobalState = GlobalState::Ref(RefState::Null);

fn object(number: u32) -> GlobalState {
    GlobalState::Ref(RefState::Object(number))
}

fn structure(ty: u32, fields: &[GlobalState]) -> ObjectState {
    ObjectState::Struct(TypeIndex::new(ty), fields.to_vec())
}

fn numbers(ty: u32, bytes: &[u8]) -> ObjectState {
    ObjectState::Numbers(TypeIndex::new(ty), bytes.to_vec())
}

fn state(globals: &[Option<GlobalState>], objects: Vec<ObjectState>) -> ModuleState {
    ModuleState { globals: globals.to_vec(), objects, ..ModuleState::default() }
}

fn becomes(text: &str, state: &ModuleState, expected: &str) {
    let output = preinitialize(&encoded(text), state, &PreinitializeOptions::default()).unwrap();
    let print = |wasm: &[u8]| String::from_utf8_lossy(wasm).into_owned();
    assert_eq!(output.wasm, encoded(expected), "{:?}", print(&output.wasm));
}

fn fails(text: &str, state: &ModuleState, kind: ErrorKind, part: &str) {
    let error = preinitialize(&encoded(text), state, &PreinitializeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error}");
}

#[test]
fn an_object_is_made_where_it_is_referred_to() {
    let types = "(type $pair (struct (field i8) (field (mut (ref null $bytes)))))
        (type $bytes (array (mut i16)))";
    let text = |value: &str, table: &str| {
        format!(
            "(module (rec {types}) (global $g (mut (ref null $pair)) {value})
                (global (mut i31ref) (ref.null i31)) (global (mut externref) (ref.null extern))
                {table} (func (drop (global.get $g))))"
        )
    };
    let fields = [GlobalState::I32(-3), object(1)];
    let mut wanted = state(
        &[Some(object(0)), Some(GlobalState::Ref(RefState::I31(0x7fff_ffff))), Some(object(2))],
        vec![structure(0, &fields), numbers(1, &[1, 0, 2, 1]), numbers(1, &[0; 40])],
    );
    let elements = vec![RefState::Object(3), RefState::I31(5)];
    wanted.tables =
        vec![Some(TableState { size: 3, runs: vec![TableRun { offset: 1, elements }] })];
    wanted.objects.push(structure(0, &[GlobalState::I32(1), NULL]));
    becomes(
        &text("(ref.null $pair)", "(table 3 anyref)"),
        &wanted,
        &format!(
            "(module (rec {types})
                (table 3 anyref)
                (global $g (mut (ref null $pair))
                    (struct.new $pair (i32.const -3)
                        (array.new_fixed $bytes 2 (i32.const 1) (i32.const 258))))
                (global (mut i31ref) (ref.i31 (i32.const -1)))
                (global (mut externref)
                    (extern.convert_any (array.new_default $bytes (i32.const 20))))
                (elem (i32.const 1) anyref
                    (struct.new $pair (i32.const 1) (ref.null $bytes)) (ref.i31 (i32.const 5)))
                (func (drop (global.get $g))))"
        ),
    );
}

#[test]
fn shared_objects_have_globals_before_all_others() {
    let types = "(type $leaf (struct)) (type $two (struct (field (ref $leaf) (ref $leaf))))";
    becomes(
        &format!(
            "(module {types} (import \"e\" \"g\" (global i32))
                (global $a (export \"a\") (mut (ref null $two)) (ref.null $two))
                (func (drop (global.get 0)) (global.set $a (ref.null $two))))"
        ),
        &state(
            &[None, Some(object(0))],
            vec![structure(1, &[object(1), object(1)]), structure(0, &[])],
        ),
        &format!(
            "(module {types} (import \"e\" \"g\" (global i32))
                (global (ref $leaf) (struct.new $leaf))
                (global $a (export \"a\") (mut (ref null $two))
                    (struct.new $two (global.get 1) (global.get 1)))
                (func (drop (global.get 0)) (global.set $a (ref.null $two))))"
        ),
    );
}

#[test]
fn circles_are_closed_by_a_start_function() {
    let types = "(type $node (struct (field (mut (ref null $node))) (field (ref func))))";
    let func = GlobalState::Ref(RefState::Func(FuncIndex::new(0)));
    becomes(
        &format!(
            "(module {types} (global $a (mut (ref null $node)) (ref.null $node))
                (func (export \"f\") (param i32) (drop (global.get $a))))"
        ),
        &state(
            &[Some(object(0))],
            vec![structure(0, &[object(1), func]), structure(0, &[object(0), func])],
        ),
        &format!(
            "(module {types} (type (func (param i32))) (type (func))
                (global (ref $node) (struct.new $node (ref.null $node) (ref.func 0)))
                (global (ref $node) (struct.new $node (global.get 0) (ref.func 0)))
                (global $a (mut (ref null $node)) (global.get 1))
                (func (export \"f\") (type 1) (drop (global.get $a)))
                (func (type 2) (struct.set $node 0 (global.get 0) (global.get 1)))
                (start 1))"
        ),
    );
    let text = "(module (rec (type $a (struct (field (ref null $a)))))
        (global (mut (ref null $a)) (ref.null $a)))";
    let circle = state(&[Some(object(0))], vec![structure(0, &[object(0)])]);
    fails(text, &circle, ErrorKind::Unrepresentable, "refers to itself through fields none of");
}

#[test]
fn long_arrays_are_filled_by_a_start_function() {
    let text = |mutable: &str| {
        format!(
            "(module (type $a (array {mutable})) (type $f (func))
                (global (mut (ref null $a)) (ref.null $a)))"
        )
    };
    let mut bytes = vec![0; 10_001];
    bytes[10_000] = 7;
    let filled = state(&[Some(object(0))], vec![numbers(0, &bytes)]);
    becomes(
        &text("(mut i8)"),
        &filled,
        "(module (type $a (array (mut i8))) (type $f (func))
            (global (ref $a) (array.new_default $a (i32.const 10001)))
            (global (mut (ref null $a)) (global.get 0))
            (func (type $f)
                (array.set $a (global.get 0) (i32.const 10000) (i32.const 7)))
            (start 0))",
    );
    fails(&text("i8"), &filled, ErrorKind::Unrepresentable, "an array of more than 10000 elements");
    let empty = state(&[Some(object(0))], vec![numbers(0, &[0; 20_000])]);
    becomes(
        &text("i8"),
        &empty,
        "(module (type $a (array i8)) (type $f (func))
            (global (mut (ref null $a)) (array.new_default $a (i32.const 20000))))",
    );
}

#[test]
fn long_lists_are_many_globals() {
    let text = "(module (type $node (struct (field i32) (field (ref null $node))))
        (global (mut (ref null $node)) (ref.null $node)))";
    let count = 100_000;
    let objects = (0..count).map(|number: u32| {
        let next = if number + 1 == count { NULL } else { object(number + 1) };
        structure(0, &[GlobalState::I32(number as i32), next])
    });
    let list = state(&[Some(object(0))], objects.collect());
    let made = preinitialize(&encoded(text), &list, &PreinitializeOptions::default()).unwrap();
    let globals = wasmparser::Parser::new(0).parse_all(&made.wasm).find_map(|payload| {
        let wasmparser::Payload::GlobalSection(globals) = payload.unwrap() else { return None };
        Some(globals.count())
    });
    assert_eq!(globals, Some(1 + count / 101));
}

#[test]
fn segments_hold_the_objects_of_the_state() {
    let module = |elements: &str, global: &str, code: &str| {
        format!(
            "(module (type $s (struct (field (mut i32)))) {global}
                (elem $e (ref $s) {elements}) (table 1 (ref null $s))
                (func (table.init $e (i32.const 0) (i32.const 0) (i32.const 1)) {code}))"
        )
    };
    let mut held = state(
        &[Some(object(0))],
        vec![structure(0, &[GlobalState::I32(5)]), structure(0, &[GlobalState::I32(6)])],
    );
    held.tables = vec![Some(TableState { size: 1, runs: vec![] })];
    held.dropped_elements = vec![false];
    held.elements = vec![Some(vec![RefState::Object(0), RefState::Object(1)])];
    becomes(
        &module(
            "(struct.new $s (i32.const 1)) (struct.new $s (i32.const 2))",
            "(global (mut (ref null $s)) (ref.null $s))",
            "",
        ),
        &held,
        &module(
            "(global.get 0) (struct.new $s (i32.const 6))",
            "(global (ref $s) (struct.new $s (i32.const 5)))
                (global (mut (ref null $s)) (global.get 0))",
            "",
        ),
    );
}

#[test]
fn an_imported_global_that_becomes_defined_is_one_object() {
    let types = "(type $s (struct (field (mut i32))))";
    let wasm = encoded(&format!(
        "(module {types} (import \"e\" \"g\" (global $g (ref $s)))
            (global (export \"h\") (ref $s) (global.get $g)))"
    ));
    let held = state(&[Some(object(0)), None], vec![structure(0, &[GlobalState::I32(5)])]);
    let options =
        PreinitializeOptions { imported: Imported::Define, ..PreinitializeOptions::default() };
    let made = preinitialize(&wasm, &held, &options).unwrap().wasm;
    let expected = encoded(&format!(
        "(module {types} (global (ref $s) (struct.new $s (i32.const 5)))
            (global (ref $s) (global.get 0)) (global (export \"h\") (ref $s) (global.get 0)))"
    ));
    assert_eq!(support::shape(&made).exports, support::shape(&expected).exports);
    assert!(made.len() >= expected.len());
}

#[test]
fn what_does_not_fit_is_refused() {
    let text = "(module (type $s (struct (field i32))) (type $f (func))
        (global (mut (ref null $s)) (ref.null $s)))";
    let one = |object: ObjectState| state(&[Some(self::object(0))], vec![object]);
    fails(text, &one(structure(7, &[])), ErrorKind::Mismatch, "has 2 types");
    fails(text, &one(structure(1, &[])), ErrorKind::Mismatch, "it is not what its type says");
    fails(text, &one(numbers(0, &[])), ErrorKind::Mismatch, "it is not what its type says");
    fails(text, &one(structure(0, &[])), ErrorKind::Mismatch, "it has 0 fields, its type 1");
    fails(text, &one(structure(0, &[NULL])), ErrorKind::Mismatch, "not a value of the type");
    fails(text, &one(structure(0, &[object(9)])), ErrorKind::Mismatch, "refers to object 9");
    let value = GlobalState::I64(1);
    fails(text, &one(structure(0, &[value])), ErrorKind::Output, "type mismatch");
    let gone = state(&[Some(object(3))], vec![]);
    fails(text, &gone, ErrorKind::Mismatch, "refers to object 3, but the state has 0 objects");
}

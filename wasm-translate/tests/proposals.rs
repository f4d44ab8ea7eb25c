//! The proposals that a module is said to use are those it uses.

mod common;

use common::{compile, settings};
use wasm_types::{Module, WasmFeatures};

/// What a module uses. Allowed exactly that, it must be valid; allowed one thing less, it must not,
/// but for what comes with another thing.
fn used(text: &str) -> WasmFeatures {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let used = compile(&wasm, &settings("x86_64-unknown-linux-gnu")).unwrap().proposals;
    Module::validate(&wasm, used).unwrap_or_else(|error| panic!("{text} with {used:?}: {error}"));
    for one in used.iter() {
        assert!(Module::validate(&wasm, used - one).is_err(), "{text} does not need {one:?}");
    }
    used
}

#[track_caller]
fn check(expected: WasmFeatures, texts: &[&str]) {
    for text in texts {
        assert_eq!(used(text), expected, "{text}");
    }
}

#[test]
fn webassembly_1_uses_no_proposal() {
    check(
        WasmFeatures::empty(),
        &[
            "(module)",
            r#"(module
                (import "a" "f" (func (param i64) (result f32)))
                (import "a" "g" (global i32))
                (memory (export "memory") 1 2)
                (table 4 funcref)
                (global (mut i32) (i32.const 5))
                (elem (i32.const 1) $f)
                (data (global.get 0) "hello")
                (start $f)
                (func $f (local f64)
                    (block (loop (br_if 1 (i32.load (i32.const 0))) (br 0)))
                    (call_indirect (i32.const 2))
                    (drop (if (result i32) (i32.const 1)
                        (then (select (i32.const 1) (i32.const 2) (i32.const 3)))
                        (else (memory.grow (i32.const 1)))))))"#,
        ],
    );
}

#[test]
fn operators_use_their_proposals() {
    check(WasmFeatures::SIGN_EXTENSION, &["(module (func (drop (i32.extend8_s (i32.const 1)))))"]);
    check(
        WasmFeatures::SATURATING_FLOAT_TO_INT,
        &["(module (func (drop (i32.trunc_sat_f64_u (f64.const 1)))))"],
    );
    check(
        WasmFeatures::BULK_MEMORY,
        &[
            "(module (memory 1)
                (func (memory.fill (i32.const 0) (i32.const 1) (i32.const 2))))",
            "(module (memory 1) (data \"x\") (func (data.drop 0)))",
            "(module (table 1 funcref)
                (func (table.copy (i32.const 0) (i32.const 1) (i32.const 2))))",
        ],
    );
    check(
        WasmFeatures::REFERENCE_TYPES,
        &[
            "(module (func (drop (ref.null func))))",
            "(module (func (drop (ref.is_null (ref.null extern)))))",
            "(module (table 1 funcref) (func (drop (table.size 0))))",
            "(module (func (drop (select (result i32)
                (i32.const 1) (i32.const 2) (i32.const 3)))))",
            "(module (func (local externref)))",
            "(module (func (block (result funcref) (unreachable)) (drop)))",
        ],
    );
    check(
        WasmFeatures::TAIL_CALL,
        &[
            "(module (func (return_call 0)))",
            "(module (table 1 funcref) (func (return_call_indirect (i32.const 0))))",
        ],
    );
    check(
        WasmFeatures::SIMD,
        &[
            "(module (func (drop (v128.const i64x2 1 2))))",
            "(module (func (local v128)))",
            "(module (func (unreachable) (drop (i32x4.add))))",
        ],
    );
    check(
        WasmFeatures::RELAXED_SIMD | WasmFeatures::SIMD,
        &["(module (func (param v128) (result v128)
            (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))"],
    );
    check(
        WasmFeatures::WIDE_ARITHMETIC,
        &["(module (func (param i64)
            (i64.mul_wide_u (local.get 0) (local.get 0)) (drop) (drop)))"],
    );
    check(
        WasmFeatures::MULTI_VALUE,
        &[
            "(module (func (i32.const 1) (block (param i32) (drop))))",
            "(module (func (block (result i32 i32) (i32.const 1) (i32.const 2)) (drop) (drop)))",
        ],
    );
}

#[test]
fn declarations_use_their_proposals() {
    check(
        WasmFeatures::MUTABLE_GLOBAL,
        &[
            r#"(module (import "a" "b" (global (mut i32))))"#,
            r#"(module (global (export "g") (mut i32) (i32.const 1)))"#,
        ],
    );
    check(WasmFeatures::MULTI_VALUE, &["(module (type (func (result i32 i64))))"]);
    check(
        WasmFeatures::SIMD,
        &[
            "(module (type (func (param v128))))",
            r#"(module (import "a" "b" (global v128)))"#,
            "(module (global v128 (v128.const i32x4 1 2 3 4)))",
        ],
    );
    check(
        WasmFeatures::REFERENCE_TYPES,
        &[
            "(module (table 1 externref))",
            "(module (table 1 funcref) (table 1 funcref))",
            "(module (type (func (param funcref))))",
            "(module (global externref (ref.null extern)))",
            "(module (func $f) (global funcref (ref.func $f)))",
        ],
    );
    check(
        WasmFeatures::BULK_MEMORY,
        &["(module (func $f) (elem func $f))", "(module (memory 1) (data \"hello\"))"],
    );
    check(
        WasmFeatures::REFERENCE_TYPES | WasmFeatures::BULK_MEMORY,
        &["(module (func $f) (elem declare func $f) (func (drop (ref.func $f))))"],
    );
    check(
        WasmFeatures::EXTENDED_CONST,
        &["(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"],
    );
    check(
        WasmFeatures::MULTI_MEMORY,
        &["(module (memory 1) (memory 2))", r#"(module (import "a" "b" (memory 1)) (memory 1))"#],
    );
    check(WasmFeatures::CUSTOM_PAGE_SIZES, &["(module (memory 1 (pagesize 1)))"]);
    check(WasmFeatures::MEMORY64, &["(module (memory i64 1))", "(module (table i64 1 funcref))"]);
}

#[test]
fn what_several_functions_and_declarations_use_adds_up() {
    check(
        WasmFeatures::TAIL_CALL | WasmFeatures::SIMD | WasmFeatures::MULTI_MEMORY,
        &["(module (memory 1) (memory 1)
            (func (return_call 1))
            (func (drop (v128.load 1 (i32.const 0)))))"],
    );
}

/// What a body uses does not stick to the one that is translated after it.
#[test]
fn a_translator_forgets_the_body_before() {
    use wasm_translate::{RuntimeEnvironment, Translator};
    use wasm_types::abi::ContextLayout;
    use wasm_types::{DefinedFuncIndex, Tunables};

    let wasm =
        wat::parse_str("(module (func (return_call 1)) (func (drop (i32.const 1))))").unwrap();
    let parsed = common::parse(&wasm);
    let isa = settings("x86_64-unknown-linux-gnu").isa().unwrap();
    let layout = ContextLayout::new(parsed.module());
    let mut env = RuntimeEnvironment::new(parsed.module(), &layout, &*isa, Tunables::default());
    let mut translator = Translator::new();
    let mut func = wasm_translate::cranelift_codegen::ir::Function::new();
    for expected in [WasmFeatures::TAIL_CALL, WasmFeatures::empty()] {
        let number = u32::from(expected.is_empty());
        func.clear();
        let index = DefinedFuncIndex::new(number);
        translator.translate(&parsed, &wasm, index, &mut env, &mut func).unwrap();
        assert_eq!(translator.proposals(), expected);
    }
}

//! Proposals that are not translated, or switched off, are refused by name.

use wasm_types::{FuncIndex, ParseErrorKind, WasmFeatures};

use crate::support::{refuse, refuse_with};

#[test]
fn each_proposal_that_is_not_translated_is_named() {
    for (text, proposal, what) in [
        (
            "(module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))",
            "memory-control",
            "instruction `memory.discard`",
        ),
        (
            "(module (global (shared i32) (i32.const 0)))",
            "shared-everything-threads",
            "defined global 0",
        ),
    ] {
        let error = refuse(text);
        assert_eq!(error.proposal(), Some(proposal), "{text}: {error}");
        assert_eq!(error.kind(), ParseErrorKind::Unsupported, "{text}");
        let message = error.to_string();
        let offset = error.offset();
        assert!(message.contains(&format!("({what} at offset {offset:#x})")), "{text}: {message}");
        assert!(message.contains("which this version does not translate"), "{text}: {message}");
    }
}

#[test]
fn what_is_translated_can_be_switched_off() {
    for (text, flag, proposal) in [
        ("(module (func (param v128)))", WasmFeatures::SIMD, "fixed-width SIMD"),
        ("(module (memory 1) (memory 1))", WasmFeatures::MULTI_MEMORY, "multi-memory"),
        ("(module (memory i64 1))", WasmFeatures::MEMORY64, "memory64"),
        (
            "(module (type $f (func)) (type (cont $f)))",
            WasmFeatures::STACK_SWITCHING,
            "stack-switching",
        ),
        ("(module (tag (result i32)))", WasmFeatures::STACK_SWITCHING, "stack-switching"),
        ("(module (tag $t) (func (suspend $t)))", WasmFeatures::STACK_SWITCHING, "stack-switching"),
        ("(module (memory 1 2 shared))", WasmFeatures::THREADS, "threads"),
        (r#"(module (import "a" "b" (memory 1 2 shared)))"#, WasmFeatures::THREADS, "threads"),
        (
            "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
            WasmFeatures::THREADS,
            "threads",
        ),
        ("(module (func return_call 0))", WasmFeatures::TAIL_CALL, "tail-call"),
        (
            "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))",
            WasmFeatures::EXTENDED_CONST,
            "extended-constant-expressions",
        ),
        (
            "(module (func (result i32 i32) i32.const 1 i32.const 2))",
            WasmFeatures::MULTI_VALUE,
            "multi-value",
        ),
        (
            "(module (func (block (result i32 i32) unreachable) drop drop))",
            WasmFeatures::MULTI_VALUE,
            "multi-value",
        ),
        (
            "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))))",
            WasmFeatures::BULK_MEMORY,
            "bulk-memory",
        ),
        ("(module (func (param externref)))", WasmFeatures::REFERENCE_TYPES, "reference-types"),
        (
            "(module (func (drop (i32.extend8_s (i32.const 0)))))",
            WasmFeatures::SIGN_EXTENSION,
            "sign-extension",
        ),
        (
            "(module (func (drop (i32.trunc_sat_f32_s (f32.const 0)))))",
            WasmFeatures::SATURATING_FLOAT_TO_INT,
            "saturating-float-to-int",
        ),
        (
            r#"(module (global (export "g") (mut i32) (i32.const 0)))"#,
            WasmFeatures::MUTABLE_GLOBAL,
            "mutable-globals",
        ),
        (
            "(module (func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0)))))",
            WasmFeatures::RELAXED_SIMD,
            "relaxed-SIMD",
        ),
        (
            "(module (func (param i64 i64) (result i64 i64) \
             local.get 0 local.get 1 i64.mul_wide_u))",
            WasmFeatures::WIDE_ARITHMETIC,
            "wide-arithmetic",
        ),
        ("(module (memory 1 (pagesize 1)))", WasmFeatures::CUSTOM_PAGE_SIZES, "custom-page-sizes"),
        ("(module (tag))", WasmFeatures::EXCEPTIONS, "exception-handling"),
        (r#"(module (import "m" "t" (tag)))"#, WasmFeatures::EXCEPTIONS, "exception-handling"),
        (
            "(module (func (block (try_table (catch_all 0)))))",
            WasmFeatures::EXCEPTIONS,
            "exception-handling",
        ),
        ("(module (func (param exnref)))", WasmFeatures::EXCEPTIONS, "exception-handling"),
        (
            "(module (func try catch_all end))",
            WasmFeatures::LEGACY_EXCEPTIONS,
            "legacy exception-handling",
        ),
        (
            "(module (func (param (ref func))))",
            WasmFeatures::FUNCTION_REFERENCES,
            "function-references",
        ),
        (
            // Garbage collection has them as well.
            "(module (type $t (func)) (func (local (ref null $t))))",
            WasmFeatures::FUNCTION_REFERENCES | WasmFeatures::GC,
            "function-references",
        ),
        (
            "(module (func (param funcref) (drop (ref.as_non_null (local.get 0)))))",
            WasmFeatures::FUNCTION_REFERENCES,
            "function-references",
        ),
        ("(module (rec (type (func)) (type (func))))", WasmFeatures::GC, "garbage-collection"),
        ("(module (type (sub (func))))", WasmFeatures::GC, "garbage-collection"),
        ("(module (type (struct)))", WasmFeatures::GC, "garbage-collection"),
        ("(module (type (array i8)))", WasmFeatures::GC, "garbage-collection"),
        ("(module (table 1 eqref))", WasmFeatures::GC, "garbage-collection"),
        ("(module (global anyref (ref.null any)))", WasmFeatures::GC, "garbage-collection"),
        ("(module (func (param i31ref)))", WasmFeatures::GC, "garbage-collection"),
        ("(module (func (local nullref)))", WasmFeatures::GC, "garbage-collection"),
        ("(module (func (drop (ref.i31 (i32.const 1)))))", WasmFeatures::GC, "garbage-collection"),
    ] {
        let error = refuse_with(text, WasmFeatures::SUPPORTED - flag);
        assert_eq!(error.proposal(), Some(proposal), "{text}: {error}");
        assert!(error.to_string().ends_with("which is switched off"), "{error}");
        wasm_types::Module::parse(&crate::support::binary(text), WasmFeatures::SUPPORTED)
            .unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn allowing_what_is_not_translated_changes_nothing() {
    let text = "(module (type (shared (func))))";
    let error = refuse_with(text, WasmFeatures::all());
    assert_eq!(error, refuse(text));
}

#[test]
fn in_a_body_the_function_is_named_too() {
    let error = refuse(
        "(module (memory 1) (func) \
         (func $wait (memory.discard (i32.const 0) (i32.const 0))))",
    );
    assert_eq!(error.function(), Some(FuncIndex::new(1)));
    assert_eq!(
        error.to_string(),
        format!(
            "in function 1 `wait`: the module uses the memory-control proposal \
             (instruction `memory.discard` at offset {:#x}), which this version does not translate",
            error.offset()
        )
    );
}

#[test]
fn a_mistake_is_not_taken_for_a_proposal() {
    let error = refuse("(module (func (result i32) i64.const 0))");
    assert_eq!(error.proposal(), None);
    // The mistake stands before the proposal.
    let error = refuse(
        "(module (memory 1) (func drop) \
         (func (memory.discard (i32.const 0) (i32.const 0))))",
    );
    assert_eq!(error.kind(), ParseErrorKind::Invalid);
}

//! The same bytes come out whatever the number of threads, and whoever compiled before.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{TARGETS, compile, parse, settings};
use wasm_translate::compile_module_timed;
use wasm_types::{DefinedFuncIndex, FuncIndex, TableIndex, TextItemKind, TrapCode};

/// Many functions of very different sizes that call each other, some through tables.
fn module() -> Vec<u8> {
    let mut text = String::from(
        r#"(module
          (type $t (func (param i32) (result i32)))
          (import "" "0" (func $i0 (type $t)))
          (import "" "1" (func $i1 (type $t)))
          (import "" "2" (func $i2 (type $t)))
          (memory 1)
          (table $t0 10 funcref) (elem (table $t0) (i32.const 1) func $i2 $f3 $i0 $f9)
          (table $t1 2 funcref) (elem (table $t1) (i32.const 0) func $i1)
          (table $t2 funcref (elem $f5 $f6))
        "#,
    );
    for number in 0..200 {
        text += &format!("(func $f{number} (param i32) (result i32) (local i32)\n");
        for step in 0..(number * 7) % 61 {
            let callee = (number * 31 + step * 17) % 200;
            text += &format!(
                "(local.set 1 (i32.add (i32.load offset={step} (local.get 0))
                  (call $f{callee} (i32.div_u (local.get 1) (i32.const {step})))))\n"
            );
        }
        if number % 40 == 3 {
            let table = number / 40 % 2 * 2;
            text += &format!(
                "(local.set 1 (call_indirect $t{table} (type $t) (local.get 0) (local.get 1)))\n"
            );
        }
        text += "(i32.xor (local.get 0) (local.get 1)))\n";
    }
    text += ")";
    wat::parse_str(text).unwrap()
}

#[test]
fn threads_make_no_difference() {
    let wasm = module();
    for target in TARGETS {
        let mut settings = settings(target);
        settings.verifier(false).inlining(true);
        let compiled = compile(&wasm, &settings).unwrap();
        let items: Vec<_> = compiled.items.iter().map(|item| item.kind).collect();
        let thunk = |func| TextItemKind::ImportThunk(FuncIndex::new(func));
        let table = |table| TextItemKind::Table(TableIndex::new(table));
        assert_eq!(items, [thunk(0), thunk(2), table(0), table(2)], "{target}: what is called");
        let one = compile(&wasm, settings.threads(1)).unwrap();
        for threads in [0, 2, 3, 7] {
            let other = compile(&wasm, settings.threads(threads)).unwrap();
            assert!(one == other, "{target}: {threads} threads make other code");
        }
    }
}

#[test]
fn the_first_error_is_told_whatever_the_threads() {
    let mut text = String::from("(module\n");
    for number in 0..100 {
        let padding = "nop ".repeat((number * 37) % 100);
        let result = if number % 10 == 7 { "(result i32)" } else { "" };
        text += &format!("(func {result} {padding})\n");
    }
    text += ")";
    let wasm = wat::parse_str(text).unwrap();
    for threads in [1, 2, 5] {
        let error = compile(&wasm, settings(TARGETS[0]).threads(threads)).unwrap_err();
        assert_eq!(error.function().unwrap().as_u32(), 7);
    }
}

#[test]
fn an_error_leaves_nothing_behind_for_the_next_function() {
    // The bad function is the largest, so it is compiled first; the others follow on the same
    // thread, and the error of the one before it must be found too.
    let text = "(module (func (result i32)) (func nop nop nop nop (block (i32.const 1)) i32.add))";
    let wasm = wat::parse_str(text).unwrap();
    let error = compile(&wasm, settings(TARGETS[0]).threads(1)).unwrap_err();
    assert_eq!(error.function().unwrap().as_u32(), 0);
}

#[test]
fn progress_counts_every_function() {
    let wasm = module();
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = calls.clone();
    let mut settings = settings(TARGETS[0]);
    settings.verifier(false).progress(Arc::new(move |done, total| {
        assert!(done <= total && total == 200);
        counter.fetch_add(1, Ordering::Relaxed);
    }));
    let (_, timings) = compile_module_timed(&parse(&wasm), &wasm, &settings).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 200);
    assert!(!timings.codegen.is_zero() && !timings.translation.is_zero());
}

#[test]
fn tables_describe_the_text() {
    let compiled = compile(&module(), settings(TARGETS[0]).verifier(false)).unwrap();
    let mut end = 0;
    for function in &compiled.functions {
        assert!(function.offset >= end && function.offset % 16 == 0);
        end = function.offset + function.len;
        assert!(function.frame_size >= 16);
    }
    assert!(compiled.traps.iter().any(|trap| trap.code == TrapCode::IntegerDivisionByZero));
    assert!(compiled.traps.iter().any(|trap| trap.code == TrapCode::MemoryOutOfBounds));
    assert!(compiled.traps.iter().all(|trap| trap.offset < end));
    // Neighbouring entries of the map differ, or one would do.
    let map = &compiled.address_map;
    assert!(map.windows(2).all(|pair| pair[0].wasm_offset != pair[1].wasm_offset));
    assert!(map.is_sorted_by(|a, b| a.offset < b.offset));
    assert!(compiled.frame_slots.is_empty());
}

#[test]
fn functions_that_call_through_tables_keep_their_context() {
    let wasm = wat::parse_str(include_str!("modules/call.wat")).unwrap();
    // `indirect`, `buffer_indirect` and `tail`, after two imported functions. All that is called
    // through a table that nothing changes gets the context; the first one also calls through
    // another table.
    for (immutable_tables, expected) in [(false, &[6, 8, 9][..]), (true, &[6])] {
        for target in TARGETS {
            let mut settings = settings(target);
            settings.immutable_tables(immutable_tables);
            let compiled = compile(&wasm, &settings).unwrap();
            let functions: Vec<u32> =
                compiled.frame_slots.iter().map(|entry| entry.func.as_u32()).collect();
            assert_eq!(functions, expected, "{target}");
            assert!(compiled.frame_slots.iter().all(|entry| entry.below_frame_pointer >= 8));
        }
    }
}

#[test]
fn functions_keep_the_locals_that_debuggers_want() {
    let wasm = wat::parse_str(
        r#"(module (memory 1)
            (func $add (param i32) (result i32) (local f64 v128)
                (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (local.get 0))
            (func (export "run") (result i32) (call $add (i32.const 1))))"#,
    )
    .unwrap();
    for target in TARGETS {
        let compile = |names: &[u32]| {
            let mut settings = settings(target);
            // A function may have several descriptions.
            let named = names.chunks(2).map(|names| (DefinedFuncIndex::new(0), names.to_vec()));
            settings.inlining(true).named_locals(named);
            compile(&wasm, &settings).unwrap()
        };
        let compiled = compile(&[1, 0, 0, 2, 9]);
        // Vectors, and locals that there are none of, are left out.
        let kept = compiled.kept_values.iter().map(|kept| {
            assert_eq!(kept.func, DefinedFuncIndex::new(0));
            assert_eq!(kept.below_frame_pointer % 8, 0, "{target}");
            (kept.local, kept.size)
        });
        assert_eq!(kept.collect::<Vec<_>>(), [(None, 8), (Some(0), 4), (Some(1), 8)], "{target}");
        assert!(compiled.inlined_functions.is_empty());
        assert!(compile(&[]).kept_values.is_empty());
    }
}

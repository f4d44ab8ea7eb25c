//! Traps: each with its reason, and a backtrace with the functions, their names and the offsets.

use wasm_runtime::{
    Caller, Engine, Error, Instance, Linker, Module, Result, Store, Trap, WasmBacktrace,
};
use wasm_tests::Pipeline;

/// Calls the export `run` of a module without imports, which must fail.
fn failure(pipeline: Pipeline, wat: &str) -> Result<Error> {
    let engine = Engine::default();
    let module = pipeline.module(&engine, wat.as_bytes())?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_func(&mut store, "run").expect("an export of this name");
    Ok(run.call(&mut store, &[], &mut []).expect_err("a trap"))
}

#[test]
fn each_trap_has_its_code() -> Result<()> {
    let cases = [
        ("unreachable", Trap::UnreachableCodeReached),
        ("(drop (i32.div_u (i32.const 1) (global.get $zero)))", Trap::IntegerDivisionByZero),
        (
            "(drop (i64.rem_s (i64.const 1) (i64.extend_i32_u (global.get $zero))))",
            Trap::IntegerDivisionByZero,
        ),
        (
            "(drop (i32.div_s (i32.const 0x80000000) (i32.sub (global.get $zero) (i32.const 1))))",
            Trap::IntegerOverflow,
        ),
        ("(drop (i32.trunc_f64_s (f64.const 3e9)))", Trap::IntegerOverflow),
        ("(drop (i32.trunc_f32_u (f32.const nan)))", Trap::BadConversionToInteger),
        ("(drop (i32.load (i32.const 65533)))", Trap::MemoryOutOfBounds),
        (
            "(i64.store offset=0xffffffff (i32.const 0xffffffff) (i64.const 1))",
            Trap::MemoryOutOfBounds,
        ),
        ("(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7))", Trap::MemoryOutOfBounds),
        ("(drop (table.get $t (i32.const 3)))", Trap::TableOutOfBounds),
        ("(call_indirect $t (i32.const 3))", Trap::TableOutOfBounds),
        ("(call_indirect $t (i32.const 1))", Trap::IndirectCallToNull),
        ("(call_indirect $t (param i32) (i32.const 1) (i32.const 0))", Trap::BadSignature),
        ("(call $run)", Trap::StackOverflow),
    ];
    for pipeline in Pipeline::ALL {
        for (body, trap) in cases {
            let wat = format!(
                "(module (memory 1) (global $zero (mut i32) (i32.const 0))
                   (table $t 3 funcref) (elem (table $t) (i32.const 0) func $run)
                   (func $run (export \"run\") {body} (nop)))"
            );
            let error = failure(pipeline, &wat)?;
            assert_eq!(error.downcast_ref::<Trap>(), Some(&trap), "{pipeline}: {body}: {error:?}");
            let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
            assert!(!backtrace.frames().is_empty(), "{pipeline}: {body}");
            for frame in backtrace.frames() {
                assert_eq!(frame.func_name(), Some("run"), "{pipeline}: {body}");
            }
        }
    }
    Ok(())
}

#[test]
fn frames_have_names_indices_and_offsets() -> Result<()> {
    const WAT: &str = r#"
        (module $a_module
          (func $innermost unreachable)
          (func $through_a_table (call $innermost) (nop))
          (func (param i32) (call_indirect (local.get 0)) (nop))
          (table funcref (elem $through_a_table))
          (func $outermost (export "run") (nop) (call 2 (i32.const 0)) (nop)))"#;
    for pipeline in Pipeline::ALL {
        let error = failure(pipeline, WAT)?;
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
        let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_name()).collect();
        let expected = [Some("innermost"), Some("through_a_table"), None, Some("outermost")];
        assert_eq!(names, expected, "{pipeline}: {error:?}");
        let indices: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_index()).collect();
        assert_eq!(indices, [0, 1, 2, 3]);
        assert_eq!(backtrace.frames()[0].module().name(), Some("a_module"));

        let text = format!("{error:?}");
        assert!(text.contains("wasm trap: wasm `unreachable` instruction executed"), "{text}");
        assert!(text.contains("a_module!innermost"), "{text}");
        assert!(text.contains("a_module!outermost"), "{text}");
    }
    Ok(())
}

#[test]
fn offsets_point_at_the_instruction() -> Result<()> {
    // Written by hand, so that the offsets are known.
    const WASM: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x03\x03\x02\0\0\
        \x07\x07\x01\x03run\0\x01\
        \x0a\x0c\x02\
        \x04\0\x01\0\x0b\
        \x05\0\x01\x10\0\x0b";
    let mut wasm = WASM.to_vec();
    let code = wasm.len() - 11;
    // The first function is `nop; unreachable`, its body starts after its size.
    assert_eq!(wasm[code..code + 5], [0x04, 0, 0x01, 0, 0x0b]);
    let trap_at = code + 3;
    let call_at = code + 5 + 3;
    assert_eq!(wasm[trap_at], 0);
    assert_eq!(wasm[call_at], 0x10);
    for pipeline in Pipeline::ALL {
        let engine = Engine::default();
        let module = pipeline.module(&engine, &wasm)?;
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
        let error = run.call(&mut store, ()).expect_err("a trap");
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
        let frames = backtrace.frames();
        assert_eq!(frames.len(), 2, "{error:?}");
        assert_eq!(frames[0].module_offset(), Some(trap_at), "{pipeline}: {error:?}");
        assert_eq!(frames[1].module_offset(), Some(call_at), "{pipeline}: {error:?}");
        let inside = frames[0].func_offset().expect("an offset in the function");
        assert!((1..=3).contains(&inside), "{pipeline}: {inside}");
    }
    wasm.truncate(0);
    Ok(())
}

#[test]
fn a_host_function_sees_who_called_it() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "look" (func $look))
             (func $inner (call $look) (nop))
             (func (export "run") (call $inner) (nop)))"#,
    )?;
    let mut linker: Linker<Vec<String>> = Linker::new(&engine);
    linker.func_wrap("host", "look", |mut caller: Caller<'_, Vec<String>>| {
        let backtrace = WasmBacktrace::force_capture(&caller);
        let names = backtrace.frames().iter();
        let names = names.map(|frame| frame.func_name().unwrap_or("?").to_owned()).collect();
        *caller.data_mut() = names;
    })?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    assert_eq!(store.data()[0], "inner");
    assert_eq!(store.data().len(), 2);
    Ok(())
}

#[test]
fn the_error_of_a_host_function_gets_a_backtrace() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (import "host" "fail" (func $fail))
             (func $inner (call $fail) (nop))
             (func (export "run") (call $inner) (nop)))"#,
    )?;
    let mut linker: Linker<()> = Linker::new(&engine);
    linker.func_wrap("host", "fail", || -> Result<()> { wasm_runtime::bail!("no such luck") })?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    for _ in 0..3 {
        let error = run.call(&mut store, ()).expect_err("an error");
        assert!(error.downcast_ref::<Trap>().is_none());
        assert_eq!(error.root_cause().to_string(), "no such luck");
        let backtrace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
        assert_eq!(backtrace.frames()[0].func_name(), Some("inner"));
        assert_eq!(backtrace.frames().len(), 2);
    }
    Ok(())
}

#[test]
fn instances_stay_usable_after_a_trap() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (memory (export "memory") 1) (global $count (mut i32) (i32.const 0))
             (func $deep (param i32) (result i32)
               (if (result i32) (i32.eqz (local.get 0)) (then (unreachable))
                 (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
             (func $forever (result i32) (i32.add (i32.const 1) (call $forever)))
             (func (export "trap") (result i32)
               (global.set $count (i32.add (global.get $count) (i32.const 1)))
               (i32.store (i32.const 8) (global.get $count))
               (if (result i32) (i32.rem_u (global.get $count) (i32.const 5))
                 (then (call $deep (i32.mul (global.get $count) (i32.const 10))))
                 (else (call $forever))))
             (func (export "count") (result i32) (global.get $count)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let trap = instance.get_typed_func::<(), i32>(&mut store, "trap")?;
    let count = instance.get_typed_func::<(), i32>(&mut store, "count")?;
    let memory = instance.get_memory(&mut store, "memory").expect("a memory");
    for round in 1..=50 {
        let error = trap.call(&mut store, ()).expect_err("a trap");
        let expected =
            if round % 5 == 0 { Trap::StackOverflow } else { Trap::UnreachableCodeReached };
        assert_eq!(error.downcast_ref::<Trap>(), Some(&expected));
        assert_eq!(count.call(&mut store, ())?, round);
        assert_eq!(memory.data(&store)[8], round as u8);
    }
    Ok(())
}

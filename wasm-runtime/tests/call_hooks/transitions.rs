//! Every transition between host and Wasm, and everything that can end a call.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    CallFilter, CallOutcome, Caller, Engine, Error, Extern, Func, Linker, Result, Store, Trap, Val,
};

use crate::support::{Log, call, line, log, logged, module, taken};

#[test]
fn arguments_results_and_depth_of_nested_calls() -> Result<()> {
    let wat = r#"(module $nested
        (import "env" "twice" (func $twice (param i32) (result i32)))
        (func (export "outer") (param i32) (result i32)
            (i32.add (call $twice (local.get 0)) (i32.const 1)))
        (func (export "inner") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))"#;
    let (mut store, instance) = logged(wat, |linker| {
        let twice = |mut caller: Caller<'_, Log>, value: i32| -> Result<i32> {
            let inner = caller.get_export("inner").and_then(Extern::into_func).unwrap();
            inner.typed::<i32, i32>(&caller)?.call(&mut caller, value)
        };
        linker.func_wrap("env", "twice", twice).unwrap();
    });
    let expected = [
        "> wasm outer(20)",
        ">> host env.twice(20)",
        ">>> wasm inner(20)",
        "<<< wasm inner = (40)",
        "<< host env.twice = (40)",
        "< wasm outer = (41)",
    ];
    let outer = instance.get_typed_func::<i32, i32>(&mut store, "outer")?;
    assert_eq!(outer.call(&mut store, 20)?, 41);
    assert_eq!(taken(&mut store), expected);
    // Without static types the outcome is the same.
    let mut results = [Val::I32(0)];
    outer.func().call(&mut store, &[Val::I32(20)], &mut results)?;
    assert_eq!(results[0].unwrap_i32(), 41);
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn traps_and_errors_of_the_host() {
    let wat = r#"(module
        (import "env" "fail" (func $fail))
        (func (export "trap") unreachable)
        (func (export "fails") (call $fail)))"#;
    let (mut store, instance) = logged(wat, |linker| {
        let fail = || -> Result<()> { Err(Error::msg("no")) };
        linker.func_wrap("env", "fail", fail).unwrap();
    });
    for _ in 0..2 {
        let error = call(&mut store, instance, "trap").unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
        let log = taken(&mut store);
        assert_eq!(log[0], "> wasm trap()");
        assert!(log[1].starts_with("< wasm trap failed: wasm trap"), "{log:?}");
        assert_eq!(log.len(), 2);
        assert!(call(&mut store, instance, "fails").is_err());
        let expected = [
            "> wasm fails()",
            ">> host env.fail()",
            "<< host env.fail failed: no",
            "< wasm fails failed: no",
        ];
        assert_eq!(taken(&mut store), expected);
    }
}

#[test]
fn panics_are_reported_to_hooks_with_a_context_and_propagate() {
    let wat = r#"(module
        (import "env" "panic" (func $panic))
        (import "env" "fine" (func $fine))
        (func (export "panics") (call $panic))
        (func (export "fine") (call $fine)))"#;
    let (mut store, instance) = logged(wat, |linker| {
        linker.func_wrap("env", "panic", || -> () { panic!("oh no") }).unwrap();
        linker.func_wrap("env", "fine", || ()).unwrap();
    });
    store.call_hook(|mut store, event| {
        store.data_mut().push(format!("{event:?}"));
        Ok(())
    });
    let panic = catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "panics")));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"oh no"));
    // As in Wasmtime, the function of `call_hook` is not notified when a panic ends a call.
    let expected = [
        "> wasm panics()",
        "CallingWasm",
        ">> host env.panic()",
        "CallingHost",
        "<< host env.panic panicked",
        "< wasm panics panicked",
    ];
    assert_eq!(taken(&mut store), expected);
    call(&mut store, instance, "fine").unwrap();
    let expected = [
        "> wasm fine()",
        "CallingWasm",
        ">> host env.fine()",
        "CallingHost",
        "ReturningFromHost",
        "<< host env.fine = ()",
        "ReturningFromWasm",
        "< wasm fine = ()",
    ];
    assert_eq!(taken(&mut store), expected);
}

#[cfg(feature = "wasi")]
#[test]
fn leaving_through_wasi_is_a_failure_that_says_so() {
    use wasm_runtime::wasi::{I32Exit, WasiCtx, WasiCtxBuilder, add_to_linker};

    let engine = Engine::default();
    let mut linker: Linker<(WasiCtx, Log)> = Linker::new(&engine);
    add_to_linker(&mut linker, |data| &mut data.0).unwrap();
    let module = module(
        &engine,
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const 7))))"#,
    );
    let mut store = Store::new(&engine, (WasiCtxBuilder::new().build(), Log::new()));
    store.add_call_hook(CallFilter::all(), |mut call| {
        let mut text = line("", &call);
        if let Some(CallOutcome::Failed(error)) = call.outcome() {
            let exit = error.downcast_ref::<I32Exit>().unwrap();
            text = format!("{:?} left with {}", call.event(), exit.0);
        }
        call.data_mut().1.push(text);
        Ok(())
    });
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start").unwrap();
    let error = start.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<I32Exit>().unwrap().0, 7);
    let expected = [
        "> wasm _start()",
        ">> host wasi_snapshot_preview1.proc_exit(7)",
        "ReturningFromHost left with 7",
        "ReturningFromWasm left with 7",
    ];
    assert_eq!(store.data().1, expected);
}

#[test]
fn start_functions() {
    let wat = r#"(module (import "env" "f" (func $f)) (start $f))"#;
    let (mut store, _) = logged(wat, |linker| {
        linker.func_wrap("env", "f", || ()).unwrap();
    });
    // The start function belongs to the host: the call to Wasm arrives there.
    let expected = ["> wasm env.f()", ">> host env.f()", "<< host env.f = ()", "< wasm env.f = ()"];
    assert_eq!(taken(&mut store), expected);
    let wat = r#"(module (import "env" "f" (func $f)) (func $begin (call $f)) (start $begin))"#;
    let (mut store, _) = logged(wat, |linker| {
        linker.func_wrap("env", "f", || ()).unwrap();
    });
    let expected = ["> wasm begin()", ">> host env.f()", "<< host env.f = ()", "< wasm begin = ()"];
    assert_eq!(taken(&mut store), expected);
}

#[test]
fn tail_calls_of_imports() -> Result<()> {
    let wat = r#"(module
        (import "env" "f" (func $f (param i32) (result i32)))
        (func $hop (param i32) (result i32) (return_call $f (i32.add (local.get 0) (i32.const 1))))
        (func (export "run") (result i32) (return_call $hop (i32.const 1))))"#;
    let (mut store, instance) = logged(wat, |linker| {
        linker.func_wrap("env", "f", |value: i32| value * 10).unwrap();
    });
    let run = instance.get_typed_func::<(), i32>(&mut store, "run")?;
    assert_eq!(run.call(&mut store, ())?, 20);
    let expected =
        ["> wasm run()", ">> host env.f(2)", "<< host env.f = (20)", "< wasm run = (20)"];
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn calls_through_tables_and_references() -> Result<()> {
    let wat = r#"(module
        (import "env" "f" (func $f))
        (import "env" "take" (func $take (param funcref)))
        (table $t (export "table") 4 funcref)
        (elem (i32.const 0) $f $own)
        (func $own (export "own"))
        (func (export "indirect") (param i32) (call_indirect (local.get 0)))
        (func (export "pass") (call $take (table.get (i32.const 1)))))"#;
    let (mut store, instance) = logged(wat, |linker| {
        linker.func_wrap("env", "f", || ()).unwrap();
        // Calls the function that it receives.
        let take = |mut caller: Caller<'_, Log>, func: Option<Func>| {
            func.unwrap().call(&mut caller, &[], &mut [])
        };
        linker.func_wrap("env", "take", take).unwrap();
    });
    let indirect = instance.get_typed_func::<i32, ()>(&mut store, "indirect")?;
    indirect.call(&mut store, 0)?;
    let expected =
        ["> wasm indirect(0)", ">> host env.f()", "<< host env.f = ()", "< wasm indirect = ()"];
    assert_eq!(taken(&mut store), expected);
    // Calls from Wasm to Wasm notify nobody.
    indirect.call(&mut store, 1)?;
    assert_eq!(taken(&mut store), ["> wasm indirect(1)", "< wasm indirect = ()"]);
    call(&mut store, instance, "pass")?;
    let expected = [
        "> wasm pass()",
        ">> host env.take(func:true)",
        ">>> wasm own()",
        "<<< wasm own = ()",
        "<< host env.take = ()",
        "< wasm pass = ()",
    ];
    assert_eq!(taken(&mut store), expected);
    // A host function that nobody imports has no name.
    let nameless = Func::wrap(&mut store, || ());
    let table = instance.get_table(&mut store, "table").unwrap();
    table.set(&mut store, 2, nameless.into())?;
    indirect.call(&mut store, 2)?;
    let expected = ["> wasm indirect(2)", ">> host ?()", "<< host ? = ()", "< wasm indirect = ()"];
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn functions_of_the_host_that_the_host_calls() -> Result<()> {
    let mut store = Store::new(&Engine::default(), Log::new());
    let double = Func::wrap(&mut store, |value: i32| value * 2);
    log(&mut store, "", CallFilter::all());
    let mut results = [Val::I32(0)];
    double.call(&mut store, &[Val::I32(4)], &mut results)?;
    let expected = ["> wasm ?(4)", ">> host ?(4)", "<< host ? = (8)", "< wasm ? = (8)"];
    assert_eq!(taken(&mut store), expected);
    assert_eq!(double.typed::<i32, i32>(&store)?.call(&mut store, 4)?, 8);
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn functions_of_other_instances_and_imports_that_are_exported_again() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("env", "f", || ())?;
    let mut store = Store::new(&engine, Log::new());
    let lower = module(
        &engine,
        r#"(module (import "env" "f" (func $f)) (export "again" (func $f))
            (func (export "lower") (call $f)))"#,
    );
    let lower = linker.instantiate(&mut store, &lower)?;
    linker.instance(&mut store, "lower", lower)?;
    log(&mut store, "", CallFilter::all());
    let upper = module(
        &engine,
        r#"(module (import "lower" "lower" (func $lower)) (import "lower" "again" (func $again))
            (export "exported" (func $lower))
            (func (export "upper") (call $lower) (call $again)))"#,
    );
    let upper = linker.instantiate(&mut store, &upper)?;
    call(&mut store, upper, "upper")?;
    // An import goes by the name that its caller has for it. Calls between instances notify nobody.
    let expected = [
        "> wasm upper()",
        ">> host env.f()",
        "<< host env.f = ()",
        ">> host lower.again()",
        "<< host lower.again = ()",
        "< wasm upper = ()",
    ];
    assert_eq!(taken(&mut store), expected);
    call(&mut store, upper, "exported")?;
    assert_eq!(taken(&mut store)[0], "> wasm lower()");
    call(&mut store, lower, "again")?;
    assert_eq!(taken(&mut store)[..2], ["> wasm env.f()", ">> host env.f()"]);
    Ok(())
}

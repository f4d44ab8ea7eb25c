//! Which code is ended, and which callbacks are called.

use wasm_runtime::{
    AsContextMut as _, Caller, Engine, Func, Instance, InterruptHandle, Linker, Module, OptLevel,
    Result, Snapshot, Store, Trap, TypedFunc, WasmBacktrace,
};

use crate::support::{engine, soon, start, trap};

/// Functions named `run` that do not end during a test, each in another way.
const ENDLESS: &[(&str, &str)] = &[
    ("a loop", r#"(func (export "run") (loop (br 0)))"#),
    (
        "a loop with a condition",
        r#"(func (export "run") (local $i i64)
            (loop (br_if 0 (i64.ne (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const -1)))))"#,
    ),
    (
        "a loop with parameters",
        r#"(func (export "run") (local $i i64) (local $x f64)
            (i64.const 1) (f64.const 2)
            (loop (param i64 f64)
                (local.set $x) (local.set $i)
                (i64.add (local.get $i) (i64.const 3)) (f64.sqrt (local.get $x))
                (br 0)))"#,
    ),
    (
        "nested loops",
        r#"(func (export "run") (local $i i32)
            (loop $outer
                (local.set $i (i32.const 10))
                (loop $inner
                    (br_if $inner (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (br $outer)))"#,
    ),
    (
        "a table of branches",
        r#"(func (export "run") (local $i i32)
            (loop $a (loop $b (loop $c
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_table $a $b $c $a (i32.rem_u (local.get $i) (i32.const 4)))))))"#,
    ),
    (
        "a recursion without an end in sight",
        r#"(func $f (export "grow") (param i32)
            (if (local.get 0) (then
                (call $f (i32.sub (local.get 0) (i32.const 1)))
                (call $f (i32.sub (local.get 0) (i32.const 1))))))
           (func (export "run") (call $f (i32.const 60)))"#,
    ),
    (
        "a recursion through a table",
        r#"(type $f (func (param i32)))
           (table funcref (elem $f))
           (func $f (param i32)
            (if (local.get 0) (then
                (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
                (call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
           (func (export "run") (call $f (i32.const 60)))"#,
    ),
    (
        "tail calls",
        r#"(func $a (param i32) (return_call $b (local.get 0)))
           (func $b (param i32) (return_call $a (i32.add (local.get 0) (i32.const 1))))
           (func (export "run") (call $a (i32.const 0)))"#,
    ),
    (
        "tail calls through a table that changes",
        r#"(type $f (func (param i32)))
           (table (export "t") 2 funcref) (elem (i32.const 0) $a $b)
           (func $a (param i32) (return_call_indirect (type $f) (i32.const 0) (i32.const 1)))
           (func $b (param i32) (return_call_indirect (type $f) (i32.const 1) (i32.const 0)))
           (func (export "run") (call $a (i32.const 0)))"#,
    ),
    (
        "a loop that calls a function that does nothing",
        r#"(func $nothing) (func (export "run") (loop (call $nothing) (br 0)))"#,
    ),
    (
        "a loop behind one that ends",
        r#"(func (export "run") (local $i i32)
            (local.set $i (i32.const 5))
            (loop (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
            (if (i32.eqz (local.get $i)) (then (loop (br 0)) unreachable)))"#,
    ),
    (
        "a loop that writes",
        r#"(func (export "run") (local $i i32)
            (loop
                (global.set $g (i64.add (global.get $g) (i64.const 1)))
                (local.set $i (i32.and (i32.add (local.get $i) (i32.const 4)) (i32.const 0xfff0)))
                (i32.store (local.get $i) (i32.add (i32.load offset=8 (local.get $i)) (i32.const 1)))
                (br 0)))
           (global $g (mut i64) (i64.const 0))"#,
    ),
];

/// The memories that the modules have. Some have none.
const MEMORIES: &[&str] = &[
    "(memory 1)",
    "(memory 1) (memory 2)",
    r#"(memory (export "memory") 1 3) (data (i32.const 70) "an image")"#,
];

fn ends_everywhere(engine: &Engine, memories: &[&str]) {
    for (what, functions) in ENDLESS {
        for memory in memories {
            let wat = format!(
                r#"(module {functions} {memory} (func (export "fine") (result i32) (i32.const 42)))"#
            );
            let wasm = wat::parse_str(&wat).unwrap_or_else(|error| panic!("{what}: {error}"));
            let artifact = engine.precompile_module(&wasm).unwrap();
            // SAFETY: the artifact was just made.
            let loaded = unsafe { Module::deserialize(engine, &artifact) }.unwrap();
            for module in [Module::new(engine, &wasm).unwrap(), loaded] {
                let mut store = Store::new(engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
                let fine = instance.get_typed_func::<(), i32>(&mut store, "fine").unwrap();
                for _ in 0..2 {
                    let interrupter = soon(store.interrupt_handle().unwrap());
                    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt, "{what}, {memory}");
                    interrupter.join().unwrap();
                    assert_eq!(fine.call(&mut store, ()).unwrap(), 42);
                }
            }
        }
    }
}

#[test]
fn everything_without_an_end_is_ended() {
    ends_everywhere(&engine(|config| config), MEMORIES);
}

#[test]
fn everything_is_ended_without_optimisation() {
    ends_everywhere(&engine(|config| config.cranelift_opt_level(OptLevel::None)), &MEMORIES[..1]);
}

#[test]
fn everything_without_a_reserved_memory_is_ended() {
    let engine = engine(|config| {
        config.memory_reservation(0).memory_reservation_for_growth(1 << 20).wasm_memory64(true)
    });
    ends_everywhere(&engine, &["(memory 1)"]);
    let without_accesses = &ENDLESS[..ENDLESS.len() - 1];
    for (what, functions) in without_accesses {
        for memory in ["", "(memory i64 1)"] {
            let (mut store, instance) = start(&engine, &format!("(module {functions} {memory})"));
            let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
            let interrupter = soon(store.interrupt_handle().unwrap());
            assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt, "{what}, {memory}");
            interrupter.join().unwrap();
        }
    }
}

#[test]
fn a_request_to_end_holds_for_one_call() {
    let engine = engine(|config| config);
    let (mut store, instance) = start(
        &engine,
        r#"(module (memory 1)
            (func (export "leaf") (result i32) (i32.const 1))
            (func (export "once") (result i32) (loop (nop)) (i32.const 2)))"#,
    );
    let leaf = instance.get_typed_func::<(), i32>(&mut store, "leaf").unwrap();
    let once = instance.get_typed_func::<(), i32>(&mut store, "once").unwrap();
    let handle = store.interrupt_handle().unwrap();
    for _ in 0..3 {
        assert_eq!(once.call(&mut store, ()).unwrap(), 2);
        handle.interrupt();
        handle.clone().interrupt();
        // This function never checks for interruption, so the request stays for the next call.
        assert_eq!(leaf.call(&mut store, ()).unwrap(), 1);
        assert_eq!(trap(once.call(&mut store, ())), Trap::Interrupt);
    }
    // The same holds before the first call of a store.
    let mut other = Store::new(&engine, ());
    other.interrupt_handle().unwrap().interrupt();
    let instance = Instance::new(&mut other, instance.module(&store), &[]).unwrap();
    let once = instance.get_typed_func::<(), i32>(&mut other, "once").unwrap();
    assert_eq!(trap(once.call(&mut other, ())), Trap::Interrupt);
    assert_eq!(once.call(&mut other, ()).unwrap(), 2);
}

#[test]
fn a_host_function_is_not_interrupted() {
    let engine = engine(|config| config);
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "host" (func $host (param i32) (result i32)))
            (memory 1)
            (func (export "run") (result i32)
                (drop (call $host (i32.const 1)))
                (loop (nop))
                (call $host (i32.const 2))))"#,
    )
    .unwrap();
    let mut linker = Linker::<Vec<i32>>::new(&engine);
    linker
        .func_wrap("", "host", |mut caller: Caller<'_, Vec<i32>>, n: i32| -> Result<i32> {
            caller.as_context_mut().interrupt_handle()?.interrupt();
            caller.data_mut().push(n);
            Ok(n)
        })
        .unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
    assert_eq!(*store.data(), [1]);
}

#[test]
fn the_innermost_call_is_ended() {
    let engine = engine(|config| config);
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "host" (func $host (result i32)))
            (memory 1)
            (func (export "endless") (loop (br 0)))
            (func (export "run") (result i32)
                (loop (nop))
                (i32.add (call $host) (i32.const 1))))"#,
    )
    .unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker
        .func_wrap("", "host", |mut caller: Caller<'_, ()>| -> Result<i32> {
            let endless = caller.get_export("endless").unwrap().into_func().unwrap();
            let endless = endless.typed::<(), ()>(&caller)?;
            let interrupter = soon(caller.as_context_mut().interrupt_handle()?);
            let ended = endless.call(&mut caller, ());
            interrupter.join().unwrap();
            let error = ended.unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
            let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
            let functions: Vec<_> = frames.iter().map(|frame| frame.func_index()).collect();
            assert_eq!(functions, [1, 2]);
            Ok(6)
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    assert_eq!(run.call(&mut store, ()).unwrap(), 7);
}

#[test]
fn stores_within_stores_are_ended_on_their_own() {
    let engine = engine(|config| config);
    let inner = Module::new(&engine, r#"(module (memory 1) (func (export "run") (loop (br 0))))"#);
    let inner = inner.unwrap();
    let outer = Module::new(
        &engine,
        r#"(module (import "" "host" (func $host)) (memory 1)
            (func (export "run") (call $host) (loop (br 0))))"#,
    )
    .unwrap();
    let mut linker = Linker::<()>::new(&engine);
    linker
        .func_wrap("", "host", move |mut caller: Caller<'_, ()>| -> Result<()> {
            // The outer call ends only after the inner one has.
            caller.as_context_mut().interrupt_handle()?.interrupt();
            let mut store = Store::new(caller.engine(), ());
            let instance = Instance::new(&mut store, &inner, &[])?;
            let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
            let interrupter = soon(store.interrupt_handle()?);
            assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
            interrupter.join().unwrap();
            Ok(())
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &outer).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
}

#[test]
fn a_start_function_is_ended() {
    let engine = engine(|config| config);
    let wat = "(module (memory 1) (func $start (loop (br 0))) (start $start))";
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let interrupter = soon(store.interrupt_handle().unwrap());
    assert_eq!(trap(Instance::new(&mut store, &module, &[])), Trap::Interrupt);
    interrupter.join().unwrap();
}

#[test]
fn the_next_store_of_an_instance_is_another() {
    let engine = engine(|config| config);
    let module = Module::new(
        &engine,
        r#"(module (memory 1) (data (i32.const 0) "image")
            (func (export "run") (loop (br 0)))
            (func (export "once") (result i32) (loop (nop)) (i32.load8_u (i32.const 0))))"#,
    )
    .unwrap();
    let mut old: Option<InterruptHandle> = None;
    for _ in 0..5 {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let once = instance.get_typed_func::<(), i32>(&mut store, "once").unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        // The handle of a store that is gone does nothing.
        old.iter().for_each(InterruptHandle::interrupt);
        assert_eq!(once.call(&mut store, ()).unwrap(), i32::from(b'i'));
        let handle = store.interrupt_handle().unwrap();
        handle.interrupt();
        assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
        // The store is dropped while there is a request to end.
        handle.interrupt();
        old = Some(handle);
    }
    drop((module, engine));
    old.unwrap().interrupt();
}

#[test]
fn forks_are_interrupted_on_their_own() {
    let engine = engine(|config| config);
    let (mut store, instance) = start(
        &engine,
        r#"(module (memory (export "memory") 1) (func (export "run") (loop (br 0))))"#,
    );
    let snapshot = Snapshot::take(&mut store, &[instance]).unwrap();
    let pre = snapshot.fork_pre(&Linker::new(&engine)).unwrap();
    let mut fork = Store::new(&engine, ());
    let instances = pre.fork(&mut fork).unwrap();
    drop(store);
    let run: TypedFunc<(), ()> = instances[0].get_typed_func(&mut fork, "run").unwrap();
    let interrupter = soon(fork.interrupt_handle().unwrap());
    assert_eq!(trap(run.call(&mut fork, ())), Trap::Interrupt);
    interrupter.join().unwrap();
}

/// Here only the host calls functions, and a function of the host is not Wasm.
#[test]
fn a_call_of_a_host_function_leaves_the_end_to_wasm() {
    let engine = engine(|config| config);
    let mut store = Store::new(&engine, ());
    store.interrupt_handle().unwrap().interrupt();
    let func = Func::wrap(&mut store, || 5);
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 5);
}

//! Running code that is interrupted: wherever it is, and whatever it is doing, it stops or goes on as it was.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wasm_runtime::{
    AsContextMut as _, Caller, Config, Engine, Extern, Func, Instance, InterruptHandle, Linker,
    Memory, MemoryType, Module, OptLevel, Result, Snapshot, Store, Trap, TypedFunc, UpdateDeadline,
    WasmBacktrace,
};

fn engine(adjust: impl FnOnce(&mut Config) -> &mut Config) -> Engine {
    let mut config = Config::new();
    config.interruption(true);
    adjust(&mut config);
    Engine::new(&config).unwrap()
}

/// A store with an instance of a module that imports nothing.
fn start(engine: &Engine, wat: &str) -> (Store<()>, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

fn trap<R: std::fmt::Debug>(result: Result<R>) -> Trap {
    let error = result.unwrap_err();
    *error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"))
}

/// Asks for an end after a moment, on another thread.
fn soon(handle: InterruptHandle) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(2));
        handle.interrupt();
    })
}

/// Functions `run` that do not end in the life of a test, each in another way.
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

/// Memories that modules have, or have not.
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
                    let asking = soon(store.interrupt_handle().unwrap());
                    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt, "{what}, {memory}");
                    asking.join().unwrap();
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
fn everything_is_ended_that_has_no_memory_to_look_below() {
    let engine = engine(|config| {
        config.memory_reservation(0).memory_reservation_for_growth(1 << 20).wasm_memory64(true)
    });
    ends_everywhere(&engine, &["(memory 1)"]);
    let without_accesses = &ENDLESS[..ENDLESS.len() - 1];
    for (what, functions) in without_accesses {
        for memory in ["", "(memory i64 1)"] {
            let (mut store, instance) = start(&engine, &format!("(module {functions} {memory})"));
            let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
            let asking = soon(store.interrupt_handle().unwrap());
            assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt, "{what}, {memory}");
            asking.join().unwrap();
        }
    }
}

#[test]
fn an_end_is_asked_for_once() {
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
        // It has nowhere to stop, and leaves the end to the next one.
        assert_eq!(leaf.call(&mut store, ()).unwrap(), 1);
        assert_eq!(trap(once.call(&mut store, ())), Trap::Interrupt);
    }
    // Before the first call of a store, too.
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
            let asking = soon(caller.as_context_mut().interrupt_handle()?);
            let ended = endless.call(&mut caller, ());
            asking.join().unwrap();
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
            // The end of the outer one waits until the inner one has its own.
            caller.as_context_mut().interrupt_handle()?.interrupt();
            let mut store = Store::new(caller.engine(), ());
            let instance = Instance::new(&mut store, &inner, &[])?;
            let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
            let asking = soon(store.interrupt_handle()?);
            assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
            asking.join().unwrap();
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
    let asking = soon(store.interrupt_handle().unwrap());
    assert_eq!(trap(Instance::new(&mut store, &module, &[])), Trap::Interrupt);
    asking.join().unwrap();
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
        // That of a store that is gone does nothing.
        old.iter().for_each(InterruptHandle::interrupt);
        assert_eq!(once.call(&mut store, ()).unwrap(), i32::from(b'i'));
        let handle = store.interrupt_handle().unwrap();
        handle.interrupt();
        assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
        // The store is dropped with an end asked for.
        handle.interrupt();
        old = Some(handle);
    }
    drop((module, engine));
    old.unwrap().interrupt();
}

#[test]
fn backtraces_tell_where_the_code_was() {
    let engine = engine(|config| config);
    let wat = r#"(module
        (import "" "ask" (func $ask))
        (memory 1)
        (func $turn (param i32) (loop $again (call $ask) (br $again)))
        (func $outer (export "run") (call $turn (i32.const 1)))
        (func $entered (export "enter") (call $ask)))"#;
    let wasm = wat::parse_str(wat).unwrap();
    let module = Module::new(&engine, &wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let handle = store.interrupt_handle().unwrap();
    let asking = handle.clone();
    let ask = Func::wrap(&mut store, move || asking.interrupt());
    let instance = Instance::new(&mut store, &module, &[ask.into()]).unwrap();
    let mut frames = |name: &str| {
        let func = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
        if name == "enter" {
            handle.interrupt();
        }
        let error = func.call(&mut store, ()).unwrap_err();
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        let names = frames.iter().map(|frame| frame.func_name().unwrap().to_string());
        let names: Vec<_> = names.collect();
        (names, frames[0].module_offset().unwrap(), frames[0].func_offset().unwrap())
    };
    let (names, offset, _) = frames("run");
    assert_eq!(names, ["turn", "outer"]);
    assert_eq!(wasm[offset..][..2], [0x03, 0x40], "a `loop` without results is at {offset:#x}");
    let (names, _, offset) = frames("enter");
    assert_eq!((names, offset), (vec!["entered".to_string()], 0));
}

/// What leads from a table that nothing changes to an imported function has no place to stop of its own.
#[test]
fn imported_functions_are_called_through_tables() {
    let engine = engine(|config| config);
    let wat = r#"(module
        (import "" "ask" (func $ask))
        (memory 1)
        (table 1 1 funcref)
        (elem (i32.const 0) $ask)
        (func (export "twice") (call $ask) (call_indirect (i32.const 0)))
        (func (export "run") (loop $again (call_indirect (i32.const 0)) (br $again))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let count = Arc::new(AtomicU32::new(0));
    let (handle, counting) = (store.interrupt_handle().unwrap(), count.clone());
    let ask = Func::wrap(&mut store, move || {
        counting.fetch_add(1, Ordering::Relaxed);
        handle.interrupt();
    });
    let instance = Instance::new(&mut store, &module, &[ask.into()]).unwrap();
    let twice = instance.get_typed_func::<(), ()>(&mut store, "twice").unwrap();
    twice.call(&mut store, ()).unwrap();
    assert_eq!(count.swap(0, Ordering::Relaxed), 2);
    assert_eq!(trap(twice.call(&mut store, ())), Trap::Interrupt);
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
    assert_eq!(count.swap(0, Ordering::Relaxed), 1);
}

/// A function whose registers are all in use at the head of its loop, and one that calls itself.
const BUSY: &str = r#"(module
    (memory 1)
    (func $mix (export "loop") (param $n i32) (result i64)
        (local $a i64) (local $b i64) (local $c i64) (local $d i64) (local $e i64) (local $f i64)
        (local $g i64) (local $h i64) (local $i i64)
        (local $s f32) (local $t f32) (local $u f64) (local $w f64)
        (local $x v128) (local $y v128) (local $z v128) (local $p v128) (local $q v128) (local $r v128)
        (local.set $a (i64.const 0x0123456789abcdef)) (local.set $b (i64.const 0x1337))
        (local.set $u (f64.const 1.5)) (local.set $w (f64.const 0.75)) (local.set $s (f32.const 3.25))
        (local.set $x (v128.const i64x2 0x1111111122222222 0x3333333344444444))
        (local.set $y (v128.const i32x4 1 2 3 4))
        (local.set $p (v128.const f64x2 1.25 2.5))
        (loop $again
            (local.set $c (i64.add (i64.rotl (local.get $a) (i64.const 7)) (local.get $b)))
            (local.set $d (i64.xor (local.get $c) (i64.mul (local.get $e) (i64.const 31))))
            (local.set $e (i64.add (local.get $d) (local.get $f)))
            (local.set $f (i64.sub (local.get $g) (local.get $a)))
            (local.set $g (i64.xor (local.get $h) (local.get $c)))
            (local.set $h (i64.add (local.get $i) (local.get $e)))
            (local.set $i (i64.add (local.get $i) (i64.extend_i32_u (local.get $n))))
            (local.set $a (i64.add (local.get $a) (local.get $h)))
            (local.set $b (i64.xor (local.get $b) (local.get $g)))
            (local.set $u (f64.add (f64.mul (local.get $u) (f64.const 0.99)) (local.get $w)))
            (local.set $w (f64.sub (local.get $w) (f64.mul (local.get $u) (f64.const 0.001))))
            (local.set $t (f32.add (local.get $s) (f32.demote_f64 (local.get $u))))
            (local.set $s (f32.mul (local.get $t) (f32.const 0.5)))
            (local.set $z (i32x4.add (local.get $x) (local.get $y)))
            (local.set $q (f64x2.add (local.get $p) (f64x2.splat (local.get $w))))
            (local.set $p (f64x2.mul (local.get $q) (v128.const f64x2 0.5 0.25)))
            (local.set $r (v128.xor (local.get $r) (i64x2.add (local.get $z) (i64x2.splat (local.get $a)))))
            (local.set $x (i32x4.mul (local.get $z) (v128.const i32x4 3 5 7 9)))
            (local.set $y (v128.xor (local.get $y) (local.get $r)))
            (i64.store (i32.and (local.get $n) (i32.const 0xfff8)) (local.get $a))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i64.xor
            (i64.xor
                (i64.xor (local.get $a) (i64.add (local.get $b) (local.get $c)))
                (i64.xor (local.get $d) (i64.add (local.get $e) (local.get $f))))
            (i64.xor
                (i64.xor
                    (i64.xor (i64.reinterpret_f64 (local.get $u)) (i64.reinterpret_f64 (local.get $w)))
                    (i64.extend_i32_u (i32.reinterpret_f32 (local.get $s))))
                (i64.xor
                    (i64.xor (i64x2.extract_lane 0 (local.get $x)) (i64x2.extract_lane 1 (local.get $y)))
                    (i64.xor (i64x2.extract_lane 1 (local.get $r)) (i64x2.extract_lane 0 (local.get $p)))))))
    (func $fib (export "fib") (param i32 i64 f64) (result i64)
        (if (result i64) (i32.lt_u (local.get 0) (i32.const 2))
            (then (i64.add (local.get 1) (i64.trunc_f64_s (local.get 2))))
            (else (i64.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (local.get 2))
                (call $fib (i32.sub (local.get 0) (i32.const 2)) (i64.const 1) (f64.const 2)))))))"#;

#[test]
fn code_goes_on_as_it_was() {
    for level in [OptLevel::Speed, OptLevel::None] {
        let engine = engine(|config| config.epoch_interruption(true).cranelift_opt_level(level));
        let (mut store, instance) = start(&engine, BUSY);
        store.set_epoch_deadline(1);
        let mix = instance.get_typed_func::<i32, i64>(&mut store, "loop").unwrap();
        let fib = instance.get_typed_func::<(i32, i64, f64), i64>(&mut store, "fib").unwrap();
        let expected =
            (mix.call(&mut store, 3000).unwrap(), fib.call(&mut store, (15, 7, 9.0)).unwrap());
        let count = Arc::new(AtomicU32::new(0));
        let counting = count.clone();
        // The deadline is reached again at once, so that the code stops wherever it can.
        store.epoch_deadline_callback(move |_| {
            counting.fetch_add(1, Ordering::Relaxed);
            // What this does to the registers is lost on the code.
            std::hint::black_box((1..40).map(f64::from).map(f64::sqrt).sum::<f64>());
            Ok(UpdateDeadline::Continue(0))
        });
        store.set_epoch_deadline(0);
        assert_eq!(mix.call(&mut store, 3000).unwrap(), expected.0);
        assert_eq!(count.swap(0, Ordering::Relaxed), 3000);
        assert_eq!(fib.call(&mut store, (15, 7, 9.0)).unwrap(), expected.1);
        // Each call of the function, the one that the host makes too.
        assert_eq!(count.swap(0, Ordering::Relaxed), 1973);
        store.set_epoch_deadline(1);
        assert_eq!(mix.call(&mut store, 3000).unwrap(), expected.0);
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_stack_that_is_used_up_is_told_of() {
    let engine = engine(|config| config.epoch_interruption(true).max_wasm_stack(64 << 10));
    let (mut store, instance) = start(
        &engine,
        r#"(module (memory 1)
            (func $deeper (export "run") (param i32) (result i32)
                (i32.add (call $deeper (local.get 0)) (i32.const 1))))"#,
    );
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let depth = Arc::new(AtomicU32::new(0));
    let counting = depth.clone();
    store.epoch_deadline_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    for _ in 0..2 {
        assert_eq!(trap(run.call(&mut store, 1)), Trap::StackOverflow);
        assert!(depth.swap(0, Ordering::Relaxed) > 100);
    }
}

/// A function may have more places to stop than its page has bytes for.
#[test]
fn a_function_may_have_any_number_of_loops() {
    let engine = engine(|config| config.epoch_interruption(true));
    let loops = "(loop (nop))".repeat(1500);
    let wat = format!(
        r#"(module (memory 1)
            (func (export "run") (param i32) {loops}
                (block (br_if 0 (i32.eqz (local.get 0))) (loop (br 0)))))"#
    );
    let (mut store, instance) = start(&engine, &wat);
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let counting = count.clone();
    store.epoch_deadline_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    run.call(&mut store, 0).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1500);
    store.set_epoch_deadline(1);
    let asking = soon(store.interrupt_handle().unwrap());
    assert_eq!(trap(run.call(&mut store, 1)), Trap::Interrupt);
    asking.join().unwrap();
}

/// What is put into other functions does not stop there, and what it does is the same.
#[test]
fn functions_that_replace_calls_do_not_stop() {
    let compiler = wasm_runtime::CraneliftCompiler::new();
    // SAFETY: measures for faster code leave what it does as it is.
    let compiler = unsafe {
        compiler.adjust(|settings| {
            settings.inlining(true);
        })
    };
    let engine = engine(|config| config.epoch_interruption(true).compiler(Arc::new(compiler)));
    let (mut store, instance) = start(
        &engine,
        r#"(module (memory 1)
            (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
            (func (export "run") (param $n i32) (result i32) (local $sum i32)
                (loop $again
                    (local.set $sum (call $add (local.get $sum) (local.get $n)))
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
                (local.get $sum)))"#,
    );
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let counting = count.clone();
    store.epoch_deadline_callback(move |_| {
        counting.fetch_add(1, Ordering::Relaxed);
        Ok(UpdateDeadline::Continue(0))
    });
    store.set_epoch_deadline(0);
    assert_eq!(run.call(&mut store, 100).unwrap(), 5050);
    assert_eq!(count.load(Ordering::Relaxed), 100);
}

#[test]
fn memories_of_others_are_looked_below() {
    let engine = engine(|config| config);
    let module = Module::new(
        &engine,
        r#"(module (import "" "memory" (memory 1)) (func (export "run") (loop (br 0))))"#,
    )
    .unwrap();
    let exporter = Module::new(&engine, r#"(module (memory (export "memory") 1))"#).unwrap();
    let mut store = Store::new(&engine, ());
    let of_host = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let exporter = Instance::new(&mut store, &exporter, &[]).unwrap();
    let of_instance = exporter.get_memory(&mut store, "memory").unwrap();
    for memory in [of_host, of_instance] {
        let instance = Instance::new(&mut store, &module, &[memory.into()]).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let asking = soon(store.interrupt_handle().unwrap());
        assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
        asking.join().unwrap();
    }
}

#[test]
fn code_that_could_be_interrupted_runs_where_it_is_not() {
    let wat = r#"(module (import "" "memory" (memory 1))
        (func (export "run") (result i32) (local $i i32)
            (loop $again
                (br_if $again (i32.lt_u
                    (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
            (i32.add (local.get $i) (i32.load8_u (i32.const 0)))))"#;
    let wasm = wat::parse_str(wat).unwrap();
    let own = wat::parse_str(wat.replace(r#"(import "" "memory" (memory 1))"#, "(memory 1)"));
    let none = wat::parse_str(
        r#"(module (func (export "run") (result i32) (loop (nop)) (i32.const 1000)))"#,
    );
    let interruptible = engine(|config| config);
    let plain = Engine::default();
    for (wasm, imports) in [(wasm, true), (own.unwrap(), false), (none.unwrap(), false)] {
        let artifact = interruptible.precompile_module(&wasm).unwrap();
        // SAFETY: the artifact was just made.
        let module = unsafe { Module::deserialize(&plain, &artifact) }.unwrap();
        for _ in 0..2 {
            let mut store = Store::new(&plain, ());
            let memory: Extern = Memory::new(&mut store, MemoryType::new(1, None)).unwrap().into();
            let imports = if imports { vec![memory] } else { Vec::new() };
            let instance = Instance::new(&mut store, &module, &imports).unwrap();
            let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
            assert_eq!(run.call(&mut store, ()).unwrap(), 1000);
        }
        let artifact = plain.precompile_module(&wasm).unwrap();
        // SAFETY: as above.
        let error = unsafe { Module::deserialize(&interruptible, &artifact) }.unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("interruption") && error.contains("Config::interruption(true)"),
            "{error}"
        );
    }
}

#[test]
fn what_can_not_be_interrupted_says_so() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let errors = [
        store.interrupt_handle().unwrap_err(),
        store.set_timeout(Duration::from_secs(1)).unwrap_err(),
        store.set_cpu_timeout(Duration::from_secs(1)).unwrap_err(),
    ];
    for error in errors {
        assert!(error.to_string().contains("`Config::interruption(true)`"), "{error}");
    }
    engine.increment_epoch();
    let panics: [fn(&mut Store<()>); 3] = [
        |store| store.set_epoch_deadline(1),
        |store| store.epoch_deadline_trap(),
        |store| store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Interrupt)),
    ];
    for panics in panics {
        let call = std::panic::AssertUnwindSafe(|| panics(&mut store));
        let payload = std::panic::catch_unwind(call).unwrap_err();
        assert!(payload.downcast_ref::<String>().unwrap().contains("`Config::interruption(true)`"));
    }
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
    let asking = soon(fork.interrupt_handle().unwrap());
    assert_eq!(trap(run.call(&mut fork, ())), Trap::Interrupt);
    asking.join().unwrap();
}

/// Functions are called from the host alone: a function of the host is not Wasm.
#[test]
fn a_call_of_a_host_function_leaves_the_end_to_wasm() {
    let engine = engine(|config| config);
    let mut store = Store::new(&engine, ());
    store.interrupt_handle().unwrap().interrupt();
    let func = Func::wrap(&mut store, || 5);
    assert_eq!(func.typed::<(), i32>(&store).unwrap().call(&mut store, ()).unwrap(), 5);
}

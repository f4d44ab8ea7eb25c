//! Code that can be interrupted does what other code does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wasm_runtime::{
    Engine, Extern, Func, Instance, Memory, MemoryType, Module, OptLevel, Store, Trap,
    UpdateDeadline, WasmBacktrace,
};

use crate::support::{engine, soon, start, trap};

#[test]
fn backtraces_show_where_the_code_was() {
    let engine = engine(|config| config);
    let wat = r#"(module
        (import "" "stop" (func $stop))
        (memory 1)
        (func $turn (param i32) (loop $again (call $stop) (br $again)))
        (func $outer (export "run") (call $turn (i32.const 1)))
        (func $entered (export "enter") (call $stop)))"#;
    let wasm = wat::parse_str(wat).unwrap();
    let module = Module::new(&engine, &wasm).unwrap();
    let mut store = Store::new(&engine, ());
    let handle = store.interrupt_handle().unwrap();
    let stopping = handle.clone();
    let stop = Func::wrap(&mut store, move || stopping.interrupt());
    let instance = Instance::new(&mut store, &module, &[stop.into()]).unwrap();
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

/// The code that leads from an immutable table to an imported function has no check for
/// interruption of its own.
#[test]
fn imported_functions_are_called_through_tables() {
    let engine = engine(|config| config);
    let wat = r#"(module
        (import "" "stop" (func $stop))
        (memory 1)
        (table 1 1 funcref)
        (elem (i32.const 0) $stop)
        (func (export "twice") (call $stop) (call_indirect (i32.const 0)))
        (func (export "run") (loop $again (call_indirect (i32.const 0)) (br $again))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let count = Arc::new(AtomicU32::new(0));
    let (handle, counting) = (store.interrupt_handle().unwrap(), count.clone());
    let stop = Func::wrap(&mut store, move || {
        counting.fetch_add(1, Ordering::Relaxed);
        handle.interrupt();
    });
    let instance = Instance::new(&mut store, &module, &[stop.into()]).unwrap();
    let twice = instance.get_typed_func::<(), ()>(&mut store, "twice").unwrap();
    twice.call(&mut store, ()).unwrap();
    assert_eq!(count.swap(0, Ordering::Relaxed), 2);
    assert_eq!(trap(twice.call(&mut store, ())), Trap::Interrupt);
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
    assert_eq!(count.swap(0, Ordering::Relaxed), 1);
}

/// A function with all registers in use at the head of its loop, and one that calls itself.
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
        // The next deadline is reached at once, so that the code stops wherever it can.
        store.epoch_deadline_callback(move |_| {
            counting.fetch_add(1, Ordering::Relaxed);
            // The code must not notice what this does to the registers.
            std::hint::black_box((1..40).map(f64::from).map(f64::sqrt).sum::<f64>());
            Ok(UpdateDeadline::Continue(0))
        });
        store.set_epoch_deadline(0);
        assert_eq!(mix.call(&mut store, 3000).unwrap(), expected.0);
        assert_eq!(count.swap(0, Ordering::Relaxed), 3000);
        assert_eq!(fib.call(&mut store, (15, 7, 9.0)).unwrap(), expected.1);
        // Each call of the function, including the one by the host.
        assert_eq!(count.swap(0, Ordering::Relaxed), 1973);
        store.set_epoch_deadline(1);
        assert_eq!(mix.call(&mut store, 3000).unwrap(), expected.0);
        assert_eq!(count.load(Ordering::Relaxed), 0);
    }
}

#[test]
fn a_stack_that_is_used_up_is_reported() {
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

/// A function may have more checks for interruption than its page has bytes.
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
    let interrupter = soon(store.interrupt_handle().unwrap());
    assert_eq!(trap(run.call(&mut store, 1)), Trap::Interrupt);
    interrupter.join().unwrap();
}

/// Inlined functions have no checks of their own, and do the same as before.
#[test]
fn functions_that_replace_calls_do_not_stop() {
    let compiler = wasm_runtime::CraneliftCompiler::new();
    // SAFETY: these optimizations leave what the code does as it is.
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
fn code_with_an_imported_memory_is_interrupted() {
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
        let interrupter = soon(store.interrupt_handle().unwrap());
        assert_eq!(trap(run.call(&mut store, ())), Trap::Interrupt);
        interrupter.join().unwrap();
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
    // Deadlines have no effect there: nothing looks at them.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| panic!("no code has stopped"));
    engine.increment_epoch();
    let module = Module::new(&engine, r#"(module (func (export "run") (loop) (call 1)) (func))"#);
    let instance = Instance::new(&mut store, &module.unwrap(), &[]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    run.call(&mut store, ()).unwrap();
    store.epoch_deadline_trap();
    run.call(&mut store, ()).unwrap();
}

#[test]
fn code_that_can_only_be_ended_has_no_callback() {
    let engine = engine(|config| config);
    let mut store = Store::new(&engine, ());
    let call = std::panic::AssertUnwindSafe(|| {
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Interrupt));
    });
    let payload = std::panic::catch_unwind(call).unwrap_err();
    let message = payload.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(message.contains("`Config::epoch_interruption(true)`"), "{message}");
}

//! Several stores on several threads that share the engine and modules.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wasm_runtime::{Engine, Instance, Linker, Module, Result, Store, Trap};
use wasm_tests::Pipeline;

const WAT: &str = r#"
    (module
      (import "host" "count" (func $count))
      (memory (export "memory") 1 4)
      (func $forever (result i32) (i32.add (i32.const 1) (call $forever)))
      (func (export "work") (param $seed i32) (result i32) (local $i i32) (local $sum i32)
        (drop (memory.grow (i32.const 1)))
        (loop $again
          (call $count)
          (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $seed))
          (local.set $sum (i32.add (local.get $sum)
            (i32.load (i32.shl (local.get $i) (i32.const 2)))))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
        (local.get $sum))
      (func (export "trap") (param i32) (result i32)
        (i32.load (i32.add (local.get 0) (i32.const 0x10000000))))
      (func (export "overflow") (param i32) (result i32) (call $forever)))
"#;

#[test]
fn stores_on_threads_do_not_meet() -> Result<()> {
    for pipeline in Pipeline::ALL {
        let engine = Engine::default();
        let module = pipeline.module(&engine, WAT.as_bytes())?;
        let counted = Arc::new(AtomicU32::new(0));
        let mut linker: Linker<i32> = Linker::new(&engine);
        let counting = Arc::clone(&counted);
        linker.func_wrap("host", "count", move || {
            counting.fetch_add(1, Ordering::Relaxed);
        })?;
        let linker = Arc::new(linker);
        std::thread::scope(|scope| {
            for thread in 1..=8 {
                let (engine, module, linker) = (&engine, &module, &linker);
                scope.spawn(move || {
                    for round in 0..20 {
                        let mut store = Store::new(engine, thread);
                        let instance = linker.instantiate(&mut store, module).expect("an instance");
                        let run = |store: &mut Store<i32>, name: &str| {
                            let func = instance.get_typed_func::<i32, i32>(&mut *store, name);
                            func.expect("a function of this type").call(store, thread)
                        };
                        assert_eq!(run(&mut store, "work").expect("a sum"), thread * 1000);
                        let error = run(&mut store, "trap").expect_err("a trap");
                        assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
                        if round % 5 == 0 {
                            let error = run(&mut store, "overflow").expect_err("a trap");
                            assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
                        }
                    }
                });
            }
        });
        assert_eq!(counted.load(Ordering::Relaxed), 8 * 20 * 1000);
    }
    Ok(())
}

#[test]
fn a_store_may_move_between_threads() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (global $n (mut i32) (i32.const 0))
             (func (export "next") (result i32)
               (global.set $n (i32.add (global.get $n) (i32.const 1)))
               (if (i32.eq (global.get $n) (i32.const 4)) (then (unreachable)))
               (global.get $n)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let next = instance.get_typed_func::<(), i32>(&mut store, "next")?;
    for expected in 1..8 {
        let (given_back, result) = std::thread::scope(|scope| {
            let (next, mut store) = (&next, store);
            let thread = scope.spawn(move || {
                let result = next.call(&mut store, ());
                (store, result)
            });
            thread.join().expect("no panic")
        });
        store = given_back;
        match result {
            Ok(value) => assert_eq!(value, expected),
            Err(error) => {
                assert_eq!(expected, 4);
                assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
            }
        }
    }
    Ok(())
}

#[test]
fn modules_are_compiled_on_several_threads_at_once() {
    let engine = Engine::default();
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..5 {
                    let answer = thread * 100 + round;
                    let wat = format!(
                        "(module (func (export \"answer\") (result i32) (i32.const {answer})))"
                    );
                    let module = Module::new(engine, &wat).expect("a valid module");
                    let mut store = Store::new(engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
                    let func = instance.get_typed_func::<(), i32>(&mut store, "answer");
                    let result = func.expect("this type").call(&mut store, ());
                    assert_eq!(result.expect("no trap"), answer);
                }
            });
        }
    });
}

#[test]
fn threads_with_small_stacks_have_room_for_wasm() -> Result<()> {
    // Wasm does not run on the thread's stack, so the size of that does not limit recursion.
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module (func $down (export "down") (param i32) (result i32)
             (if (result i32) (i32.eqz (local.get 0)) (then (i32.const 0))
               (else (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1))))))))"#,
    )?;
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(move || {
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[])?;
        instance.get_typed_func::<i32, i32>(&mut store, "down")?.call(&mut store, 10_000)
    })?;
    assert_eq!(thread.join().expect("no panic")?, 10_000);
    Ok(())
}

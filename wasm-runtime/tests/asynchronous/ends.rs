//! Calls that do not come to their end: dropped, forgotten, failed, trapped, interrupted.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::task::Poll;

use wasm_runtime::{
    Caller, Config, Engine, Error, Func, Linker, Module, Result, Store, Trap, WasmBacktrace,
};

use crate::support::{After, PROGRAM, block_on, in_engine, is_usable, poll_once, store};

#[test]
fn a_call_can_be_dropped_at_every_point() -> Result<()> {
    for polls in 1..4 {
        let total = polls * 6;
        for dropped_after in 0..=total {
            let (mut store, instance) = store(polls)?;
            let sum =
                instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
            {
                let mut call = Box::pin(sum.call_async(&mut store, (6, 1, 2, 3, 4)));
                for _ in 0..dropped_after {
                    assert!(poll_once(call.as_mut()).is_pending());
                }
            }
            // What Wasm had done before is there.
            let calls = instance.get_global(&mut store, "calls").expect("an export");
            let calls = calls.get(&mut store).unwrap_i32();
            assert_eq!(calls as u32, dropped_after.div_ceil(polls));
            is_usable(&mut store, instance)?;
            let other = Module::new(store.engine(), "(module (func (export \"f\")))")?;
            block_on(wasm_runtime::Instance::new_async(&mut store, &other, &[]))?;
        }
    }
    Ok(())
}

#[test]
fn a_call_that_is_forgotten_leaves_the_store_usable() -> Result<()> {
    let (mut store, instance) = store(1)?;
    let once = instance.get_typed_func::<(i32, i64), i64>(&mut store, "once")?;
    for _ in 0..100 {
        let mut call = Box::pin(once.call_async(&mut store, (1, 2)));
        assert!(poll_once(call.as_mut()).is_pending());
        std::mem::forget(call);
    }
    assert_eq!(store.data().alive.swap(0, Ordering::Relaxed), 100);
    is_usable(&mut store, instance)?;
    store.set_max_wasm_stack(128 << 10)?;
    is_usable(&mut store, instance)
}

#[test]
fn a_store_goes_with_the_future_that_has_it() -> Result<()> {
    let (mut store, instance) = store(1)?;
    let alive = store.data().alive.clone();
    let once = instance.get_typed_func::<(i32, i64), i64>(&mut store, "once")?;
    let mut call = Box::pin(async move { once.call_async(&mut store, (1, 2)).await });
    assert!(poll_once(call.as_mut()).is_pending());
    assert_eq!(alive.load(Ordering::Relaxed), 1);
    drop(call);
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    Ok(())
}

#[test]
fn traps_after_a_call_has_gone_on() -> Result<()> {
    for polls in 0..3 {
        let (mut store, instance) = store(polls)?;
        for (name, trap) in
            [("then_trap", Trap::IntegerDivisionByZero), ("then_overflow", Trap::StackOverflow)]
        {
            let func = instance.get_typed_func::<i32, ()>(&mut store, name)?;
            let error = block_on(func.call_async(&mut store, 1)).unwrap_err();
            assert_eq!(*error.downcast_ref::<Trap>().expect("a trap"), trap);
            let trace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
            assert!(!trace.frames().is_empty());
            is_usable(&mut store, instance)?;
        }
    }
    Ok(())
}

/// Host functions that fail, each after it was not ready so many times.
fn failing(polls: u32) -> Result<(Store<()>, Func, Func)> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "fail", move |_: Caller<'_, ()>, (): ()| {
        Box::new(async move {
            After(polls).await;
            Result::<()>::Err(Error::msg("it did not work"))
        })
    })?;
    linker.func_wrap_async("", "panic", move |_: Caller<'_, ()>, (): ()| {
        Box::new(async move {
            After(polls).await;
            assert_eq!(polls, u32::MAX, "it went wrong");
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "fail" (func $fail))
            (import "" "panic" (func $panic))
            (func (export "fail") (call $fail))
            (func (export "panic") (call $panic)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let fail = instance.get_func(&mut store, "fail").expect("an export");
    let panic = instance.get_func(&mut store, "panic").expect("an export");
    Ok((store, fail, panic))
}

#[test]
fn errors_and_panics_of_host_functions_end_the_call() -> Result<()> {
    for polls in 0..3 {
        let (mut store, fail, panic) = failing(polls)?;
        for _ in 0..2 {
            let error = block_on(fail.call_async(&mut store, &[], &mut [])).unwrap_err();
            assert!(format!("{error:?}").contains("it did not work"));
            assert_eq!(error.downcast_ref::<WasmBacktrace>().expect("one").frames().len(), 1);
            let panicked = catch_unwind(AssertUnwindSafe(|| {
                block_on(panic.call_async(&mut store, &[], &mut []))
            }));
            let payload = panicked.unwrap_err();
            let message = payload.downcast_ref::<String>().expect("a message");
            assert!(message.contains("it went wrong"));
        }
    }
    Ok(())
}

#[test]
fn a_destructor_that_panics_leaves_the_store_usable() -> Result<()> {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("while it was dropped");
        }
    }
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |_: Caller<'_, ()>, (bomb,): (i32,)| {
        Box::new(async move {
            let _bomb = (bomb != 0).then(|| Bomb);
            After(1).await;
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "wait" (func $wait (param i32)))
            (func (export "f") (param i32) (call $wait (local.get 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func::<i32, ()>(&mut store, "f")?;
    let dropped = catch_unwind(AssertUnwindSafe(|| {
        let mut call = Box::pin(func.call_async(&mut store, 1));
        assert!(poll_once(call.as_mut()).is_pending());
    }));
    assert!(dropped.is_err());
    block_on(func.call_async(&mut store, 0))?;
    let ended = catch_unwind(AssertUnwindSafe(|| block_on(func.call_async(&mut store, 1))));
    assert!(ended.is_err());
    block_on(func.call_async(&mut store, 0))
}

#[test]
fn a_call_that_waits_can_be_interrupted() -> Result<()> {
    let engine = Engine::new(Config::new().interruption(true))?;
    let module = Module::new(&engine, PROGRAM)?;
    let (mut store, instance) = in_engine(&engine, &module, 1)?;
    let handle = store.interrupt_handle()?;
    let sum = instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
    {
        let mut call = pin!(sum.call_async(&mut store, (6, 1, 2, 3, 4)));
        assert!(poll_once(call.as_mut()).is_pending());
        handle.interrupt();
        // It takes effect when Wasm goes on.
        let Poll::Ready(result) = poll_once(call.as_mut()) else { panic!("it goes on") };
        assert_eq!(result.unwrap_err().downcast::<Trap>()?, Trap::Interrupt);
    }
    is_usable(&mut store, instance)
}

#[test]
fn timeouts_count_the_time_that_is_waited() -> Result<()> {
    use std::time::Duration;
    let engine = Engine::new(Config::new().interruption(true))?;
    let module = Module::new(&engine, PROGRAM)?;
    let (mut store, instance) = in_engine(&engine, &module, 1)?;
    let sum = instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
    store.set_timeout(Duration::from_millis(50))?;
    for waits in [true, false, true] {
        let mut call = pin!(sum.call_async(&mut store, (2, 1, 2, 3, 4)));
        assert!(poll_once(call.as_mut()).is_pending());
        if waits {
            std::thread::sleep(Duration::from_millis(80));
            let Poll::Ready(result) = poll_once(call.as_mut()) else { panic!("it goes on") };
            assert_eq!(result.unwrap_err().downcast::<Trap>()?, Trap::Interrupt);
        }
    }
    // One that was given up does not count for the next.
    std::thread::sleep(Duration::from_millis(80));
    is_usable(&mut store, instance)?;
    // Neither does one that was forgotten.
    for timeout in [Some(Duration::from_millis(50)), None] {
        let mut call = Box::pin(sum.call_async(&mut store, (2, 1, 2, 3, 4)));
        assert!(poll_once(call.as_mut()).is_pending());
        std::mem::forget(call);
        assert_eq!(store.data().alive.swap(0, Ordering::Relaxed), 1);
        store.set_timeout(timeout)?;
        std::thread::sleep(Duration::from_millis(80));
        is_usable(&mut store, instance)?;
    }
    store.set_timeout(Duration::from_millis(50))?;
    let endless = instance.get_typed_func::<(), ()>(&mut store, "loop")?;
    let error = block_on(endless.call_async(&mut store, ())).unwrap_err();
    assert_eq!(error.downcast::<Trap>()?, Trap::Interrupt);
    is_usable(&mut store, instance)
}

#[test]
fn wasm_catches_what_a_function_throws_that_waited() -> Result<()> {
    let engine = Engine::new(Config::new().wasm_exceptions(true))?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "f" (func $f (param i32)))
            (tag $t (param i32))
            (func (export "throw") (param i32) (throw $t (local.get 0)))
            (func (export "run") (param i32) (result i32)
                (local $kept i32)
                (local.set $kept (i32.mul (local.get 0) (i32.const 100)))
                (block $caught (result i32)
                    (try_table (catch $t $caught) (call $f (local.get 0)))
                    (return (i32.const 0)))
                (i32.add (local.get $kept))))"#,
    )?;
    for polls in 0..3 {
        let mut linker = Linker::new(&engine);
        linker.func_wrap_async("", "f", move |mut caller: Caller<'_, ()>, (n,): (i32,)| {
            Box::new(async move {
                After(polls).await;
                let throw = caller.get_export("throw").and_then(|it| it.into_func()).expect("it");
                let thrown = throw.typed::<i32, ()>(&caller)?.call_async(&mut caller, n).await;
                After(polls).await;
                if n == 0 { Ok(()) } else { thrown }
            })
        })?;
        let mut store = Store::new(&engine, ());
        let instance = block_on(linker.instantiate_async(&mut store, &module))?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        for n in [1, 2, 0, 3] {
            assert_eq!(block_on(run.call_async(&mut store, n))?, 101 * n);
        }
    }
    Ok(())
}

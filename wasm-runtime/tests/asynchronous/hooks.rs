//! Hooks are notified of calls that wait, and of their end, but not of the waiting.

use std::pin::pin;
use std::sync::{Arc, Mutex};

use wasm_runtime::{
    CallFilter, CallHook, CallOutcome, Caller, Engine, Linker, Module, Result, Store, TypedFunc,
};

use crate::support::{After, block_on, poll_once};

fn world() -> Result<(Store<u32>, TypedFunc<i32, i32>)> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |caller: Caller<'_, u32>, (n,): (i32,)| {
        Box::new(async move {
            After(*caller.data()).await;
            wasm_runtime::ensure!(n != 0, "nothing");
            Ok(n + 1)
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "wait" (func $wait (param i32) (result i32)))
            (func (export "f") (param i32) (result i32)
                (i32.mul (call $wait (local.get 0)) (i32.const 10))))"#,
    )?;
    let mut store = Store::new(&engine, 0);
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func(&mut store, "f")?;
    Ok((store, func))
}

type Log = Arc<Mutex<Vec<String>>>;

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().expect("no panic"))
}

fn observe(store: &mut Store<u32>, log: &Log) {
    let log = Arc::clone(log);
    store.add_call_hook(CallFilter::all(), move |call| {
        let event = call.event();
        let ending = match call.outcome() {
            None => format!("{:?}", call.args().expect("arguments")),
            Some(CallOutcome::Returned) => format!("{:?}", call.results().expect("results")),
            Some(CallOutcome::Failed(_)) => "failed".to_string(),
            Some(CallOutcome::Panicked) => "panicked".to_string(),
            Some(_) => "?".to_string(),
        };
        log.lock().expect("no panic").push(format!("{event:?} {} {ending}", call.depth()));
        Ok(())
    });
}

#[test]
fn hooks_with_a_context() -> Result<()> {
    for hooks in 1..3 {
        for polls in 0..3 {
            let (mut store, func) = world()?;
            let log = Log::default();
            for _ in 0..hooks {
                observe(&mut store, &log);
            }
            *store.data_mut() = polls;
            assert_eq!(block_on(func.call_async(&mut store, 3))?, 40);
            let mut once = taken(&log);
            once.dedup();
            assert_eq!(
                once,
                [
                    "CallingWasm 1 [I32(3)]",
                    "CallingHost 2 [I32(3)]",
                    "ReturningFromHost 2 [I32(4)]",
                    "ReturningFromWasm 1 [I32(40)]",
                ]
            );
            assert!(block_on(func.call_async(&mut store, 0)).is_err());
            let mut once = taken(&log);
            once.dedup();
            assert_eq!(
                once,
                [
                    "CallingWasm 1 [I32(0)]",
                    "CallingHost 2 [I32(0)]",
                    "ReturningFromHost 2 failed",
                    "ReturningFromWasm 1 failed",
                ]
            );
            if polls > 0 {
                {
                    let mut call = pin!(func.call_async(&mut store, 1));
                    assert!(poll_once(call.as_mut()).is_pending());
                    assert_eq!(taken(&log).len(), 2 * hooks);
                }
                let mut once = taken(&log);
                once.dedup();
                assert_eq!(once, ["ReturningFromHost 2 failed", "ReturningFromWasm 1 failed"]);
            }
        }
    }
    Ok(())
}

#[test]
fn the_hook_of_events() -> Result<()> {
    let (mut store, func) = world()?;
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&log);
    store.call_hook(move |_, event| {
        written.lock().expect("no panic").push(event);
        Ok(())
    });
    for polls in 0..3 {
        *store.data_mut() = polls;
        assert_eq!(block_on(func.call_async(&mut store, 3))?, 40);
        let expected = [
            CallHook::CallingWasm,
            CallHook::CallingHost,
            CallHook::ReturningFromHost,
            CallHook::ReturningFromWasm,
        ];
        assert_eq!(std::mem::take(&mut *log.lock().expect("no panic")), expected);
    }
    store.call_hook(|_, event| {
        wasm_runtime::ensure!(event != CallHook::ReturningFromHost, "not back");
        Ok(())
    });
    for polls in 0..3 {
        *store.data_mut() = polls;
        let error = block_on(func.call_async(&mut store, 3)).unwrap_err();
        assert!(format!("{error:?}").contains("not back"), "{error:?}");
    }
    Ok(())
}

#[cfg(feature = "function-hook")]
#[test]
fn functions_are_left_when_their_call_is_dropped() -> Result<()> {
    use wasm_runtime::{Config, NamePattern};
    let engine = Engine::new(Config::new().function_hooks([NamePattern::new("*")?]))?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |_: Caller<'_, Vec<String>>, ()| Box::new(After(1)))?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "wait" (func $wait))
            (func $inner (call $wait))
            (func $outer (export "f") (call $inner)))"#,
    )?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    store.function_hook(|mut call| {
        let line = format!("{:?} {}", call.event(), call.display_name());
        call.data_mut().push(line);
        Ok(())
    });
    block_on(func.call_async(&mut store, ()))?;
    let whole = ["Entered outer", "Entered inner", "Returned inner", "Returned outer"];
    assert_eq!(std::mem::take(store.data_mut()), whole);
    {
        let mut call = pin!(func.call_async(&mut store, ()));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let ended = ["Entered outer", "Entered inner", "Unwound inner", "Unwound outer"];
    assert_eq!(std::mem::take(store.data_mut()), ended);
    block_on(func.call_async(&mut store, ()))?;
    assert_eq!(*store.data(), whole);
    Ok(())
}

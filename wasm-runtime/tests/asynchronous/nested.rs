//! Calls within calls: by host functions that wait, and by those that do not.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    AsContextMut, Caller, Engine, ExternRef, Func, Instance, Linker, Module, Result, Rooted, Store,
    Trap, WasmBacktrace,
};

use crate::support::{After, Counted, block_on, poll_once};

/// `run` calls `outer` of the host, which calls `leaf`, which calls `wait` of the host, and so on.
const PROGRAM: &str = r#"(module
    (import "host" "outer" (func $outer (param i32) (result i32)))
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (memory 1)
    (func (export "run") (param i32) (result i32)
        (i32.add (call $outer (local.get 0)) (i32.const 1)))
    (func (export "leaf") (param i32) (result i32)
        (i32.add (call $wait (local.get 0)) (i32.const 10)))
    (func (export "trap") (param i32) (result i32)
        (i32.div_u (call $wait (local.get 0)) (i32.const 0))))
"#;

#[derive(Default)]
struct State {
    alive: Arc<AtomicUsize>,
    /// What `outer` does with the call that it makes: whether it forgets it after a poll.
    forgets: bool,
    traps: bool,
}

fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap_async("host", "outer", |mut caller: Caller<'_, State>, (n,): (i32,)| {
        Box::new(async move {
            let _counted = Counted::new(&caller.data().alive);
            After(n as u32 % 3).await;
            let name = if caller.data().traps { "trap" } else { "leaf" };
            let leaf = caller.get_export(name).and_then(|it| it.into_func()).expect("it");
            let leaf = leaf.typed::<i32, i32>(&caller)?;
            if caller.data().forgets {
                let mut call = Box::pin(leaf.call_async(&mut caller, 2));
                assert!(poll_once(call.as_mut()).is_pending());
                std::mem::forget(call);
                After(1).await;
            }
            let first = leaf.call_async(&mut caller, n).await?;
            After(1).await;
            {
                // One that is given up.
                let mut call = pin!(leaf.call_async(&mut caller, 2));
                assert!(poll_once(call.as_mut()).is_pending());
            }
            let second = if n > 0 {
                let run = caller.get_export("run").and_then(|it| it.into_func()).expect("it");
                run.typed::<i32, i32>(&caller)?.call_async(&mut caller, n - 1).await?
            } else {
                0
            };
            Ok::<_, wasm_runtime::Error>(first + second)
        })
    })?;
    linker.func_wrap_async("host", "wait", |caller: Caller<'_, State>, (n,): (i32,)| {
        Box::new(async move {
            let _counted = Counted::new(&caller.data().alive);
            After(n as u32 % 4).await;
            n
        })
    })?;
    Ok(linker)
}

fn world(state: State) -> Result<(Store<State>, Instance)> {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM)?;
    let mut store = Store::new(&engine, state);
    let instance = block_on(linker(&engine)?.instantiate_async(&mut store, &module))?;
    Ok((store, instance))
}

fn expected(n: i32) -> i32 {
    (0..=n).map(|n| n + 10 + 1).sum()
}

#[test]
fn host_functions_that_wait_make_calls_that_wait() -> Result<()> {
    for forgets in [false, true] {
        let (mut store, instance) = world(State { forgets, ..State::default() })?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        for n in 0..12 {
            assert_eq!(block_on(run.call_async(&mut store, n))?, expected(n));
            let left = store.data().alive.swap(0, Ordering::Relaxed);
            assert_eq!(left, if forgets { n as usize + 1 } else { 0 });
        }
    }
    Ok(())
}

#[test]
fn nested_calls_can_be_dropped_at_every_point() -> Result<()> {
    let (mut store, instance) = world(State::default())?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    let mut total = 0;
    {
        let mut call = pin!(run.call_async(&mut store, 5));
        while poll_once(call.as_mut()).is_pending() {
            total += 1;
        }
    }
    assert!(total > 10, "{total}");
    for dropped_after in 0..=total {
        {
            let mut call = Box::pin(run.call_async(&mut store, 5));
            for _ in 0..dropped_after {
                assert!(poll_once(call.as_mut()).is_pending());
            }
        }
        assert_eq!(store.data().alive.load(Ordering::Relaxed), 0);
    }
    assert_eq!(block_on(run.call_async(&mut store, 5))?, expected(5));
    Ok(())
}

#[test]
fn backtraces_have_the_frames_of_all_calls_that_wait() -> Result<()> {
    let (mut store, instance) = world(State { traps: true, ..State::default() })?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    for n in 0..5 {
        let error = block_on(run.call_async(&mut store, n)).unwrap_err();
        let trace = error.downcast_ref::<WasmBacktrace>().expect("a backtrace");
        assert_eq!(trace.frames().len(), 2, "the one that trapped, and the one that waits");
        assert_eq!(error.downcast::<Trap>()?, Trap::IntegerDivisionByZero);
        assert_eq!(store.data().alive.load(Ordering::Relaxed), 0);
    }
    Ok(())
}

#[test]
fn host_functions_that_do_not_wait_may_block_on_calls_that_do() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "block", |mut caller: Caller<'_, ()>, n: i32| {
        let leaf = caller.get_export("leaf").and_then(|it| it.into_func()).expect("it");
        let leaf = leaf.typed::<i32, i32>(&caller)?;
        {
            let mut call = Box::pin(leaf.call_async(&mut caller, 3));
            assert!(poll_once(call.as_mut()).is_pending());
            std::mem::forget(call);
        }
        // A call that could not wait is refused.
        let error = leaf.call(&mut caller, n).unwrap_err();
        assert!(error.to_string().contains("_async"), "{error}");
        block_on(leaf.call_async(&mut caller, n))
    })?;
    linker.func_wrap_async("host", "wait", |_: Caller<'_, ()>, (n,): (i32,)| {
        Box::new(async move {
            After(n as u32).await;
            n
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "block" (func $block (param i32) (result i32)))
            (import "host" "wait" (func $wait (param i32) (result i32)))
            (func (export "run") (param i32) (result i32)
                (i32.add (call $wait (local.get 0))
                    (i32.add (call $block (local.get 0)) (call $block (local.get 0)))))
            (func (export "leaf") (param i32) (result i32)
                (i32.add (call $wait (local.get 0)) (i32.const 10))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    for n in 0..4 {
        assert_eq!(block_on(run.call_async(&mut store, n))?, 3 * n + 20);
    }
    Ok(())
}

#[test]
fn references_in_frames_of_calls_that_wait_are_found() -> Result<()> {
    for zeal in [false, true] {
        let engine = Engine::new(wasm_runtime::Config::new().gc_zeal(zeal))?;
        let mut linker = Linker::new(&engine);
        let alive = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&alive);
        linker.func_wrap("host", "make", move |mut caller: Caller<'_, ()>| {
            ExternRef::new(&mut caller, Counted::new(&count)).map(Some)
        })?;
        linker.func_wrap_async(
            "host",
            "wait",
            |mut caller: Caller<'_, ()>, (depth,): (i32,)| {
                Box::new(async move {
                    After(1).await;
                    caller.gc(None)?;
                    if depth > 0 {
                        let run =
                            caller.get_export("run").and_then(|it| it.into_func()).expect("it");
                        run.typed::<i32, i32>(&caller)?.call_async(&mut caller, depth - 1).await?;
                    }
                    After(1).await;
                    caller.gc(None)?;
                    let value = ExternRef::new(&mut caller, 7_i32)?;
                    Ok::<_, wasm_runtime::Error>(Some(value))
                })
            },
        )?;
        linker.func_wrap("host", "check", {
            |caller: Caller<'_, ()>,
             made: Option<Rooted<ExternRef>>,
             waited: Option<Rooted<ExternRef>>| {
                let made = made.expect("a value").data(&caller)?.expect("of the host");
                assert!(made.is::<Counted>());
                let waited = waited.expect("a value").data(&caller)?.expect("of the host");
                assert_eq!(waited.downcast_ref::<i32>(), Some(&7));
                Ok::<_, wasm_runtime::Error>(1)
            }
        })?;
        let module = Module::new(
            &engine,
            r#"(module
                (import "host" "make" (func $make (result externref)))
                (import "host" "wait" (func $wait (param i32) (result externref)))
                (import "host" "check" (func $check (param externref externref) (result i32)))
                (func (export "run") (param i32) (result i32)
                    (call $check (call $make) (call $wait (local.get 0)))))"#,
        )?;
        let mut store = Store::new(&engine, ());
        let instance = block_on(linker.instantiate_async(&mut store, &module))?;
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
        assert_eq!(block_on(run.call_async(&mut store, 5))?, 1);
        store.gc(None)?;
        assert_eq!(alive.load(Ordering::Relaxed), 0);
    }
    Ok(())
}

#[test]
fn handles_end_with_the_function_that_waited() -> Result<()> {
    let mut store = Store::new(&Engine::default(), None::<Rooted<ExternRef>>);
    let keep = Func::wrap_async(&mut store, |mut caller: Caller<'_, Option<_>>, (): ()| {
        Box::new(async move {
            let value = ExternRef::new(&mut caller, 5)?;
            *caller.data_mut() = Some(value);
            After(2).await;
            assert!(value.data(&caller)?.is_some());
            Ok::<_, wasm_runtime::Error>(())
        })
    });
    let keep = keep.typed::<(), ()>(&store)?;
    block_on(keep.call_async(&mut store, ()))?;
    let value = store.data().expect("a handle");
    assert!(value.data(store.as_context_mut()).is_err(), "its scope is over");
    {
        let mut call = pin!(keep.call_async(&mut store, ()));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let value = store.data().expect("a handle");
    assert!(value.data(&store).is_err(), "its scope was given up");
    Ok(())
}

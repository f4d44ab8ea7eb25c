//! Code that gives way whenever it has used some fuel.

use std::pin::pin;
use std::task::Poll;

use wasm_runtime::{Caller, Config, Engine, Instance, Linker, Module, Result, Store, Trap};

use crate::support::{After, block_on, poll_once};

const TEXT: &str = r#"(module
    (import "host" "wait" (func $wait))
    (type $box (struct (field (mut i32))))
    (memory 1)
    (func (export "count") (param $n i32) (result i32) (local $box (ref $box)) (local $i i32)
        (local.set $box (struct.new $box (i32.const 0)))
        (loop $again
            (struct.set $box 0 (local.get $box)
                (i32.add (struct.get $box 0 (local.get $box)) (i32.const 1)))
            (drop (struct.new $box (i32.const 1)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                (local.get $n))))
        (struct.get $box 0 (local.get $box)))
    (func (export "fill") (param i32)
        (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))
    (func $down (export "down") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
            (else (call $wait) (i32.const 0))))
    (func (export "forever") (loop (br 0)))
    (func (export "nothing")))"#;

fn engine() -> Result<Engine> {
    Engine::new(Config::new().consume_fuel(true).fuel_async_yield(true))
}

fn store(engine: &Engine) -> Result<(Store<u32>, Instance)> {
    let module = Module::new(engine, TEXT)?;
    let mut linker = Linker::new(engine);
    linker.func_wrap_async("host", "wait", |caller: Caller<'_, u32>, ()| {
        Box::new(After(*caller.data()))
    })?;
    let mut store = Store::new(engine, 0);
    store.set_fuel(1_000_000)?;
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    Ok((store, instance))
}

/// Polls a call to its end: what it returns, and how often it was pending.
fn pendings<T>(call: impl Future<Output = Result<T>>) -> (Result<T>, u64) {
    let mut call = pin!(call);
    for count in 0.. {
        if let Poll::Ready(result) = poll_once(call.as_mut()) {
            return (result, count);
        }
    }
    unreachable!("it ends")
}

#[test]
fn code_gives_way_after_each_interval() -> Result<()> {
    let (mut store, instance) = store(&engine()?)?;
    let count = instance.get_typed_func::<i32, i32>(&mut store, "count")?;
    let (result, waits) = pendings(count.call_async(&mut store, 1000));
    assert_eq!((result?, waits), (1000, 0));
    let used = 1_000_000 - store.get_fuel()?;
    for interval in [used / 1000, used / 100, used / 10, used - 1, used, used + 1, u64::MAX] {
        store.set_fuel(1_000_000)?;
        store.fuel_async_yield_interval(Some(interval))?;
        assert_eq!(store.get_fuel()?, 1_000_000);
        let (result, waits) = pendings(count.call_async(&mut store, 1000));
        assert_eq!(result?, 1000);
        // It looks at the head of the loop only.
        let most = used / interval;
        assert!((most / 2..=most).contains(&waits), "{waits} times, every {interval} of {used}");
        assert_eq!(store.get_fuel()?, 1_000_000 - used);
    }
    store.fuel_async_yield_interval(None)?;
    let (result, waits) = pendings(count.call_async(&mut store, 1000));
    assert_eq!((result?, waits), (1000, 0));
    // Where nothing is left, it ends as without an interval.
    store.fuel_async_yield_interval(Some(10))?;
    store.set_fuel(105)?;
    let (result, waits) = pendings(count.call_async(&mut store, 1000));
    assert_eq!(result.unwrap_err().downcast::<Trap>()?, Trap::OutOfFuel);
    assert!(waits >= 4, "{waits}");
    assert_eq!(store.get_fuel()?, 0);
    Ok(())
}

#[test]
fn bulk_operators_and_recursion_give_way() -> Result<()> {
    let (mut store, instance) = store(&engine()?)?;
    store.fuel_async_yield_interval(Some(1000))?;
    let fill = instance.get_typed_func::<i32, ()>(&mut store, "fill")?;
    let (result, waits) = pendings(fill.call_async(&mut store, 60_000));
    result?;
    assert!((59..=61).contains(&waits), "{waits}");
    let down = instance.get_typed_func::<i32, i32>(&mut store, "down")?;
    for polls in 0..3 {
        *store.data_mut() = polls;
        let (result, waits) = pendings(down.call_async(&mut store, 2000));
        assert_eq!(result?, 2000);
        assert!(waits > 5, "{waits}");
    }
    Ok(())
}

#[test]
fn a_call_that_is_dropped_where_it_gives_way_leaves_the_store_as_it_was() -> Result<()> {
    let (mut store, instance) = store(&engine()?)?;
    store.fuel_async_yield_interval(Some(50))?;
    let count = instance.get_typed_func::<i32, i32>(&mut store, "count")?;
    for polls in 1..40 {
        store.set_fuel(1_000_000)?;
        {
            let mut call = pin!(count.call_async(&mut store, 1000));
            for _ in 0..polls {
                assert!(poll_once(call.as_mut()).is_pending());
            }
        }
        assert!((1_000_000 - 100 * polls - 50..1_000_000).contains(&store.get_fuel()?));
        store.gc(None)?;
        assert_eq!(block_on(count.call_async(&mut store, 10))?, 10);
    }
    Ok(())
}

#[test]
fn what_it_needs_is_said() -> Result<()> {
    let (mut store, instance) = store(&engine()?)?;
    assert!(store.fuel_async_yield_interval(Some(0)).is_err());
    let nothing = instance.get_typed_func::<(), ()>(&mut store, "nothing")?;
    store.fuel_async_yield_interval(Some(10))?;
    let error = nothing.call(&mut store, ()).unwrap_err();
    assert!(format!("{error:?}").contains("*_async"), "{error:?}");
    let plain = Engine::new(Config::new().consume_fuel(true))?;
    let error = Store::new(&plain, ()).fuel_async_yield_interval(Some(1)).unwrap_err();
    assert!(format!("{error:?}").contains("Config::fuel_async_yield"), "{error:?}");
    Store::new(&plain, ()).fuel_async_yield_interval(None)?;
    let error = Store::new(&Engine::default(), ()).fuel_async_yield_interval(None).unwrap_err();
    assert!(format!("{error:?}").contains("consume_fuel"), "{error:?}");
    // Code that can go on runs in an engine that has no need of it, and not the other way round.
    let bytes = Module::new(&engine()?, TEXT)?.serialize()?;
    // SAFETY: it was made right here.
    unsafe { Module::deserialize(&plain, bytes)? };
    let bytes = Module::new(&plain, TEXT)?.serialize()?;
    // SAFETY: as above.
    let error = unsafe { Module::deserialize(&engine()?, bytes).unwrap_err() };
    assert!(format!("{error:?}").contains("fuel_async_yield"), "{error:?}");
    Ok(())
}

#[test]
fn an_executor_that_panics_when_it_is_woken_ends_the_call() -> Result<()> {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("woken");
        }
    }
    let (mut store, instance) = store(&engine()?)?;
    store.fuel_async_yield_interval(Some(50))?;
    let forever = instance.get_typed_func::<(), ()>(&mut store, "forever")?;
    let waker = std::task::Waker::from(std::sync::Arc::new(Panics));
    let mut call = Box::pin(forever.call_async(&mut store, ()));
    let poll = std::panic::AssertUnwindSafe(|| {
        call.as_mut().poll(&mut std::task::Context::from_waker(&waker))
    });
    assert!(std::panic::catch_unwind(poll).is_err());
    drop(call);
    let count = instance.get_typed_func::<i32, i32>(&mut store, "count")?;
    assert_eq!(block_on(count.call_async(&mut store, 10))?, 10);
    Ok(())
}

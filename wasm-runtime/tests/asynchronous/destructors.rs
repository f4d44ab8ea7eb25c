//! Destructors that panic while a call is given up: nothing says afterwards that it waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};

use wasm_runtime::{
    Caller, Config, Engine, Func, Instance, Linker, Module, ResourceLimiterAsync, Result, Snapshot,
    Store, Trap, UpdateDeadline, WasmBacktrace,
};

use crate::support::{block_on, poll_once};

const MESSAGE: &str = "while it was dropped";

/// Is never ready, and panics when it is dropped.
struct Bomb;

impl Future for Bomb {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        std::task::Poll::Pending
    }
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("{MESSAGE}");
    }
}

#[derive(Default)]
struct Limiter {
    /// Whether it waits.
    waits: bool,
}

impl Limiter {
    async fn asked(&mut self) -> Result<bool> {
        if self.waits {
            Bomb.await;
        }
        Ok(true)
    }
}

impl ResourceLimiterAsync for Limiter {
    fn memory_growing<'life0, 'async_trait>(
        &'life0 mut self,
        _: usize,
        _: usize,
        _: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.asked())
    }

    fn table_growing<'life0, 'async_trait>(
        &'life0 mut self,
        _: usize,
        _: usize,
        _: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(self.asked())
    }
}

const PROGRAM: &str = r#"(module
    (import "" "wait" (func $wait))
    (import "" "nested" (func $nested))
    (memory 1)
    (func (export "wait") (call $wait))
    (func (export "nested") (call $nested))
    (func (export "grow") (drop (memory.grow (i32.const 1))))
    (func (export "loop") (loop (br 0)))
    (func $trap (export "trap") unreachable))"#;

/// Polls a call once, drops it, and gets the panic of the destructor.
fn give_up(store: &mut Store<Limiter>, func: Func) {
    let dropped = catch_unwind(AssertUnwindSafe(|| {
        let mut call = pin!(func.call_async(store, &[], &mut []));
        assert!(poll_once(call.as_mut()).is_pending());
    }));
    let panic = dropped.unwrap_err();
    assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some(MESSAGE));
}

/// Checks that nothing is on the store's stack.
fn is_at_rest(store: &mut Store<Limiter>, instance: Instance) -> Result<()> {
    Snapshot::take(&mut *store, &[instance])?;
    let trap = instance.get_func(&mut *store, "trap").expect("an export");
    let error = block_on(trap.call_async(store, &[], &mut [])).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    assert_eq!(error.downcast_ref::<WasmBacktrace>().expect("a backtrace").frames().len(), 1);
    Ok(())
}

fn world() -> Result<(Store<Limiter>, Instance)> {
    let engine = Engine::new(Config::new().epoch_interruption(true))?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |_: Caller<'_, Limiter>, (): ()| Box::new(Bomb))?;
    linker.func_wrap_async("", "nested", |mut caller: Caller<'_, Limiter>, (): ()| {
        Box::new(async move {
            let func = caller.get_export("wait").and_then(|item| item.into_func());
            func.expect("an export").call_async(&mut caller, &[], &mut []).await
        })
    })?;
    let mut store = Store::new(&engine, Limiter::default());
    store.limiter_async(|limiter| limiter);
    store.set_epoch_deadline(1 << 40);
    let instance = block_on(linker.instantiate_async(&mut store, &Module::new(&engine, PROGRAM)?))?;
    Ok((store, instance))
}

#[test]
fn what_panics_when_it_is_dropped_waits_no_more() -> Result<()> {
    let (mut store, instance) = world()?;
    store.data_mut().waits = true;
    for name in ["wait", "grow", "nested"] {
        let func = instance.get_func(&mut store, name).expect("an export");
        give_up(&mut store, func);
        is_at_rest(&mut store, instance)?;
    }
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::YieldCustom(1 << 40, Box::pin(Bomb))));
    store.set_epoch_deadline(0);
    let func = instance.get_func(&mut store, "loop").expect("an export");
    give_up(&mut store, func);
    store.set_epoch_deadline(1 << 40);
    is_at_rest(&mut store, instance)
}

#[test]
fn time_is_counted_from_the_next_call_on() -> Result<()> {
    let (mut store, instance) = world()?;
    let func = instance.get_func(&mut store, "wait").expect("an export");
    // Long enough for a machine that is busy to get to where the call waits.
    store.set_timeout(std::time::Duration::from_millis(200))?;
    give_up(&mut store, func);
    std::thread::sleep(std::time::Duration::from_millis(250));
    store.set_timeout(None)?;
    is_at_rest(&mut store, instance)?;
    let func = instance.get_func(&mut store, "nested").expect("an export");
    give_up(&mut store, func);
    is_at_rest(&mut store, instance)
}

//! Code that waits for a place in a shared memory, in calls that may wait: no thread sleeps.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wasm_runtime::{
    Config, Engine, Instance, Linker, MemoryType, Module, Result, SharedMemory, Store, Trap,
    TypedFunc, UpdateDeadline,
};

use crate::support::{After, block_on, poll_once};

const PROGRAM: &str = r#"(module
    (import "" "memory" (memory 1 1 shared))
    (func (export "wait32") (param i32 i64) (result i32)
        (memory.atomic.wait32 (i32.const 8) (local.get 0) (local.get 1)))
    (func (export "wait64") (param i64 i64) (result i32)
        (memory.atomic.wait64 (i32.const 16) (local.get 0) (local.get 1)))
    (func (export "notify") (param i32 i32) (result i32)
        (memory.atomic.notify (local.get 0) (local.get 1)))
    (func (export "twice") (param i64 i64) (result i64)
        (local $sum i64)
        (local.set $sum (i64.mul (local.get 0) (i64.const 3)))
        (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u
            (memory.atomic.wait32 (i32.const 8) (i32.const 0) (local.get 1)))))
        (i64.add (local.get $sum) (i64.mul (i64.const 10) (i64.extend_i32_u
            (memory.atomic.wait64 (i32.const 16) (i64.const 0) (local.get 1)))))))
"#;

fn engine() -> Result<Engine> {
    Engine::new(Config::new().shared_memory(true).epoch_interruption(true))
}

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(module: &Module, memory: &SharedMemory) -> Result<Self> {
        let mut store = Store::new(module.engine(), ());
        store.set_epoch_deadline(1_000_000);
        let mut linker = Linker::new(module.engine());
        linker.define(&store, "", "memory", memory.clone())?;
        let instance = block_on(linker.instantiate_async(&mut store, module))?;
        Ok(Self { store, instance })
    }

    fn wait32(&mut self) -> Result<TypedFunc<(i32, i64), i32>> {
        self.instance.get_typed_func(&mut self.store, "wait32")
    }
}

fn setup() -> Result<(Module, SharedMemory)> {
    let engine = engine()?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
    Ok((Module::new(&engine, PROGRAM)?, memory))
}

#[test]
fn all_outcomes() -> Result<()> {
    let (module, memory) = setup()?;
    let mut guest = Guest::new(&module, &memory)?;
    let wait = guest.wait32()?;
    let wait64 = guest.instance.get_typed_func::<(i64, i64), i32>(&mut guest.store, "wait64")?;
    assert_eq!(block_on(wait.call_async(&mut guest.store, (1, -1)))?, 1);
    assert_eq!(block_on(wait64.call_async(&mut guest.store, (1 << 40, -1)))?, 1);
    assert_eq!(block_on(wait.call_async(&mut guest.store, (0, 0)))?, 2);
    assert_eq!(block_on(wait.call_async(&mut guest.store, (0, 1_000_000)))?, 2);
    assert_eq!(block_on(wait64.call_async(&mut guest.store, (0, 1_000_000)))?, 2);
    {
        let mut call = pin!(wait.call_async(&mut guest.store, (0, -1)));
        assert!(poll_once(call.as_mut()).is_pending());
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!(memory.atomic_notify(8, 5)?, 1);
        assert_eq!(block_on(call)?, 0);
    }
    // Who is notified from another thread is woken.
    let other = memory.clone();
    let thread = std::thread::spawn(move || -> Result<()> {
        while other.atomic_notify(16, 1)? == 0 {
            std::thread::yield_now();
        }
        Ok(())
    });
    assert_eq!(block_on(wait64.call_async(&mut guest.store, (0, -1)))?, 0);
    thread.join().expect("no panic")
}

#[test]
fn thousands_wait_on_one_thread_and_are_notified_in_order() -> Result<()> {
    const COUNT: usize = 1000;
    let (module, memory) = setup()?;
    let mut guests =
        (0..COUNT).map(|_| Guest::new(&module, &memory)).collect::<Result<Vec<_>>>()?;
    let mut calls = Vec::new();
    for guest in &mut guests {
        let wait = guest.wait32()?;
        let store = &mut guest.store;
        calls.push(Box::pin(async move { wait.call_async(store, (0, -1)).await }));
    }
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let mut notifier = Guest::new(&module, &memory)?;
    let notify =
        notifier.instance.get_typed_func::<(i32, i32), i32>(&mut notifier.store, "notify")?;
    assert_eq!(block_on(notify.call_async(&mut notifier.store, (8, 10)))?, 10);
    for (number, call) in calls.iter_mut().enumerate() {
        assert_eq!(poll_once(call.as_mut()).is_ready(), number < 10);
    }
    // Those that are dropped are not notified.
    calls.drain(..COUNT / 2);
    let rest = notify.call_async(&mut notifier.store, (8, -1));
    assert_eq!(block_on(rest)?, COUNT as i32 / 2);
    calls.into_iter().try_for_each(|call| block_on(call).map(|outcome| assert_eq!(outcome, 0)))
}

#[test]
fn a_wait_can_be_dropped_at_every_point() -> Result<()> {
    let (module, memory) = setup()?;
    let mut guest = Guest::new(&module, &memory)?;
    let twice = guest.instance.get_typed_func::<(i64, i64), i64>(&mut guest.store, "twice")?;
    for point in 0..4 {
        let mut call: Pin<Box<_>> = Box::pin(twice.call_async(&mut guest.store, (7, -1)));
        let mut steps = 0;
        for place in [8, 16] {
            if steps < point {
                assert!(poll_once(call.as_mut()).is_pending());
                steps += 1;
            }
            if steps < point {
                assert_eq!(memory.atomic_notify(place, 1)?, 1);
                steps += 1;
            }
        }
        drop(call);
        assert_eq!(memory.atomic_notify(8, 1)? + memory.atomic_notify(16, 1)?, 0);
    }
    let mut call = pin!(twice.call_async(&mut guest.store, (7, -1)));
    for place in [8, 16] {
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!(memory.atomic_notify(place, 1)?, 1);
    }
    assert_eq!(block_on(call)?, 21);
    Ok(())
}

#[test]
fn whatever_interrupts_ends_a_wait() -> Result<()> {
    let (module, memory) = setup()?;
    let mut guest = Guest::new(&module, &memory)?;
    let wait = guest.wait32()?;
    let ends = |store: &mut Store<()>| -> Result<()> {
        let error = block_on(wait.call_async(&mut *store, (0, -1))).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{error:?}");
        let frames = error.downcast_ref::<wasm_runtime::WasmBacktrace>().expect("a backtrace");
        assert_eq!(frames.frames().len(), 1);
        assert_eq!(memory.atomic_notify(8, 1)?, 0);
        store.set_timeout(None)?;
        store.set_epoch_deadline(1_000_000);
        assert_eq!(block_on(wait.call_async(store, (1, -1)))?, 1);
        Ok(())
    };
    guest.store.set_timeout(Duration::from_millis(5))?;
    ends(&mut guest.store)?;
    let handle = guest.store.interrupt_handle()?;
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        handle.interrupt();
    });
    ends(&mut guest.store)?;
    thread.join().expect("no panic");
    // Requested before it begins to wait.
    guest.store.interrupt_handle()?.interrupt();
    ends(&mut guest.store)
}

#[test]
fn a_wait_goes_on_after_a_deadline() -> Result<()> {
    let (module, memory) = setup()?;
    let engine = module.engine().clone();
    let mut guest = Guest::new(&module, &memory)?;
    let wait = guest.wait32()?;
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    guest.store.epoch_deadline_callback(move |_| {
        Ok(match count.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => UpdateDeadline::Continue(1),
            1 => UpdateDeadline::Yield(1),
            _ => UpdateDeadline::YieldCustom(1, Box::pin(After(3))),
        })
    });
    guest.store.set_epoch_deadline(1);
    let mut call = pin!(wait.call_async(&mut guest.store, (0, -1)));
    for round in 0..12 {
        for _ in 0..5 {
            assert!(poll_once(call.as_mut()).is_pending());
        }
        assert_eq!(asked.load(Ordering::Relaxed), round);
        engine.increment_epoch();
    }
    assert_eq!(memory.atomic_notify(8, 1)?, 1);
    assert_eq!(block_on(call)?, 0);
    Ok(())
}

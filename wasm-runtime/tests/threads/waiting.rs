//! Waiting for places in a shared memory, and what ends it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wasm_runtime::{Engine, Instance, Module, Store, Trap, UpdateDeadline};

use crate::support::{Shared, Thread, engine};

/// Longer than any test takes.
const NEVER: i64 = 600_000_000_000;

fn interruptible() -> Engine {
    engine(|config| {
        config.interruption(true);
    })
}

/// Wakes the next one who waits for a place.
fn wake_next(shared: &Shared, place: u32) {
    let mut own = shared.thread();
    while own.call::<_, i32>("notify", (place as i32, 1)).unwrap() == 0 {
        thread::yield_now();
    }
}

fn trap_of(result: wasm_runtime::Result<i32>) -> Trap {
    *result.unwrap_err().downcast_ref::<Trap>().expect("a trap")
}

#[test]
fn threads_take_turns() {
    const ROUNDS: i32 = 2_000;
    let shared = Shared::new(&interruptible());
    thread::scope(|scope| {
        for (own, other) in [(0, 64), (64, 128), (128, 192)] {
            let shared = &shared;
            scope.spawn(move || {
                shared.thread().call::<_, ()>("rounds", (own, other, ROUNDS)).unwrap();
            });
        }
        let mut own = shared.thread();
        for round in 1..=ROUNDS {
            own.call::<_, ()>("store", (0, round)).unwrap();
            own.call::<_, i32>("notify", (0, 1)).unwrap();
            while own.call::<_, i32>("load", 192).unwrap() != round {
                let seen = (round - 1) as u32;
                let limit = Some(Duration::from_secs(60));
                shared.memory.atomic_wait32(192, seen, limit).unwrap();
            }
        }
    });
}

#[test]
fn the_results_say_why_a_wait_is_over() {
    let shared = Shared::new(&engine(|_| {}));
    let mut own = shared.thread();
    let start = Instant::now();
    assert_eq!(own.call::<_, i32>("await", (0, 20_000_000_i64)).unwrap(), 2);
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!(own.call::<_, i32>("await64", (0, 0_i64)).unwrap(), 2);
    own.call::<_, ()>("store", (12, 1)).unwrap();
    assert_eq!(own.call::<_, i32>("await", (12, -1_i64)).unwrap(), 1);
    assert_eq!(own.call::<_, i32>("await64", (0, -1_i64)).unwrap(), 1, "the upper half differs");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| shared.thread().call::<_, i32>("await", (4, NEVER)));
        wake_next(&shared, 4);
        assert_eq!(waiting.join().unwrap().unwrap(), 0);
    });
    assert_eq!(trap_of(own.call("await", (2, 0_i64))), Trap::HeapMisaligned);
    assert_eq!(trap_of(own.call("await64", (4, 0_i64))), Trap::HeapMisaligned);
    assert_eq!(trap_of(own.call("await", (65536, 0_i64))), Trap::MemoryOutOfBounds);
    assert_eq!(trap_of(own.call("await64", (65536 - 8, 0_i64))), Trap::MemoryOutOfBounds);
    assert_eq!(trap_of(own.call("notify", (2, 1))), Trap::HeapMisaligned);
    assert_eq!(trap_of(own.call("notify", (-4, 1))), Trap::MemoryOutOfBounds);
}

#[test]
fn a_memory_that_is_not_shared_is_not_waited_for() {
    let engine = Engine::default();
    let text = r#"(module (memory 1)
        (func (export "wait") (param i32) (result i32)
            (memory.atomic.wait32 (local.get 0) (i32.const 1) (i64.const 0)))
        (func (export "notify") (param i32) (result i32)
            (memory.atomic.notify (local.get 0) (i32.const 1))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let mut own = Thread { store, instance };
    assert_eq!(trap_of(own.call("wait", 4)), Trap::AtomicWaitNonSharedMemory);
    assert_eq!(trap_of(own.call("wait", 6)), Trap::HeapMisaligned);
    assert_eq!(trap_of(own.call("wait", 65536)), Trap::MemoryOutOfBounds);
    assert_eq!(own.call::<_, i32>("notify", 4).unwrap(), 0);
    assert_eq!(trap_of(own.call("notify", 5)), Trap::HeapMisaligned);
}

/// Every means that ends a call ends its wait, and the store waits again afterwards.
#[test]
fn whatever_ends_a_call_ends_its_wait() {
    let shared = Shared::new(&interruptible());
    let mut own = shared.thread();
    let handle = own.store.interrupt_handle().unwrap();
    thread::scope(|scope| {
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(20));
            handle.interrupt();
        });
        assert_eq!(trap_of(own.call("await", (0, NEVER))), Trap::Interrupt);
    });
    own.store.set_timeout(Duration::from_millis(20)).unwrap();
    assert_eq!(trap_of(own.call("await", (0, -1_i64))), Trap::Interrupt);
    own.store.set_timeout(None).unwrap();

    let engine = shared.module.engine();
    own.store.set_epoch_deadline(1);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            engine.increment_epoch();
        });
        assert_eq!(trap_of(own.call("await", (0, NEVER))), Trap::Interrupt);
    });
    own.store.set_epoch_deadline(u64::MAX);
    assert_eq!(own.call::<_, i32>("await", (0, 1_000_i64)).unwrap(), 2);
    assert_eq!(shared.memory.atomic_notify(0, u32::MAX), Ok(0), "nobody is left behind");
}

/// A callback may let the wait go on. What is notified while it runs counts.
#[test]
fn a_callback_for_deadlines_decides_about_waits() {
    let shared = Shared::new(&engine(|config| {
        config.epoch_interruption(true);
    }));
    let engine = shared.module.engine();
    let mut own = shared.thread();
    let mut times = 0;
    let memory = shared.memory.clone();
    own.store.epoch_deadline_callback(move |_| {
        times += 1;
        match times {
            1 | 2 => Ok(UpdateDeadline::Continue(1)),
            3 => {
                assert_eq!(memory.atomic_notify(0, 1), Ok(1));
                Ok(UpdateDeadline::Continue(1))
            }
            4 => wasm_runtime::bail!("that is enough"),
            _ => panic!("that is too much"),
        }
    });
    let is_over = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            while is_over.load(Ordering::SeqCst) == 0 {
                thread::sleep(Duration::from_millis(1));
                engine.increment_epoch();
            }
        });
        own.store.set_epoch_deadline(1);
        let woken = own.call::<_, i32>("await", (0, NEVER));
        let failed = own.call::<_, i32>("await", (0, NEVER));
        own.store.set_epoch_deadline(1);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            own.call::<_, i32>("await", (0, NEVER))
        }));
        is_over.store(1, Ordering::SeqCst);
        assert_eq!(woken.unwrap(), 0);
        let failed = format!("{:#}", failed.unwrap_err());
        assert!(failed.contains("that is enough"), "{failed}");
        let message = panicked.unwrap_err();
        assert_eq!(message.downcast_ref::<&str>(), Some(&"that is too much"));
    });
    assert_eq!(shared.memory.atomic_notify(0, u32::MAX), Ok(0), "nobody is left behind");
}

/// To stop one store stops no other, though their code has the same memory.
#[test]
fn stores_are_stopped_one_by_one() {
    let shared = Shared::new(&interruptible());
    let mut first = shared.thread();
    let mut second = shared.thread();
    let (stop_first, stop_second) =
        (first.store.interrupt_handle().unwrap(), second.store.interrupt_handle().unwrap());
    thread::scope(|scope| {
        let first = scope.spawn(move || first.call::<_, ()>("forever", ()));
        let second = scope.spawn(move || {
            second.call::<_, ()>("spin", 0).unwrap();
            second.call::<_, ()>("forever", ())
        });
        stop_first.interrupt();
        let error = first.join().unwrap().unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        thread::sleep(Duration::from_millis(10));
        assert!(!second.is_finished());
        shared.thread().call::<_, ()>("store", (0, 1)).unwrap();
        thread::sleep(Duration::from_millis(10));
        stop_second.interrupt();
        let error = second.join().unwrap().unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
    });
}

/// Waits begin and end on many threads by notifications, timeouts and interruptions at once; all
/// end, and each notification wakes one.
#[test]
fn a_storm_of_waits_loses_none() {
    const THREADS: usize = 6;
    let shared = Shared::new(&interruptible());
    let is_over = AtomicU32::new(0);
    let (woken, notified, finished) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        let mut handles = Vec::new();
        for number in 0..THREADS {
            let mut own = shared.thread();
            handles.push(own.store.interrupt_handle().unwrap());
            let (is_over, woken, finished) = (&is_over, &woken, &finished);
            scope.spawn(move || {
                let place = (number % 2 * 4) as i32;
                while is_over.load(Ordering::SeqCst) == 0 {
                    let timeout = if number < 2 { 20_000 } else { NEVER };
                    match own.call::<_, i32>("await", (place, timeout)) {
                        Ok(0) => {
                            woken.fetch_add(1, Ordering::SeqCst);
                        }
                        Ok(result) => assert_eq!(result, 2),
                        Err(error) => {
                            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
                        }
                    }
                }
                finished.fetch_add(1, Ordering::SeqCst);
            });
        }
        let end = Instant::now() + Duration::from_millis(500);
        let mut round = 0;
        while Instant::now() < end {
            round += 1;
            handles[round % THREADS].interrupt();
            for place in [0, 4] {
                let count = shared.memory.atomic_notify(place, 1 + round as u32 % 2).unwrap();
                notified.fetch_add(count, Ordering::SeqCst);
            }
        }
        is_over.store(1, Ordering::SeqCst);
        // Who begins to wait only now is stopped by the next request.
        while finished.load(Ordering::SeqCst) < THREADS as u32 {
            handles.iter().for_each(|handle| handle.interrupt());
            thread::sleep(Duration::from_micros(100));
        }
    });
    // Who is notified while an interruption is being answered is stopped all the same.
    let (woken, notified) = (woken.into_inner(), notified.into_inner());
    assert!(woken <= notified && woken > 0, "{woken} of {notified}");
    assert_eq!(shared.memory.atomic_notify(0, u32::MAX), Ok(0));
    assert_eq!(shared.memory.atomic_notify(4, u32::MAX), Ok(0));
}

//! Many calls at once under an executor with several threads, which end in all ways at all points;
//! and calls within calls that are deeper than the stack of the thread that polls them next.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use wasm_runtime::{
    Caller, Config, Engine, Linker, MemoryType, Module, Result, SharedMemory, Store, Trap,
    UpdateDeadline,
};

use crate::support::{Counted, block_on, poll_once};

const PROGRAM: &str = r#"(module
    (import "host" "wait" (func $wait (param i32) (result i32)))
    (import "host" "nest" (func $nest (param i32) (result i32)))
    (import "host" "memory" (memory $shared 1 1 shared))
    (func $sum (export "sum") (param $n i32) (param $a i32) (result i32)
        (local $b i32) (local $c i32)
        (local.set $b (i32.mul (local.get $a) (i32.const 3)))
        (local.set $c (i32.add (local.get $a) (i32.const 11)))
        (loop $again
            (local.set $b (i32.add (local.get $b) (call $wait (local.get $n))))
            (local.set $c (i32.xor (local.get $c) (local.get $b)))
            (drop (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 20000)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.add (local.get $b) (local.get $c)))
    (func (export "run") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1)
                (call $nest (i32.sub (local.get 0) (i32.const 1)))))
            (else (call $wait (i32.const 0)))))
    (func (export "spin") (loop $again (br $again)))
    (func (export "notify") (result i32)
        (memory.atomic.notify (i32.const 8) (i32.const 1))))
"#;

fn expected(n: i32, a: i32) -> i32 {
    let (mut b, mut c) = (a.wrapping_mul(3), a + 11);
    for n in (1..=n).rev() {
        b = b.wrapping_add(n);
        c ^= b;
    }
    b.wrapping_add(c)
}

#[derive(Default)]
struct State {
    /// How often each call of `wait` is not ready.
    polls: u32,
    /// The call of `wait` that panics.
    panics: Option<i32>,
    alive: Arc<AtomicUsize>,
}

/// Gives way to other tasks, which may go on with others on other threads.
async fn give_way(times: u32) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}

fn linker(engine: &Engine, memory: &SharedMemory) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap_async("host", "wait", |caller: Caller<'_, State>, (n,): (i32,)| {
        Box::new(async move {
            let _counted = Counted::new(&caller.data().alive);
            give_way(caller.data().polls).await;
            if caller.data().panics == Some(n) {
                resume_unwind(Box::new("a panic of the storm"));
            }
            n
        })
    })?;
    linker.func_wrap_async("host", "nest", |mut caller: Caller<'_, State>, (n,): (i32,)| {
        Box::new(async move {
            let _counted = Counted::new(&caller.data().alive);
            let run = caller.get_export("run").and_then(|it| it.into_func()).expect("it");
            run.typed::<i32, i32>(&caller)?.call_async(&mut caller, n).await
        })
    })?;
    let store = Store::new(engine, State::default());
    linker.define(&store, "host", "memory", memory.clone())?;
    Ok(linker)
}

/// Polls a future a number of times, and drops it; unless it is ready or panics before.
async fn poll_times<F: Future>(future: F, times: u32) -> Option<std::thread::Result<F::Output>> {
    let mut future = pin!(future);
    let mut left = times;
    std::future::poll_fn(move |context: &mut Context<'_>| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Some(Ok(output))),
            Err(panic) => Poll::Ready(Some(Err(panic))),
        }
    })
    .await
}

/// Numbers without a pattern.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }
}

/// One store, which is used again and again.
async fn storm(module: Module, memory: SharedMemory, seed: u64, until: Instant) -> Result<u32> {
    let mut random = Random(seed);
    let engine = module.engine();
    let mut store = Store::new(engine, State::default());
    store.set_fuel(u64::MAX)?;
    store.fuel_async_yield_interval(Some(200 + u64::from(random.below(1000))))?;
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
    let instance = linker(engine, &memory)?.instantiate_async(&mut store, &module).await?;
    let sum = instance.get_typed_func::<(i32, i32), i32>(&mut store, "sum")?;
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run")?;
    let spin = instance.get_typed_func::<(), ()>(&mut store, "spin")?;
    let notify = instance.get_typed_func::<(), i32>(&mut store, "notify")?;
    let handle = store.interrupt_handle()?;
    let mut rounds = 0;
    while Instant::now() < until {
        rounds += 1;
        store.data_mut().polls = random.below(3);
        let (n, a) = (1 + random.below(6) as i32, random.below(1000) as i32);
        match random.below(8) {
            0 | 1 => {
                let call = poll_times(sum.call_async(&mut store, (n, a)), random.below(40));
                if let Some(Ok(result)) = call.await {
                    assert_eq!(result?, expected(n, a));
                }
            }
            2 => {
                let depth = random.below(20) as i32;
                let call = poll_times(run.call_async(&mut store, depth), random.below(8));
                if let Some(Ok(result)) = call.await {
                    assert_eq!(result?, depth);
                }
            }
            3 => {
                store.data_mut().panics = Some(n);
                let call = poll_times(sum.call_async(&mut store, (n, a)), 1000);
                assert!(call.await.expect("it panics").is_err());
                store.data_mut().panics = None;
            }
            4 => {
                store.set_fuel(u64::from(random.below(100)))?;
                match sum.call_async(&mut store, (n, a)).await {
                    Ok(result) => assert_eq!(result, expected(n, a)),
                    Err(error) => assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel)),
                }
                store.set_fuel(u64::MAX)?;
            }
            5 => {
                let handle = handle.clone();
                let task = tokio::task::spawn(async move {
                    give_way(2).await;
                    handle.interrupt();
                });
                let error = spin.call_async(&mut store, ()).await.unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
                task.await.expect("no panic");
            }
            6 => {
                store.set_timeout(Duration::from_micros(200))?;
                let error = spin.call_async(&mut store, ()).await.unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
                store.set_timeout(None)?;
            }
            _ => assert!(notify.call_async(&mut store, ()).await? <= 1),
        }
        assert_eq!(store.data().alive.load(Ordering::Relaxed), 0, "a future is left");
        store.data_mut().polls = 1;
        assert_eq!(sum.call_async(&mut store, (n, a)).await?, expected(n, a));
    }
    Ok(rounds)
}

/// How long it storms. The environment variable `STORM_SECONDS` can set more.
fn seconds() -> u64 {
    std::env::var("STORM_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(3)
}

#[test]
fn a_storm_of_calls_leaves_every_store_usable() -> Result<()> {
    let mut config = Config::new();
    config.epoch_interruption(true).consume_fuel(true).shared_memory(true);
    config.fuel_async_yield(true);
    let engine = Engine::new(&config)?;
    let module = Module::new(&engine, PROGRAM)?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build()?;
    let until = Instant::now() + Duration::from_secs(seconds());
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let ticking = engine.clone();
    let ticks = std::thread::spawn(move || {
        let time = Duration::from_micros(500);
        while stopped.recv_timeout(time) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            ticking.increment_epoch();
        }
    });
    let tasks: Vec<_> = (1..=24)
        .map(|seed| {
            let seed = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed);
            runtime.spawn(storm(module.clone(), memory.clone(), seed | 1, until))
        })
        .collect();
    let mut rounds = 0;
    for task in tasks {
        rounds += runtime.block_on(task).expect("no panic")?;
    }
    drop(stop);
    ticks.join().expect("no panic");
    assert!(rounds > 100, "{rounds} rounds");
    // Nobody is left in the queue of the place.
    assert_eq!(memory.atomic_notify(8, u32::MAX)?, 0);
    Ok(())
}

/// A call that is this deep, and waits.
fn deep(store: &mut Store<State>, module: &Module, memory: &SharedMemory) -> Result<()> {
    let linker = linker(module.engine(), memory)?;
    let instance = block_on(linker.instantiate_async(&mut *store, module))?;
    store.data_mut().polls = 1;
    let run = instance.get_typed_func::<i32, i32>(&mut *store, "run")?;
    let alive = store.data().alive.clone();
    for polled in [true, false] {
        let mut call: Pin<Box<_>> = Box::pin(run.call_async(&mut *store, 1500));
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!(alive.load(Ordering::Relaxed), 1501);
        // Threads with little stack: one polls it once more, the other drops it.
        std::thread::scope(|scope| {
            let small = std::thread::Builder::new().stack_size(1 << 20);
            let thread = small.spawn_scoped(scope, move || {
                if polled {
                    let Poll::Ready(Err(error)) = poll_once(call.as_mut()) else {
                        panic!("the stack has room for it");
                    };
                    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
                }
            });
            thread.expect("a thread").join().expect("no panic");
        });
        assert_eq!(alive.load(Ordering::Relaxed), 0, "a future is left");
        assert_eq!(block_on(run.call_async(&mut *store, 10))?, 10);
    }
    Ok(())
}

#[test]
fn calls_within_calls_go_on_or_end_on_threads_with_little_stack() -> Result<()> {
    let engine = Engine::new(Config::new().shared_memory(true).max_wasm_stack(8 << 20))?;
    let module = Module::new(&engine, PROGRAM)?;
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1))?;
    let mut store = Store::new(&engine, State::default());
    // It begins on a thread with much.
    let large = std::thread::Builder::new().stack_size(256 << 20);
    let thread = large.spawn(move || deep(&mut store, &module, &memory))?;
    thread.join().expect("no panic")
}

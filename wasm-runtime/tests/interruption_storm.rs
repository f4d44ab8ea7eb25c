//! Many stores on many threads, interrupted by every means at once. Every call that is to end ends,
//! and every result is right.
//!
//! Takes some seconds, or as many as the environment variable `STORM_SECONDS` says.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};

use wasm_runtime::{
    Caller, Config, Engine, InstancePre, InterruptHandle, Linker, Module, PoolingAllocationConfig,
    Store, Trap, UpdateDeadline, WasmBacktrace,
};

const WORKERS: u64 = 6;
/// A call that takes longer than this is considered stuck.
const STUCK: Duration = Duration::from_secs(60);

/// The code that runs in the storm. Each function but `endless` has a result that depends on its
/// parameter alone.
const WAT: &str = r#"(module
    (import "" "host" (func $host (param i32) (result i32)))
    (memory 1)
    (data (i32.const 0) "\01\02\03\04\05\06\07\08")
    (func $leaf (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
    (func (export "endless") (param i32) (result i32)
        (loop (br 0)) (unreachable))
    (func $deep (export "endless_calls") (param i32) (result i32)
        (if (i32.lt_u (local.get 0) (i32.const 100)) (then
            (drop (call $deep (i32.add (local.get 0) (i32.const 1))))
            (drop (call $deep (i32.add (local.get 0) (i32.const 1))))))
        (i32.const 0))
    (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        (local.set $n (i32.add (i32.mul (local.get $n) (i32.const 40)) (i32.const 1)))
        (loop $again
            (local.set $sum (i32.add (i32.rotl (local.get $sum) (i32.const 5)) (call $leaf (local.get $n))))
            (i32.store (i32.and (local.get $n) (i32.const 0xfffc)) (local.get $sum))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum))
    (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $fib (i32.sub (local.get 0) (i32.const 1)))
                (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "fib") (param i32) (result i32)
        (call $fib (i32.add (i32.rem_u (local.get 0) (i32.const 8)) (i32.const 10))))
    (func (export "hosts") (param $n i32) (result i32) (local $i i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (call $host (local.get $i))))
            (br_if $again (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $sum)))"#;

const FINITE: [&str; 3] = ["sum", "fib", "hosts"];

fn random_seed() -> u64 {
    RandomState::new().build_hasher().finish() | 1
}

/// Numbers that are random enough.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// What all threads share.
struct Storm {
    engine: Engine,
    pre: InstancePre<u64>,
    /// The expected results for each parameter.
    expected: Vec<[i32; 3]>,
    /// The handles of stores that may be interrupted more than once.
    handles: Mutex<Vec<InterruptHandle>>,
    is_over: AtomicBool,
    /// How many threads may still wait for an epoch to pass.
    busy: AtomicU64,
    ends: AtomicU64,
    results: AtomicU64,
}

impl Storm {
    fn new(config: &Config) -> Self {
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, WAT).unwrap();
        let mut linker = Linker::<u64>::new(&engine);
        linker
            .func_wrap("", "host", |mut caller: Caller<'_, u64>, n: i32| {
                *caller.data_mut() += 1;
                n.wrapping_mul(7)
            })
            .unwrap();
        let pre = linker.instantiate_pre(&module).unwrap();
        let mut store = Store::new(&engine, 0);
        store.set_epoch_deadline(u64::MAX);
        let instance = pre.instantiate(&mut store).unwrap();
        let mut result = |name, parameter| {
            let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
            func.call(&mut store, parameter).unwrap()
        };
        let expected = (0..50).map(|n| FINITE.map(|name| result(name, n))).collect();
        Self {
            engine,
            pre,
            expected,
            handles: Mutex::default(),
            is_over: AtomicBool::new(false),
            busy: AtomicU64::new(WORKERS),
            ends: AtomicU64::new(0),
            results: AtomicU64::new(0),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// Uses one store after the other.
    fn work(&self, seed: u64, once: &Sender<(InterruptHandle, Duration)>) {
        let mut random = Random(seed);
        while !self.is_over() {
            let mut store = Store::new(&self.engine, 0);
            store.set_epoch_deadline(u64::MAX);
            let instance = self.pre.instantiate(&mut store).unwrap();
            let handle = store.interrupt_handle().unwrap();
            let may_be_interrupted = random.below(2) == 0;
            if may_be_interrupted {
                self.handles.lock().unwrap().push(handle.clone());
            }
            let goes_on = random.below(2) == 0;
            if goes_on {
                store.epoch_deadline_callback(|mut store| {
                    *store.data_mut() += 1;
                    Ok(UpdateDeadline::Continue(*store.data() % 3))
                });
            }
            for _ in 0..1 + random.below(8) {
                if random.below(3) == 0 {
                    // Each of these has exactly one reason to end.
                    let what = random.below(4);
                    match what {
                        0 if !goes_on => store.set_epoch_deadline(1 + random.below(3)),
                        1 => {
                            let time = Duration::from_micros(random.below(2000));
                            store.set_timeout(time).unwrap();
                        }
                        2 => {
                            let time = Duration::from_micros(random.below(2000));
                            store.set_cpu_timeout(time).unwrap();
                        }
                        _ => {
                            let delay = Duration::from_micros(random.below(300));
                            once.send((handle.clone(), delay)).unwrap();
                        }
                    }
                    let name = ["endless", "endless_calls"][random.below(2) as usize];
                    let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
                    let error = func.call(&mut store, 0).unwrap_err();
                    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt), "{error:?}");
                    assert!(!error.downcast_ref::<WasmBacktrace>().unwrap().frames().is_empty());
                    self.ends.fetch_add(1, Ordering::Relaxed);
                    store.set_timeout(None).unwrap();
                    store.set_cpu_timeout(None).unwrap();
                    store.set_epoch_deadline(u64::MAX);
                    if may_be_interrupted {
                        // The request may have come too late to end this call, if another request
                        // ended it.
                        break;
                    }
                    continue;
                }
                let ticks = random.below(3);
                if ticks > 0 && goes_on {
                    store.set_epoch_deadline(ticks - 1);
                }
                let which = random.below(3) as usize;
                let parameter = random.below(self.expected.len() as u64) as i32;
                let func = instance.get_typed_func::<i32, i32>(&mut store, FINITE[which]).unwrap();
                match func.call(&mut store, parameter) {
                    Ok(result) => {
                        assert_eq!(result, self.expected[parameter as usize][which]);
                        self.results.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => {
                        assert!(may_be_interrupted, "{error:?}");
                        assert_eq!(
                            error.downcast_ref::<Trap>(),
                            Some(&Trap::Interrupt),
                            "{error:?}"
                        );
                    }
                }
            }
        }
    }

    /// Interrupts stores that may be interrupted at any time.
    fn disturb(&self, seed: u64) {
        let mut random = Random(seed);
        while !self.is_over() {
            std::thread::sleep(Duration::from_micros(random.below(200)));
            let mut handles = self.handles.lock().unwrap();
            // Most of these stores are gone by now, which does no harm.
            let len = handles.len();
            if len > 50 {
                handles.drain(..len - 20);
            }
            if let Some(handle) = handles.get(random.below(len.clamp(1, 20) as u64) as usize) {
                handle.interrupt();
            }
        }
    }

    fn tick(&self, seed: u64) {
        let mut random = Random(seed);
        while self.busy.load(Ordering::Relaxed) > 0 {
            std::thread::sleep(Duration::from_micros(20 + random.below(200)));
            self.engine.increment_epoch();
        }
    }

    fn run(&self, time: Duration) {
        let (once, requests) = channel::<(InterruptHandle, Duration)>();
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                let once = once.clone();
                scope.spawn(move || {
                    // The thread is counted out even if an assertion fails, so that the others come
                    // to an end.
                    let _leave = Leave(&self.busy);
                    self.work(random_seed(), &once);
                });
            }
            drop(once);
            scope.spawn(|| self.tick(random_seed()));
            scope.spawn(|| self.disturb(random_seed()));
            scope.spawn(move || {
                for (handle, delay) in requests {
                    std::thread::sleep(delay);
                    handle.interrupt();
                }
            });
            let start = Instant::now();
            let mut last = (0, start);
            while self.busy.load(Ordering::Relaxed) > 0 {
                std::thread::sleep(Duration::from_millis(20));
                if start.elapsed() > time {
                    self.is_over.store(true, Ordering::Relaxed);
                }
                let done = self.ends.load(Ordering::Relaxed) + self.results.load(Ordering::Relaxed);
                if done != last.0 {
                    last = (done, Instant::now());
                } else if last.1.elapsed() > STUCK {
                    eprintln!("a call that was interrupted runs on, after {done} that were over");
                    std::process::abort();
                }
            }
            self.is_over.store(true, Ordering::Relaxed);
        });
        let (ends, results) =
            (self.ends.load(Ordering::Relaxed), self.results.load(Ordering::Relaxed));
        println!("{ends} calls were ended, {results} had results");
        assert!(ends > 0 && results > 0);
    }
}

/// Counts a thread out when it ends.
struct Leave<'a>(&'a AtomicU64);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn time() -> Duration {
    let seconds = std::env::var("STORM_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

#[test]
fn every_call_ends_that_is_to_end() {
    Storm::new(Config::new().epoch_interruption(true)).run(time());
}

#[test]
fn every_call_without_a_reserved_memory_ends() {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.memory_reservation(0).memory_reservation_for_growth(1 << 20);
    Storm::new(&config).run(time());
}

#[test]
fn every_call_ends_with_everything_reserved_up_front() {
    let mut limits = PoolingAllocationConfig::new();
    limits.total_core_instances(20).total_memories(20).total_stacks(20);
    let mut config = Config::new();
    config.epoch_interruption(true).allocation_strategy(limits);
    Storm::new(&config).run(time());
}

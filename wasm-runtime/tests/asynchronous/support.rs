//! A small executor, futures that wait, and a module that calls them.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use wasm_runtime::{Caller, Engine, Instance, Linker, Module, Result, Store};

/// Wakes a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Polls a future once.
pub(crate) fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// A future that is ready after it was polled so many times.
pub(crate) struct After(pub(crate) u32);

impl Future for After {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Counts how many of it exist.
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the host functions know.
#[derive(Default)]
pub(crate) struct State {
    /// How often each call of `wait` is not ready.
    pub(crate) polls: u32,
    /// How many futures exist.
    pub(crate) alive: Arc<AtomicUsize>,
    /// How many calls of `wait` were over.
    pub(crate) done: u32,
}

/// Waits several times, with values in every register that is kept across calls, in memory, and in
/// results that do not fit in registers.
pub(crate) const PROGRAM: &str = r#"(module
    (import "host" "wait" (func $wait (param i32 i64) (result i64)))
    (import "host" "many" (func $many (param i32 f32 i64 f64 i32 i32 i32 i32 i64 v128)
        (result v128 i64 f64 f32 i32)))
    (import "host" "now" (func $now (param i32) (result i32)))
    (memory (export "memory") 1)
    (global $calls (export "calls") (mut i32) (i32.const 0))
    (func (export "nop"))
    (func (export "trap") (unreachable))
    (func (export "loop") (loop (br 0)))
    (func (export "once") (param i32 i64) (result i64)
        (call $wait (local.get 0) (local.get 1)))
    (func (export "then_trap") (param i32)
        (drop (call $wait (local.get 0) (i64.const 1)))
        (drop (i32.div_u (i32.const 1) (i32.const 0))))
    (func (export "then_overflow") (param i32)
        (drop (call $wait (local.get 0) (i64.const 1)))
        (call $deep))
    (func $deep (call $deep) (call $deep))
    (func $sum (export "sum") (param $n i32) (param $a i64) (param $b i64) (param $c i64)
        (param $d i64) (result i64)
        (local $e i64) (local $f i64)
        (local.set $e (i64.mul (local.get $a) (i64.const 3)))
        (local.set $f (i64.mul (local.get $b) (i64.const 5)))
        (loop $again
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (local.set $a (i64.add (local.get $a)
                (call $wait (local.get $n) (local.get $e))))
            (local.set $c (i64.add (local.get $c) (i64.extend_i32_u
                (call $now (local.get $n)))))
            (local.set $d (i64.xor (local.get $d) (local.get $f)))
            (i64.store (i32.const 8) (local.get $a))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i64.add (i64.add (i64.load (i32.const 8)) (i64.add (local.get $b) (local.get $c)))
            (i64.add (local.get $d) (i64.add (local.get $e) (local.get $f)))))
    (func (export "many") (param i32) (result v128 i64 f64 f32 i32)
        (call $many (local.get 0) (f32.const 1.5) (i64.const 2) (f64.const 2.5) (i32.const 3)
            (i32.const 4) (i32.const 5) (i32.const 6) (i64.const 7)
            (v128.const i64x2 8 9)))
    (func $down (export "deep") (param i32 i32) (result i64)
        (if (result i64) (local.get 0)
            (then (i64.add (i64.const 1)
                (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
            (else (call $wait (local.get 1) (i64.const 100))))))
"#;

/// What `sum` returns.
pub(crate) fn expected_sum(n: i32, a: i64, b: i64, mut c: i64, mut d: i64) -> i64 {
    let (e, f) = (a * 3, b * 5);
    let mut sum = a;
    for n in (1..=n).rev() {
        sum += e + i64::from(n);
        c += i64::from(n) * 2;
        d ^= f;
    }
    sum + b + c + d + e + f
}

/// The host functions of the module.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap_async(
        "host",
        "wait",
        |mut caller: Caller<'_, State>, (add, value): (i32, i64)| {
            let counted = Counted::new(&caller.data().alive);
            Box::new(async move {
                let _counted = counted;
                After(caller.data().polls).await;
                caller.data_mut().done += 1;
                value + i64::from(add)
            })
        },
    )?;
    type Many = (i32, f32, i64, f64, i32, i32, i32, i32, i64, wasm_runtime::V128);
    linker.func_wrap_async(
        "host",
        "many",
        |caller: Caller<'_, State>, (n, a, b, c, d, e, f, g, h, v): Many| {
            Box::new(async move {
                After(caller.data().polls).await;
                (v, b + h + i64::from(n), c, a, d + e + f + g)
            })
        },
    )?;
    linker.func_wrap("host", "now", |n: i32| 2 * n)?;
    Ok(linker)
}

/// A store with an instance of the module. Each `wait` is not ready so many times.
pub(crate) fn store(polls: u32) -> Result<(Store<State>, Instance)> {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM)?;
    in_engine(&engine, &module, polls)
}

pub(crate) fn in_engine(
    engine: &Engine,
    module: &Module,
    polls: u32,
) -> Result<(Store<State>, Instance)> {
    let mut store = Store::new(engine, State { polls, ..State::default() });
    let instance = block_on(linker(engine)?.instantiate_async(&mut store, module))?;
    Ok((store, instance))
}

/// Checks that nothing of a call is left, and that the instance works.
pub(crate) fn is_usable(store: &mut Store<State>, instance: Instance) -> Result<()> {
    assert_eq!(store.data().alive.load(Ordering::Relaxed), 0, "a future is left");
    let polls = std::mem::replace(&mut store.data_mut().polls, 1);
    let once = instance.get_typed_func::<(i32, i64), i64>(&mut *store, "once")?;
    assert_eq!(block_on(once.call_async(&mut *store, (1, 2)))?, 3);
    store.data_mut().polls = polls;
    Ok(())
}

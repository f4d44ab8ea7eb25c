//! Calls that may wait, on one of the two runtimes. This file is compiled once for each, and `api`
//! is the runtime's crate.

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::api::{Caller, Engine, InstancePre, Linker, Module, Store, TypedFunc};

/// What is measured, in the order of the numbers for [`Waiting::measure`], and how often.
pub(crate) const KINDS: [(&str, i32); 6] = [
    ("`call_async` of a function that does nothing", 100_000),
    ("`call_async` of a function with parameters and a result", 100_000),
    ("host function that is no future", 200_000),
    ("host function that is ready at once", 200_000),
    ("host function that waits once", 100_000),
    ("`instantiate_async`, in a store of its own", 2_000),
];

/// A store that may wait.
pub(crate) struct Waiting {
    store: Store<()>,
    nop: TypedFunc<(), ()>,
    add: TypedFunc<(i32, i32), i32>,
    loops: [TypedFunc<i32, i32>; 3],
    pre: InstancePre<()>,
}

/// Polls a future until it is ready.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

impl Waiting {
    pub(crate) fn new() -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, WASM).expect("a valid module");
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "sync", |a: i32, _: i64| a).expect("a new name");
        linker
            .func_wrap_async("host", "ready", |_: Caller<'_, ()>, (a, _): (i32, i64)| {
                Box::new(async move { a })
            })
            .expect("a new name");
        linker
            .func_wrap_async("host", "once", |_: Caller<'_, ()>, (a, _): (i32, i64)| {
                let mut polled = false;
                Box::new(poll_fn(move |_| {
                    if std::mem::replace(&mut polled, true) {
                        return Poll::Ready(a);
                    }
                    Poll::Pending
                }))
            })
            .expect("a new name");
        let pre = linker.instantiate_pre(&module).expect("all imports");
        let mut store = Store::new(&engine, ());
        let instance = run(pre.instantiate_async(&mut store)).expect("an instance");
        let mut func = |name: &str| instance.get_func(&mut store, name).expect("an export");
        let (nop, add) = (func("nop"), func("add"));
        let loops = ["loop_sync", "loop_ready", "loop_once"].map(func);
        Self {
            nop: nop.typed(&store).expect("this type"),
            add: add.typed(&store).expect("this type"),
            loops: loops.map(|func| func.typed(&store).expect("this type")),
            store,
            pre,
        }
    }

    /// The time of one call, in seconds.
    pub(crate) fn measure(&mut self, kind: usize, count: i32) -> f64 {
        let store = &mut self.store;
        let start = Instant::now();
        match kind {
            0 => {
                for _ in 0..count {
                    run(self.nop.call_async(&mut *store, ())).expect("no trap");
                }
            }
            1 => {
                let mut sum = 0;
                for i in 0..count {
                    sum = run(self.add.call_async(&mut *store, (sum, i))).expect("no trap");
                }
                black_box(sum);
            }
            2..=4 => {
                run(self.loops[kind - 2].call_async(&mut *store, count)).expect("no trap");
            }
            _ => {
                for _ in 0..count {
                    let mut store = Store::new(self.pre.module().engine(), ());
                    black_box(run(self.pre.instantiate_async(&mut store)).expect("an instance"));
                }
            }
        }
        start.elapsed().as_secs_f64() / f64::from(count)
    }
}

const WASM: &str = r#"
(module
  (import "host" "sync" (func $sync (param i32 i64) (result i32)))
  (import "host" "ready" (func $ready (param i32 i64) (result i32)))
  (import "host" "once" (func $once (param i32 i64) (result i32)))
  (memory 1)
  (func (export "nop"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "loop_sync") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $sync (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop_ready") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $ready (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum))
  (func (export "loop_once") (param $count i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (local.get $sum) (call $once (local.get $count) (i64.const 7))))
      (br_if $again (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (local.get $sum)))
"#;

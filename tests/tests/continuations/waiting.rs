//! Calls that wait while a continuation runs.

use std::future::Future;
use std::task::{Context, Waker};

use wasm_runtime::{Caller, Engine, Linker, Module, Store, Trap};
use wasm_tests::storm::{After, ready};

use super::config;

const TEXT: &str = r#"(module
  (import "host" "wait" (func $wait (param i32) (result i32)))
  (type $f (func (param i32) (result i32))) (type $k (cont $f))
  (type $g (func (result i32))) (type $l (cont $g))
  (type $box (struct (field i32)))
  (tag $yield)
  (func $deep (param $n i32) (result i32) (local $box (ref $box))
    (local.set $box (struct.new $box (i32.const 1000)))
    (local.set $n (call $wait (local.get $n)))
    (suspend $yield)
    (i32.add (call $wait (local.get $n)) (struct.get $box 0 (local.get $box))))
  (func $between (param $n i32) (result i32)
    (resume $k (local.get $n) (cont.new $k (ref.func $deep))))
  (elem declare func $deep $between)
  (func (export "run") (param $n i32) (result i32) (local $c (ref null $l))
    (block $on (result (ref $l))
      (return (resume $k (on $yield $on) (local.get $n) (cont.new $k (ref.func $between)))))
    (local.set $c)
    (i32.add (call $wait (i32.const 100)) (resume $l (local.get $c))))
  (func (export "sync") (param i32) (result i32)
    (resume $k (local.get 0) (cont.new $k (ref.func $id))))
  (func $id (param i32) (result i32) (local.get 0))
  (elem declare func $id))"#;

fn instance(polls: u32, fails: bool) -> (Store<()>, wasm_runtime::Instance) {
    let engine = Engine::new(&config()).unwrap();
    let module = Module::new(&engine, TEXT).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("host", "wait", move |mut caller: Caller<'_, ()>, (n,): (i32,)| {
            Box::new(async move {
                After(polls).await;
                // What runs here uses the same store, below the frames of what waits.
                let sync = caller.get_export("sync").and_then(|export| export.into_func()).unwrap();
                let sync = sync.typed::<i32, i32>(&caller)?;
                let n = sync.call_async(&mut caller, n).await?;
                caller.gc(None)?;
                After(polls).await;
                if fails { Err(Trap::Interrupt.into()) } else { Ok(n + 1) }
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
    (store, instance)
}

#[test]
fn a_call_waits_on_a_continuation() {
    for polls in 0..3 {
        let (mut store, instance) = instance(polls, false);
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for n in 0..5 {
            assert_eq!(ready(run.call_async(&mut store, n)).unwrap(), n + 2 + 1000 + 101);
        }
    }
}

#[test]
fn what_fails_after_it_has_waited_ends_the_stacks() {
    for polls in 0..2 {
        let (mut store, instance) = instance(polls, true);
        let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
        for n in 0..50 {
            let error = ready(run.call_async(&mut store, n)).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt), "{error:?}");
        }
    }
}

#[test]
fn a_call_that_is_dropped_while_it_waits_leaves_the_store_as_it_was() {
    let (mut store, instance) = instance(1, false);
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for polls in 0..12 {
        for _ in 0..20 {
            let mut call = Box::pin(run.call_async(&mut store, 5));
            for _ in 0..polls {
                if call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
            }
            drop(call);
        }
        assert_eq!(ready(run.call_async(&mut store, 7)).unwrap(), 7 + 2 + 1000 + 101);
        store.gc(None).unwrap();
    }
}

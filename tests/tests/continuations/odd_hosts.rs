//! Hosts that use continuations in odd ways: calls that wait on them, are dropped, forgotten or
//! panic, limiters that wait, hooks, transactions.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasm_runtime::{
    Caller, Config, Engine, Func, Instance, Linker, Module, NamePattern, ResourceLimiterAsync,
    Result, Store, Trap, UpdateDeadline, Val,
};
use wasm_tests::storm::{After, ready};

use super::{config, engines, store};

fn poll<F: Future>(call: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}

/// Arguments in registers and on the stack, and results in registers and in a buffer.
const WIDE: &str = r#"(module
  (import "host" "wait" (func $wait
    (param i32 i64 f32 f64 i64 i64 i64 i64 i64 v128) (result i64 i64 f64 v128 i32)))
  (type $f (func (param i32 i64 f32 f64 i64 i64 i64 i64 i64 v128)
    (result i64 i64 f64 v128 i32))) (type $k (cont $f))
  (type $g (func (param i64 v128) (result i64 i64 f64 v128 i32))) (type $l (cont $g))
  (elem declare func $wait)
  (func (export "run") (result i64 i64 f64 v128 i32)
    (resume $l (i64.const 8) (v128.const i64x2 9 10)
      (cont.bind $k $l (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)
        (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 70)
        (cont.new $k (ref.func $wait))))))"#;

#[test]
fn a_host_function_that_waits_is_itself_a_continuation() {
    for kind in engines() {
        let mut linker = Linker::new(&kind.engine);
        linker
            .func_wrap_async(
                "host",
                "wait",
                |mut caller: Caller<'_, u32>,
                 (a, b, c, d, e, f, g, h, i, v): (
                    i32,
                    i64,
                    f32,
                    f64,
                    i64,
                    i64,
                    i64,
                    i64,
                    i64,
                    wasm_runtime::V128,
                )| {
                    Box::new(async move {
                        After(*caller.data()).await;
                        caller.gc(None)?;
                        After(*caller.data()).await;
                        let sum = b + e + f + g + h + i + i64::from(a);
                        Ok((sum, i, d + f64::from(c), v, a))
                    })
                },
            )
            .unwrap();
        let module = Module::new(&kind.engine, WIDE).unwrap();
        let mut store = store(&kind, 0);
        store.set_max_continuation_stacks(2);
        let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
        let run = instance.get_func(&mut store, "run").unwrap();
        for polls in 0..3 {
            *store.data_mut() = polls;
            for drop_after in 0..2 * polls {
                let mut results = vec![Val::I32(0); 5];
                let mut call = Box::pin(run.call_async(&mut store, &[], &mut results));
                for _ in 0..=drop_after {
                    assert!(poll(call.as_mut()).is_pending());
                }
                drop(call);
            }
            let mut results = vec![Val::I32(0); 5];
            ready(run.call_async(&mut store, &[], &mut results)).unwrap();
            assert_eq!(results[0].unwrap_i64(), 1 + 2 + 5 + 6 + 7 + 70 + 8);
            assert_eq!((results[1].unwrap_i64(), results[4].unwrap_i32()), (8, 1));
            assert_eq!(results[2].unwrap_f64(), 7.0);
            assert_eq!(results[3].unwrap_v128().as_u128(), 10 << 64 | 9);
        }
    }
}

#[test]
fn a_function_hook_that_is_set_later_is_told_why_it_can_not_be() {
    let mut config = config();
    config.function_hooks([NamePattern::new("*").unwrap()]);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (tag $yield) (tag $e)
      (global $c (mut (ref null $k)) (ref.null $k))
      (func $inner (suspend $yield) (call $leaf))
      (func $leaf)
      (func $plain (suspend $yield))
      (elem declare func $inner)
      (func (export "make")
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (cont.new $k (ref.func $inner))) (unreachable))
        (global.set $c))
      (func (export "use") (resume $k (global.get $c)))
      (func (export "nop")))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let call = |store: &mut Store<Vec<String>>, name: &str| {
        instance.get_typed_func::<(), ()>(&mut *store, name)?.call(store, ())
    };
    call(&mut store, "make").unwrap();
    store.function_hook(|mut call| {
        let line = format!("{:?} {}", call.event(), call.display_name());
        call.data_mut().push(line);
        Ok(())
    });
    let error = call(&mut store, "use").unwrap_err();
    assert!(format!("{error:?}").contains("before the hook was set"), "{error:?}");
    assert_eq!(std::mem::take(store.data_mut()), ["Entered use", "Unwound use"]);
    let error = call(&mut store, "make").unwrap_err();
    assert!(format!("{error:?}").contains("makes no continuations"), "{error:?}");
    assert_eq!(std::mem::take(store.data_mut()), ["Entered make", "Unwound make"]);
    call(&mut store, "nop").unwrap();
    assert_eq!(std::mem::take(store.data_mut()), ["Entered nop", "Returned nop"]);
}

#[test]
fn a_transaction_that_rolls_back_leaves_what_was_suspended_in_it() {
    let mut config = config();
    config.internals(wasm_runtime::Internals::Writable);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
      (type $f (func (result i32))) (type $k (cont $f))
      (type $box (struct (field (mut i32))))
      (tag $yield)
      (global $c (export "c") (mut (ref null $k)) (ref.null $k))
      (global $box (mut (ref null $box)) (ref.null $box))
      (func $f (result i32) (local $own (ref $box))
        (local.set $own (struct.new $box (i32.const 5)))
        (suspend $yield)
        (i32.add (struct.get $box 0 (local.get $own)) (struct.get $box 0 (global.get $box))))
      (elem declare func $f)
      (func (export "make")
        (global.set $box (struct.new $box (i32.const 100)))
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (cont.new $k (ref.func $f))) (unreachable))
        (global.set $c))
      (func (export "use") (result i32)
        (global.set $box (struct.new $box (i32.const 1)))
        (resume $k (global.get $c))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_max_continuation_stacks(3);
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    for _ in 0..20 {
        let mut transaction = store.begin().unwrap();
        let make = instance.get_typed_func::<(), ()>(&mut transaction, "make").unwrap();
        make.call(&mut transaction, ()).unwrap();
        transaction.gc(None).unwrap();
        transaction.rollback().unwrap();
        store.gc(None).unwrap();
        let left = instance.get_global(&mut store, "c").unwrap();
        assert!(left.get(&mut store).unwrap_contref().is_none());
        make.call(&mut store, ()).unwrap();
        let func = instance.get_typed_func::<(), i32>(&mut store, "use").unwrap();
        assert_eq!(func.call(&mut store, ()).unwrap(), 6);
        let error = func.call(&mut store, ()).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::ContinuationAlreadyConsumed));
        // There is no snapshot of one, used or not.
        left.set(&mut store, Val::null_cont_ref()).unwrap();
    }
}

/// Waits before each answer.
struct Slow(u32);

impl ResourceLimiterAsync for Slow {
    fn memory_growing<'a, 'b>(
        &'a mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<bool>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            After(2).await;
            self.0 += 1;
            Ok(desired < 64 << 20)
        })
    }

    fn table_growing<'a, 'b>(
        &'a mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<bool>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(async { Ok(true) })
    }
}

#[test]
fn a_limiter_that_waits_is_asked_when_continuations_need_a_larger_heap() {
    let text = r#"(module
      (type $f (func)) (type $k (cont $f))
      (type $list (struct (field (ref $k)) (field (ref null $list))))
      (func $f (suspend $yield)) (elem declare func $f) (tag $yield)
      (global $list (mut (ref null $list)) (ref.null $list))
      (func (export "new") (param $n i32)
        (loop $again
          (global.set $list (struct.new $list (cont.new $k (ref.func $f)) (global.get $list)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "suspend") (param $n i32) (local $c (ref null $k))
        (loop $again
          (block $on (result (ref $k))
            (resume $k (on $yield $on) (cont.new $k (ref.func $f))) (unreachable))
          (local.set $c)
          (resume $k (local.get $c))
          (global.set $list (struct.new $list (ref.as_non_null (local.get $c)) (global.get $list)))
          (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;
    let engine = Engine::new(&config()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    for (name, n) in [("new", 200_000), ("suspend", 200_000)] {
        let mut store = Store::new(&engine, Slow(0));
        store.limiter_async(|slow| slow);
        let instance = ready(Instance::new_async(&mut store, &module, &[])).unwrap();
        let func = instance.get_typed_func::<i32, ()>(&mut store, name).unwrap();
        ready(func.call_async(&mut store, n)).unwrap();
        assert!(store.data().0 > 1);
    }
}

#[test]
fn calls_within_calls_on_continuations_end_with_an_error_when_the_host_has_no_room() {
    // Wasm resumes what calls the host, which waits and calls Wasm again, and so on.
    let text = r#"(module
      (import "host" "deeper" (func $deeper (param i32) (result i32)))
      (type $f (func (param i32) (result i32))) (type $k (cont $f))
      (func $f (type $f) (call $deeper (local.get 0)))
      (elem declare func $f)
      (func (export "run") (param i32) (result i32)
        (resume $k (local.get 0) (cont.new $k (ref.func $f)))))"#;
    let engine = Engine::new(&config()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("host", "deeper", |mut caller: Caller<'_, ()>, (n,): (i32,)| {
            Box::new(async move {
                After(1).await;
                if n == 0 {
                    return Ok::<_, wasm_runtime::Error>(0);
                }
                let run = caller.get_export("run").and_then(|run| run.into_func()).unwrap();
                let run: wasm_runtime::TypedFunc<i32, i32> = run.typed(&caller)?;
                let deeper = Box::pin(run.call_async(&mut caller, n - 1)).await?;
                After(1).await;
                Ok(deeper + 1)
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    assert_eq!(ready(run.call_async(&mut store, 50)).unwrap(), 50);
    for _ in 0..3 {
        let error = ready(run.call_async(&mut store, 1_000_000)).unwrap_err();
        assert!(
            error.downcast_ref() == Some(&Trap::StackOverflow)
                || format!("{error:?}").contains("continuations with a stack"),
            "{error:?}"
        );
        assert_eq!(ready(run.call_async(&mut store, 50)).unwrap(), 50);
    }
}

#[test]
fn calls_that_are_forgotten_on_a_continuation_take_nothing_from_others() {
    let text = r#"(module
      (import "host" "wait" (func $wait))
      (type $f (func)) (type $k (cont $f))
      (tag $yield)
      (func $f (suspend $yield) (call $wait) (suspend $yield))
      (elem declare func $f)
      (func (export "run") (local $c (ref null $k))
        (local.set $c (cont.new $k (ref.func $f)))
        (loop $again
          (block $on (result (ref $k))
            (resume $k (on $yield $on) (local.get $c)) (return))
          (local.set $c) (br $again))))"#;
    let engine = Engine::new(&config()).unwrap();
    let module = Module::new(&engine, text).unwrap();
    let data = Arc::new(());
    for _ in 0..3 {
        let mut linker = Linker::new(&engine);
        linker
            .func_wrap_async("host", "wait", |caller: Caller<'_, Arc<()>>, ()| {
                let own = Arc::clone(caller.data());
                Box::new(async move {
                    After(1).await;
                    drop(own);
                })
            })
            .unwrap();
        let mut store = Store::new(&engine, Arc::clone(&data));
        let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        for round in 0..30 {
            let mut call = Box::pin(run.call_async(&mut store, ()));
            assert!(poll(call.as_mut()).is_pending());
            if round % 3 == 0 {
                std::mem::forget(call);
            } else {
                drop(call);
            }
            store.gc(None).unwrap();
            ready(run.call_async(&mut store, ())).unwrap();
        }
        drop(store);
    }
}

#[test]
fn panics_and_deadlines_while_a_continuation_waits() {
    let mut config: Config = config();
    config.epoch_interruption(true);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
      (import "host" "panic" (func $panic))
      (type $f (func (param i32) (result i32))) (type $k (cont $f))
      (type $box (struct (field (mut i32))))
      (func $f (type $f) (local $box (ref $box)) (local $i i32)
        (local.set $box (struct.new $box (i32.const 0)))
        (if (i32.eqz (local.get 0)) (then (call $panic)))
        (loop $l
          (struct.set $box 0 (local.get $box)
            (i32.add (i32.const 1) (struct.get $box 0 (local.get $box))))
          (drop (struct.new $box (i32.const 7)))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
            (local.get 0))))
        (struct.get $box 0 (local.get $box)))
      (elem declare func $f)
      (func (export "run") (param i32) (result i32)
        (resume $k (local.get 0) (cont.new $k (ref.func $f)))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap_async("host", "panic", |_: Caller<'_, u32>, ()| {
            Box::new(async {
                After(1).await;
                assert!(std::hint::black_box(false), "while it waits");
            })
        })
        .unwrap();
    let mut store = Store::new(&engine, 0_u32);
    store.set_max_continuation_stacks(2);
    // Each look at the deadline finds it reached: the code gives way, or waits for a future.
    store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        Ok(match *store.data() % 3 {
            0 => UpdateDeadline::Yield(0),
            1 => UpdateDeadline::YieldCustom(0, Box::pin(After(2))),
            _ => UpdateDeadline::Continue(0),
        })
    });
    store.set_epoch_deadline(0);
    let instance = ready(linker.instantiate_async(&mut store, &module)).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for round in 0..5 {
        assert_eq!(ready(run.call_async(&mut store, 200)).unwrap(), 200);
        assert!(*store.data() > 200 * round);
        let call = std::panic::AssertUnwindSafe(|| ready(run.call_async(&mut store, 0)));
        assert!(std::panic::catch_unwind(call).is_err());
        for polls in 0..20 {
            let mut call = pin!(run.call_async(&mut store, 200));
            for _ in 0..polls {
                assert!(poll(call.as_mut()).is_pending());
            }
        }
    }
}

#[test]
fn call_hooks_see_calls_on_continuations_in_order() {
    let engine = Engine::new(&config()).unwrap();
    let text = r#"(module
      (import "host" "log" (func $log (param i32)))
      (type $f (func)) (type $k (cont $f))
      (tag $yield)
      (func $f (call $log (i32.const 1)) (suspend $yield) (call $log (i32.const 3)))
      (elem declare func $f)
      (func (export "run") (local $c (ref null $k))
        (block $on (result (ref $k))
          (resume $k (on $yield $on) (cont.new $k (ref.func $f))) (unreachable))
        (local.set $c)
        (call $log (i32.const 2))
        (resume $k (local.get $c)) (call $log (i32.const 4))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let log = Func::wrap(&mut store, |mut caller: Caller<'_, Vec<String>>, n: i32| {
        caller.data_mut().push(n.to_string());
    });
    store.add_call_hook(wasm_runtime::CallFilter::all(), |mut call| {
        let line = format!("{:?} {}", call.event(), call.depth());
        call.data_mut().push(line);
        Ok(())
    });
    let instance = Instance::new(&mut store, &module, &[log.into()]).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    run.call(&mut store, ()).unwrap();
    let mut expected = vec!["CallingWasm 1".to_string()];
    for n in 1..5 {
        expected.push("CallingHost 2".into());
        expected.push(n.to_string());
        expected.push("ReturningFromHost 2".into());
    }
    expected.push("ReturningFromWasm 1".into());
    assert_eq!(*store.data(), expected);
}

//! Code whose deadline is reached lets other futures run, or waits for one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use wasm_runtime::{Config, Engine, Instance, Module, Result, Store, Trap, UpdateDeadline};

use crate::support::{
    After, Counted, PROGRAM, block_on, expected_sum, in_engine, is_usable, poll_once,
};

/// A loop with values in all registers.
const LOOP: &str = r#"(module
    (func (export "loop") (param $n i32) (param $a i64) (param $x f64) (result f64)
        (local $b i64) (local $c i64) (local $y f64)
        (local.set $b (i64.const 3))
        (local.set $y (f64.const 0.5))
        (loop $again
            (local.set $a (i64.add (local.get $a) (local.get $b)))
            (local.set $c (i64.xor (local.get $c) (local.get $a)))
            (local.set $x (f64.add (local.get $x) (local.get $y)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (f64.add (local.get $x)
            (f64.convert_i64_s (i64.add (local.get $a) (local.get $c)))))
    (func (export "endless") (loop (br 0))))
"#;

fn looped(n: i32, mut a: i64, mut x: f64) -> f64 {
    let mut c = 0;
    for _ in 0..n {
        a += 3;
        c ^= a;
        x += 0.5;
    }
    x + (a + c) as f64
}

fn engine() -> Result<Engine> {
    Engine::new(Config::new().epoch_interruption(true))
}

fn world() -> Result<(Store<u32>, Instance)> {
    let engine = engine()?;
    let module = Module::new(&engine, LOOP)?;
    let mut store = Store::new(&engine, 0);
    let instance = Instance::new(&mut store, &module, &[])?;
    Ok((store, instance))
}

#[test]
fn other_futures_run() -> Result<()> {
    let (mut store, instance) = world()?;
    // Each check is a yield, since the deadline is reached at once.
    store.epoch_deadline_async_yield_and_update(0);
    let func = instance.get_typed_func::<(i32, i64, f64), f64>(&mut store, "loop")?;
    assert!(func.call(&mut store, (1, 2, 3.0)).is_err());
    let mut polls = 0;
    let result = {
        let mut call = pin!(func.call_async(&mut store, (500, 2, 3.0)));
        loop {
            match poll_once(call.as_mut()) {
                Poll::Ready(result) => break result?,
                Poll::Pending => polls += 1,
            }
        }
    };
    assert_eq!(result, looped(500, 2, 3.0));
    assert!(polls >= 499, "{polls}");
    // With a deadline in the future, ticks that come while it runs make it yield. One may come just
    // before it goes on, which sets the deadline, so there are more until it has yielded.
    store.epoch_deadline_async_yield_and_update(1);
    let ticks = store.engine().clone();
    let func = instance.get_typed_func::<(), ()>(&mut store, "endless")?;
    {
        let mut call = pin!(func.call_async(&mut store, ()));
        // The deadline of before.
        assert!(poll_once(call.as_mut()).is_pending());
        for _ in 0..3 {
            let has_yielded = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !has_yielded.load(Ordering::Relaxed) {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                        ticks.increment_epoch();
                    }
                });
                assert!(poll_once(call.as_mut()).is_pending());
                has_yielded.store(true, Ordering::Relaxed);
            });
        }
    }
    Ok(())
}

#[test]
fn threads_take_turns() -> Result<()> {
    let (mut store, instance) = world()?;
    store.epoch_deadline_async_yield_and_update(0);
    let func = instance.get_typed_func::<(i32, i64, f64), f64>(&mut store, "loop")?;
    let mut call = Box::pin(func.call_async(&mut store, (20, 2, 3.0)));
    let result = loop {
        let polled = std::thread::scope(|scope| {
            scope.spawn(|| poll_once(call.as_mut())).join().expect("no panic")
        });
        if let Poll::Ready(result) = polled {
            break result?;
        }
    };
    assert_eq!(result, looped(20, 2, 3.0));
    Ok(())
}

#[test]
fn code_waits_for_a_future_of_the_callback() -> Result<()> {
    let (mut store, instance) = world()?;
    let alive = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&alive);
    store.epoch_deadline_callback(move |mut store| {
        *store.data_mut() += 1;
        let times = *store.data();
        let counted = Counted::new(&count);
        Ok(UpdateDeadline::YieldCustom(
            0,
            Box::pin(async move {
                let _counted = counted;
                After(times % 3).await;
                assert!(times < 100, "too often");
            }),
        ))
    });
    let func = instance.get_typed_func::<(i32, i64, f64), f64>(&mut store, "loop")?;
    let result = block_on(func.call_async(&mut store, (20, 2, 3.0)))?;
    assert_eq!(result, looped(20, 2, 3.0));
    assert!(*store.data() >= 19);
    // A call that can't wait fails.
    assert!(func.call(&mut store, (20, 2, 3.0)).is_err());
    // A panic of the future is one of the call, at whichever of its polls.
    for times in [99, 100, 101] {
        *store.data_mut() = times;
        let panicked =
            catch_unwind(AssertUnwindSafe(|| block_on(func.call_async(&mut store, (20, 2, 3.0)))));
        assert!(panicked.is_err());
        assert_eq!(alive.load(std::sync::atomic::Ordering::Relaxed), 0);
    }
    // One that is dropped drops the future.
    *store.data_mut() = 0;
    {
        let mut call = pin!(func.call_async(&mut store, (20, 2, 3.0)));
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!(alive.load(std::sync::atomic::Ordering::Relaxed), 1);
    }
    assert_eq!(alive.load(std::sync::atomic::Ordering::Relaxed), 0);
    store.epoch_deadline_trap();
    let error = block_on(func.call_async(&mut store, (20, 2, 3.0))).unwrap_err();
    assert_eq!(error.downcast::<Trap>()?, Trap::Interrupt);
    Ok(())
}

#[test]
fn yields_and_host_functions_that_wait() -> Result<()> {
    let engine = engine()?;
    let module = Module::new(&engine, PROGRAM)?;
    for polls in 0..3 {
        let (mut store, instance) = in_engine(&engine, &module, polls)?;
        store.epoch_deadline_async_yield_and_update(0);
        let sum = instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
        let mut total = 0;
        {
            let mut call = pin!(sum.call_async(&mut store, (5, 1, 2, 3, 4)));
            loop {
                match poll_once(call.as_mut()) {
                    Poll::Pending => total += 1,
                    Poll::Ready(result) => {
                        assert_eq!(result?, expected_sum(5, 1, 2, 3, 4));
                        break;
                    }
                }
            }
        }
        assert!(total >= 5 * polls + 4, "{total}");
        for dropped_after in 0..=total {
            {
                let mut call = Box::pin(sum.call_async(&mut store, (5, 1, 2, 3, 4)));
                for _ in 0..dropped_after {
                    assert!(poll_once(call.as_mut()).is_pending());
                }
            }
            is_usable(&mut store, instance)?;
        }
    }
    Ok(())
}

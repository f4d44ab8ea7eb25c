//! Calls that wait until they are over.

use std::pin::pin;
use std::task::Poll;

use wasm_runtime::{
    Engine, Func, FuncType, Instance, Linker, Module, Result, Store, V128, Val, ValType,
};

use crate::support::{
    After, PROGRAM, block_on, expected_sum, in_engine, is_usable, poll_once, store,
};

#[test]
fn results_are_the_same_however_often_a_call_waits() -> Result<()> {
    for polls in 0..5 {
        let (mut store, instance) = store(polls)?;
        let sum = instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
        let result = block_on(sum.call_async(&mut store, (7, 10, 20, 30, 40)))?;
        assert_eq!(result, expected_sum(7, 10, 20, 30, 40));
        assert_eq!(store.data().done, 7);
        let nop = instance.get_typed_func::<(), ()>(&mut store, "nop")?;
        block_on(nop.call_async(&mut store, ()))?;
        let deep = instance.get_typed_func::<(i32, i32), i64>(&mut store, "deep")?;
        assert_eq!(block_on(deep.call_async(&mut store, (1000, 5)))?, 1105);
        is_usable(&mut store, instance)?;
    }
    Ok(())
}

#[test]
fn values_on_the_stack_and_in_memory_arrive() -> Result<()> {
    for polls in 0..3 {
        let (mut store, instance) = store(polls)?;
        type Results = (V128, i64, f64, f32, i32);
        let expected = (V128::from(8 | 9 << 64), 2 + 7 + 11, 2.5, 1.5, 3 + 4 + 5 + 6);
        let many = instance.get_typed_func::<i32, Results>(&mut store, "many")?;
        assert_eq!(block_on(many.call_async(&mut store, 11))?, expected);
        let many = *many.func();
        let mut results = [const { Val::null_func_ref() }; 5];
        block_on(many.call_async(&mut store, &[Val::I32(11)], &mut results))?;
        assert_eq!(results[0].v128(), Some(expected.0));
        assert_eq!(results[1].i64(), Some(expected.1));
        assert_eq!(results[2].f64(), Some(expected.2));
        assert_eq!(results[3].f32(), Some(expected.3));
        assert_eq!(results[4].i32(), Some(expected.4));
    }
    Ok(())
}

/// Wasm keeps values in registers across calls. They are the same after a call that has waited, for
/// all kinds of arguments and results that travel in registers, at the first and at later calls.
#[test]
fn what_is_in_registers_is_there_after_a_wait() -> Result<()> {
    const TEXT: &str = r#"(module
        (import "host" "ints" (func $ints (param i32 i64 i32 i64 i64) (result i64)))
        (import "host" "floats"
            (func $floats (param f32 f64 f32 f64 f64 f64 f64 f64) (result f64)))
        (import "host" "mixed" (func $mixed (param f64 i32 f32) (result f32)))
        (import "host" "nothing" (func $nothing))
        (func (export "run") (param $n i32) (param $a i64) (param $b i64) (param $c i64)
            (result i64) (local $d i64) (local $e i64) (local $x f64) (local $y f32)
            (loop $again
                (local.set $d (i64.add (local.get $a) (i64.const 3)))
                (local.set $e (i64.mul (local.get $b) (local.get $c)))
                (local.set $a (i64.xor (local.get $a) (call $ints (local.get $n) (local.get $a)
                    (i32.const -5) (local.get $c) (local.get $e))))
                (call $nothing)
                (local.set $x (call $floats (f32.const 1.5) (f64.convert_i64_s (local.get $d))
                    (local.get $y) (local.get $x) (f64.const 1) (f64.const 2) (f64.const 3)
                    (f64.const 4)))
                (local.set $y (call $mixed (local.get $x) (local.get $n) (local.get $y)))
                (local.set $b (i64.add (local.get $b) (i64.add (local.get $d) (local.get $e))))
                (local.set $c (i64.add (local.get $c) (i64.reinterpret_f64 (local.get $x))))
                (local.set $a (i64.add (local.get $a)
                    (i64.extend_i32_u (i32.reinterpret_f32 (local.get $y)))))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i64.xor (i64.xor (local.get $a) (local.get $b)) (i64.xor (local.get $c)
                (i64.xor (local.get $d) (local.get $e))))))"#;
    type Floats = (f32, f64, f32, f64, f64, f64, f64, f64);
    let ints = |a: i32, b: i64, c: i32, d: i64, e: i64| {
        i64::from(a).wrapping_add(b).wrapping_mul(i64::from(c)).wrapping_add(d) ^ e
    };
    let floats = |v: Floats| f64::from(v.0 + v.2) * 0.25 + v.1 - v.3 * 0.5 + v.4 * v.5 + v.6 - v.7;
    let mixed = |a: f64, b: i32, c: f32| (a as f32) * 0.5 + b as f32 - c * 0.25;
    let engine = Engine::default();
    let module = Module::new(&engine, TEXT)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "ints", ints)?;
    linker.func_wrap("host", "floats", move |a, b, c, d, e, f, g, h| {
        floats((a, b, c, d, e, f, g, h))
    })?;
    linker.func_wrap("host", "mixed", mixed)?;
    linker.func_wrap("host", "nothing", || ())?;
    let mut store = Store::new(&engine, 0);
    let run = linker.instantiate(&mut store, &module)?.get_func(&mut store, "run").unwrap();
    let expected = run.typed::<_, i64>(&store)?.call(&mut store, (20, 7i64, 11i64, -13i64))?;
    let mut linker = Linker::<u32>::new(&engine);
    linker.func_wrap_async("host", "ints", move |caller, (a, b, c, d, e)| {
        Box::new(async move {
            After(*caller.data()).await;
            ints(a, b, c, d, e)
        })
    })?;
    linker.func_wrap_async("host", "floats", move |caller, values: Floats| {
        Box::new(async move {
            After(*caller.data()).await;
            floats(values)
        })
    })?;
    linker.func_wrap_async("host", "mixed", move |caller, (a, b, c)| {
        Box::new(async move {
            After(*caller.data() / 2).await;
            Ok::<_, wasm_runtime::Error>(mixed(a, b, c))
        })
    })?;
    linker.func_wrap_async("host", "nothing", move |caller, ()| {
        Box::new(async move { After(*caller.data()).await })
    })?;
    for polls in 0..4 {
        let mut store = Store::new(&engine, polls);
        let instance = block_on(linker.instantiate_async(&mut store, &module))?;
        let run = instance.get_typed_func::<(i32, i64, i64, i64), i64>(&mut store, "run")?;
        for _ in 0..2 {
            let found = block_on(run.call_async(&mut store, (20, 7, 11, -13)))?;
            assert_eq!(found, expected, "{polls}");
        }
    }
    Ok(())
}

#[test]
fn lists_of_values() -> Result<()> {
    let mut store = Store::new(&Engine::default(), 5);
    let ty = FuncType::new(store.engine(), [ValType::I32, ValType::I64], [ValType::I64]);
    let add = Func::new_async(&mut store, ty.clone(), |caller, params, results| {
        Box::new(async move {
            After(*caller.data()).await;
            let sum = i64::from(params[0].unwrap_i32()) + params[1].unwrap_i64();
            results[0] = Val::I64(sum);
            Ok(())
        })
    });
    let module = Module::new(
        store.engine(),
        r#"(module
            (import "" "add" (func $add (param i32 i64) (result i64)))
            (func (export "twice") (param i32 i64) (result i64)
                (call $add (local.get 0) (call $add (local.get 0) (local.get 1)))))"#,
    )?;
    let imports = [add.into()];
    let instance = block_on(Instance::new_async(&mut store, &module, &imports))?;
    let twice = instance.get_func(&mut store, "twice").expect("an export");
    let mut results = [Val::I64(0)];
    block_on(twice.call_async(&mut store, &[Val::I32(1), Val::I64(40)], &mut results))?;
    assert_eq!(results[0].unwrap_i64(), 42);
    // The host function itself, with no Wasm in between.
    block_on(add.call_async(&mut store, &[Val::I32(2), Val::I64(3)], &mut results))?;
    assert_eq!(results[0].unwrap_i64(), 5);
    let typed = add.typed::<(i32, i64), i64>(&store)?;
    assert_eq!(block_on(typed.call_async(&mut store, (3, 4)))?, 7);
    // What is of another type is refused, and so are wrong arguments.
    let wrong = Func::new_async(&mut store, ty, |_, _, results| {
        Box::new(async move {
            After(1).await;
            results[0] = Val::I32(1);
            Ok(())
        })
    });
    let arguments = [Val::I32(2), Val::I64(3)];
    let error = block_on(wrong.call_async(&mut store, &arguments, &mut results)).unwrap_err();
    assert!(format!("{error:?}").contains("incompatible value"), "{error:?}");
    assert!(block_on(wrong.call_async(&mut store, &[], &mut results)).is_err());
    Ok(())
}

#[test]
fn another_thread_goes_on_at_each_poll() -> Result<()> {
    let (mut store, instance) = store(3)?;
    let sum = instance.get_typed_func::<(i32, i64, i64, i64, i64), i64>(&mut store, "sum")?;
    let trap = instance.get_typed_func::<i32, ()>(&mut store, "then_overflow")?;
    let mut call = Box::pin(async {
        let result = sum.call_async(&mut store, (9, 1, 2, 3, 4)).await?;
        let error = trap.call_async(&mut store, 1).await.unwrap_err();
        assert_eq!(error.downcast::<wasm_runtime::Trap>()?, wasm_runtime::Trap::StackOverflow);
        Ok::<_, wasm_runtime::Error>((store, result))
    });
    let mut polls = 0;
    let (mut store, result) = loop {
        let polled = std::thread::scope(|scope| {
            scope.spawn(|| poll_once(call.as_mut())).join().expect("no panic")
        });
        match polled {
            Poll::Ready(result) => break result?,
            Poll::Pending => polls += 1,
        }
    };
    assert_eq!(polls, 3 * 10);
    assert_eq!(result, expected_sum(9, 1, 2, 3, 4));
    is_usable(&mut store, instance)
}

#[test]
fn thousands_of_stores_wait_on_one_thread() -> Result<()> {
    const STORES: usize = 10_000;
    let engine = Engine::new(
        wasm_runtime::Config::new().max_wasm_stack(64 << 10).memory_reservation(1 << 16),
    )?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "wait" (func $wait (param i32 i64) (result i64)))
            (func (export "once") (param i32 i64) (result i64)
                (call $wait (local.get 0) (local.get 1))))"#,
    )?;
    let mut calls = Vec::new();
    for number in 0..STORES {
        let (mut store, instance) = in_engine(&engine, &module, 2)?;
        let once = instance.get_typed_func::<(i32, i64), i64>(&mut store, "once")?;
        calls.push(Box::pin(async move {
            once.call_async(&mut store, (1, number as i64)).await.map(|it| (it, store))
        }));
    }
    for _ in 0..2 {
        for call in &mut calls {
            assert!(poll_once(call.as_mut()).is_pending());
        }
    }
    // Half of them are given up.
    for (number, mut call) in calls.into_iter().enumerate().filter(|(number, _)| number % 2 == 0) {
        let Poll::Ready(result) = poll_once(call.as_mut()) else { panic!("it is ready now") };
        assert_eq!(result?.0, number as i64 + 1);
    }
    Ok(())
}

#[test]
fn repeated_calls_need_no_more_memory() -> Result<()> {
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/statm").expect("the system says");
        status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).expect("a number")
    }
    // In a process of its own: other tests need memory, too.
    const ALONE: &str = "ASYNCHRONOUS_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let status = std::process::Command::new(std::env::current_exe()?)
            .args(["--exact", "calls::repeated_calls_need_no_more_memory"])
            .env(ALONE, "1")
            .status()?;
        assert!(status.success(), "{status}");
        return Ok(());
    }
    let (mut store, instance) = store(1)?;
    let once = instance.get_typed_func::<(i32, i64), i64>(&mut store, "once")?;
    let run = |store: &mut Store<_>, times: usize| -> Result<()> {
        for time in 0..times {
            if time % 3 == 0 {
                let mut call = pin!(once.call_async(&mut *store, (1, 2)));
                assert!(poll_once(call.as_mut()).is_pending());
            } else {
                assert_eq!(block_on(once.call_async(&mut *store, (1, 2)))?, 3);
            }
        }
        Ok(())
    };
    run(&mut store, 1_000)?;
    let before = resident();
    run(&mut store, 50_000)?;
    let grown = resident().saturating_sub(before);
    assert!(grown < 1_000, "{grown} more pages are in use");
    is_usable(&mut store, instance)
}

#[test]
fn futures_can_be_sent_if_the_data_can() {
    fn is_send(_: &(impl Send + ?Sized)) {}
    let mut store = Store::new(&Engine::default(), std::cell::Cell::new(1));
    let module = Module::new(store.engine(), "(module)").expect("a module");
    is_send(&Instance::new_async(&mut store, &module, &[]));
    let func = Func::wrap(&mut store, |x: i32| x);
    is_send(&func.call_async(&mut store, &[], &mut []));
    let func = func.typed::<i32, i32>(&store).expect("the type");
    is_send(&func.call_async(&mut store, 1));
    assert!(Module::new(store.engine(), PROGRAM).is_ok());
}

//! Start functions that wait, and state while a call waits.

use std::pin::pin;

use wasm_runtime::{Caller, Engine, Instance, Linker, Module, Result, Snapshot, Store};

use crate::support::{After, block_on, poll_once};

const STARTS: &str = r#"(module
    (import "" "wait" (func $wait (param i32) (result i32)))
    (global $got (export "got") (mut i32) (i32.const 0))
    (func $start (global.set $got (call $wait (i32.const 5))))
    (start $start))
"#;

fn linker(engine: &Engine) -> Result<Linker<u32>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap_async("", "wait", |caller: Caller<'_, u32>, (n,): (i32,)| {
        Box::new(async move {
            After(*caller.data()).await;
            n + 1
        })
    })?;
    Ok(linker)
}

#[test]
fn start_functions_wait() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, STARTS)?;
    let linker = linker(&engine)?;
    let pre = linker.instantiate_pre(&module)?;
    for polls in 0..3 {
        let mut store = Store::new(&engine, polls);
        let wait = linker.get(&mut store, "", "wait").expect("a function");
        let instances = [
            block_on(linker.instantiate_async(&mut store, &module))?,
            block_on(pre.instantiate_async(&mut store))?,
            block_on(Instance::new_async(&mut store, &module, &[wait]))?,
        ];
        for instance in instances {
            let got = instance.get_global(&mut store, "got").expect("an export");
            assert_eq!(got.get(&mut store).unwrap_i32(), 6);
        }
    }
    let mut store = Store::new(&engine, 1);
    {
        let mut started = pin!(pre.instantiate_async(&mut store));
        assert!(poll_once(started.as_mut()).is_pending());
    }
    block_on(pre.instantiate_async(&mut store))?;
    Ok(())
}

#[test]
fn no_snapshot_is_taken_while_a_call_waits() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |mut caller: Caller<'_, ()>, (): ()| {
        Box::new(async move {
            for _ in 0..3 {
                let taken = Snapshot::take(&mut caller, &[]);
                let error = taken.expect_err("it is refused");
                assert!(error.to_string().contains("is running"), "{error}");
                After(1).await;
            }
        })
    })?;
    let module = Module::new(
        &engine,
        r#"(module (import "" "wait" (func $wait)) (func (export "f") (call $wait)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    block_on(func.call_async(&mut store, ()))?;
    {
        let mut call = pin!(func.call_async(&mut store, ()));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert!(Snapshot::take(&mut store, &[instance]).is_ok());
    Ok(())
}

#[test]
fn a_transaction_is_rolled_back_with_the_call_that_was_dropped() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "wait" (func $wait (param i32) (result i32)))
            (global $n (export "n") (mut i32) (i32.const 1))
            (func (export "f")
                (global.set $n (i32.const 2))
                (global.set $n (call $wait (i32.const 2)))))"#,
    )?;
    let mut store = Store::new(&engine, 1);
    let instance = block_on(linker(&engine)?.instantiate_async(&mut store, &module))?;
    let func = instance.get_typed_func::<(), ()>(&mut store, "f")?;
    let global = instance.get_global(&mut store, "n").expect("an export");
    {
        let mut transaction = store.begin()?;
        let mut call = pin!(func.call_async(&mut transaction, ()));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(global.get(&mut store).unwrap_i32(), 1);
    {
        let mut transaction = store.begin()?;
        block_on(func.call_async(&mut transaction, ()))?;
        transaction.commit();
    }
    assert_eq!(global.get(&mut store).unwrap_i32(), 3);
    Ok(())
}

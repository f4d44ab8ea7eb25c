//! Which calls a store refuses: those that can't wait, as soon as something of it may.

use wasm_runtime::{
    Caller, Engine, Error, Func, FuncType, Instance, Linker, Module, Result, Snapshot, Store,
};

use crate::support::{After, block_on};

fn says_so(error: &Error) {
    assert!(error.to_string().contains("`*_async` functions are used instead"), "{error:?}");
}

fn assert_required<T>(store: &mut Store<T>) -> Result<()> {
    let module = Module::new(store.engine(), "(module)")?;
    says_so(&Instance::new(&mut *store, &module, &[]).unwrap_err());
    says_so(&Linker::new(store.engine()).instantiate(&mut *store, &module).unwrap_err());
    let func = Func::wrap(&mut *store, || {});
    says_so(&func.call(&mut *store, &[], &mut []).unwrap_err());
    let func = func.typed::<(), ()>(&*store)?;
    says_so(&func.call(&mut *store, ()).unwrap_err());
    Ok(())
}

#[test]
fn after_a_function_was_made() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    Func::wrap_async(&mut store, |_, ()| Box::new(async {}));
    assert_required(&mut store)?;
    let mut store = Store::new(&engine, ());
    let ty = FuncType::new(&engine, [], []);
    Func::new_async(&mut store, ty, |_, _, _| Box::new(async { Ok(()) }));
    assert_required(&mut store)?;
    let module = Module::new(&engine, "(module)")?;
    block_on(Instance::new_async(&mut store, &module, &[]))?;
    let func = Func::wrap(&mut store, || {});
    block_on(func.call_async(&mut store, &[], &mut []))
}

#[test]
fn after_a_function_was_imported() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wrap", |_: Caller<'_, ()>, ()| Box::new(async {}))?;
    let ty = FuncType::new(&engine, [], []);
    linker.func_new_async("", "new", ty, |_, _, _| Box::new(async { Ok(()) }))?;
    for name in ["wrap", "new"] {
        let module = Module::new(&engine, format!(r#"(module (import "" "{name}" (func)))"#))?;
        let mut store = Store::new(&engine, ());
        says_so(&linker.instantiate(&mut store, &module).unwrap_err());
        block_on(linker.instantiate_async(&mut store, &module))?;
        assert_required(&mut store)?;
        let mut store = Store::new(&engine, ());
        let pre = linker.instantiate_pre(&module)?;
        says_so(&pre.instantiate(&mut store).unwrap_err());
        block_on(pre.clone().instantiate_async(&mut store))?;
        assert_required(&mut store)?;
        let mut store = Store::new(&engine, ());
        linker.get(&mut store, "", name)?;
        assert_required(&mut store)?;
    }
    Ok(())
}

#[test]
fn after_a_fork_with_such_an_import() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap_async("", "wait", |_: Caller<'_, ()>, ()| Box::new(After(1)))?;
    let module = Module::new(
        &engine,
        r#"(module (import "" "wait" (func $wait)) (func (export "f") (call $wait)))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = block_on(linker.instantiate_async(&mut store, &module))?;
    let snapshot = Snapshot::take(&mut store, &[instance])?;
    for prepared in [false, true] {
        let mut store = Store::new(&engine, ());
        let forks = if prepared {
            snapshot.fork_pre(&linker)?.fork(&mut store)?
        } else {
            snapshot.fork(&mut store, &linker)?
        };
        assert_required(&mut store)?;
        let func = forks[0].get_typed_func::<(), ()>(&mut store, "f")?;
        block_on(func.call_async(&mut store, ()))?;
    }
    Ok(())
}

/// A call that began when nothing could wait goes on until something has to.
#[test]
fn a_call_that_began_before() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "set_up", |mut caller: Caller<'_, ()>| {
        let wait = Func::wrap_async(&mut caller, |_, ()| Box::new(async {}));
        let table = caller.get_export("table").and_then(|it| it.into_table()).expect("it");
        table.set(&mut caller, 0, wait.into())
    })?;
    let module = Module::new(
        &engine,
        r#"(module
            (import "" "set_up" (func $set_up))
            (table (export "table") 1 funcref)
            (type $f (func))
            (func (export "run") (call $set_up) (call_indirect (type $f) (i32.const 0))))"#,
    )?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    let error = run.call(&mut store, ()).unwrap_err();
    assert!(format!("{error:?}").contains("configured to do async things"), "{error:?}");
    says_so(&run.call(&mut store, ()).unwrap_err());
    block_on(run.call_async(&mut store, ()))
}

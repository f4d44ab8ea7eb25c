//! Start functions that are functions of the host: what they know of the instance that is made.

#![cfg(all(feature = "jit", feature = "wat"))]

use wasm_runtime::{Caller, Engine, Extern, Func, Instance, Linker, Module, Result, Store};

const MODULE: &str = r#"(module
    (import "" "start" (func $start))
    (memory (export "memory") 1)
    (data (i32.const 0) "here")
    (start $start))"#;

/// Reads what the calling instance exports.
fn look(mut caller: Caller<'_, Vec<String>>) {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let text = match memory {
        Some(memory) => String::from_utf8_lossy(&memory.data(&caller)[..4]).into_owned(),
        None => "nobody".to_owned(),
    };
    caller.data_mut().push(text);
}

#[test]
fn they_find_the_exports_of_the_instance() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, MODULE)?;
    let mut store = Store::new(&engine, Vec::new());
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "start", look)?;
    linker.instantiate(&mut store, &module)?;
    let func = Func::wrap(&mut store, look);
    Instance::new(&mut store, &module, &[func.into()])?;
    // Called by the host for itself, it has no caller.
    func.call(&mut store, &[], &mut [])?;
    assert_eq!(*store.data(), ["here", "here", "nobody"]);
    Ok(())
}

/// Not those of an instance whose code is on the stack.
#[test]
fn also_when_instances_are_made_by_host_functions() -> Result<()> {
    let engine = Engine::default();
    let inner = Module::new(&engine, MODULE)?;
    let outer = Module::new(
        &engine,
        r#"(module (import "" "make" (func $make)) (memory (export "memory") 1)
            (data (i32.const 0) "outer") (func (export "run") (call $make)))"#,
    )?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("", "start", look)?;
    let inner = linker.instantiate_pre(&inner)?;
    linker.func_wrap("", "make", move |mut caller: Caller<'_, Vec<String>>| {
        inner.instantiate(&mut caller)?;
        look(caller);
        wasm_runtime::error::Ok(())
    })?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &outer)?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;
    assert_eq!(*store.data(), ["here", "oute"]);
    Ok(())
}

#[test]
fn their_errors_are_those_of_instantiation() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, MODULE)?;
    let mut store = Store::new(&engine, ());
    let func = Func::wrap(&mut store, || -> Result<()> { wasm_runtime::bail!("not today") });
    let error = Instance::new(&mut store, &module, &[func.into()]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not today");
    Ok(())
}

#[cfg(feature = "async")]
#[test]
fn also_when_they_may_wait() -> Result<()> {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    let engine = Engine::default();
    let module = Module::new(&engine, MODULE)?;
    for waits in [false, true] {
        let mut linker = Linker::new(&engine);
        if waits {
            linker.func_wrap_async("", "start", |caller: Caller<'_, Vec<String>>, (): ()| {
                Box::new(async move { look(caller) })
            })?;
        } else {
            linker.func_wrap("", "start", look)?;
        }
        let mut store = Store::new(&engine, Vec::new());
        {
            let future = pin!(linker.instantiate_async(&mut store, &module));
            let Poll::Ready(made) = future.poll(&mut Context::from_waker(Waker::noop())) else {
                unreachable!("nothing has to wait")
            };
            made?;
        }
        assert_eq!(*store.data(), ["here"]);
    }
    Ok(())
}

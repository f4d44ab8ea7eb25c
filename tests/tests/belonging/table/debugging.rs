//! Debugging of Wasm by the host.

use std::sync::{Arc, Mutex};

use wasm_runtime::{
    BreakpointEdit, Caller, Config, Engine, FrameHandle, Func, Instance, Module, ModulePC, Result,
    Store,
};

use super::Row;
use crate::tries::Expect::{Error, Nothing, Panic};

/// A store whose code can be debugged.
fn debugged() -> Store<()> {
    let engine = Engine::new(Config::new().guest_debug(true)).expect("an engine");
    Store::new(&engine, ())
}

/// Changes where code stops.
fn edit(change: impl FnOnce(&mut BreakpointEdit<'_>) -> Result<()>) -> Result<()> {
    change(&mut debugged().edit_breakpoints().expect("the code can be debugged"))
}

/// A frame of a store that is gone.
fn frame() -> FrameHandle {
    let mut store = debugged();
    let found = Arc::new(Mutex::new(None));
    let place = Arc::clone(&found);
    let look = Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| {
        *place.lock().expect("nobody panics") = caller.debug_exit_frames().next();
    });
    let wat = r#"(module (import "" "" (func)) (func (export "run") call 0))"#;
    let module = Module::new(store.engine(), wat).expect("a module");
    let instance = Instance::new(&mut store, &module, &[look.into()]).expect("an instance");
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").expect("a function");
    run.call(&mut store, ()).expect("it looks");
    let found = found.lock().expect("nobody panics").take();
    found.expect("there is a frame")
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "items!::$name",
        tries: |t| {
            t.handle(Panic, |o, h| h.instance.debug_global(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.debug_memory(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.debug_shared_memory(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.debug_table(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.debug_function(&mut o.store, 0));
            t.handle(Panic, |o, h| h.instance.debug_tag(&mut o.store, 0));
        },
    },
    Row {
        name: "Store::debug_register_module",
        tries: |t| t.engine(Error, |o, k| o.store.debug_register_module(&k.module)),
    },
    Row {
        name: "BreakpointEdit::add_breakpoint",
        tries: |t| {
            t.kept(Error, |_, k| edit(|edit| edit.add_breakpoint(&k.module, ModulePC::new(0))));
        },
    },
    Row {
        name: "BreakpointEdit::remove_breakpoint",
        tries: |t| {
            t.kept(Error, |_, k| edit(|edit| edit.remove_breakpoint(&k.module, ModulePC::new(0))));
        },
    },
    Row {
        name: "FrameHandle::is_valid",
        tries: |t| t.handle(Nothing, |o, _| frame().is_valid(&mut o.store)),
    },
    Row {
        name: "FrameHandle::parent",
        tries: |t| t.handle(Error, |o, _| frame().parent(&mut o.store)),
    },
    Row {
        name: "FrameHandle::instance",
        tries: |t| t.handle(Error, |o, _| frame().instance(&mut o.store)),
    },
    Row {
        name: "FrameHandle::module",
        tries: |t| t.handle(Error, |o, _| frame().module(&mut o.store).map(|_| ())),
    },
    Row {
        name: "FrameHandle::wasm_function_index_and_pc",
        tries: |t| t.handle(Error, |o, _| frame().wasm_function_index_and_pc(&mut o.store)),
    },
    Row {
        name: "FrameHandle::num_locals",
        tries: |t| t.handle(Error, |o, _| frame().num_locals(&mut o.store)),
    },
    Row {
        name: "FrameHandle::num_stacks",
        tries: |t| t.handle(Error, |o, _| frame().num_stacks(&mut o.store)),
    },
    Row {
        name: "FrameHandle::local",
        tries: |t| t.handle(Error, |o, _| frame().local(&mut o.store, 0)),
    },
    Row {
        name: "FrameHandle::stack",
        tries: |t| t.handle(Error, |o, _| frame().stack(&mut o.store, 0)),
    },
];

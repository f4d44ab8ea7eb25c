//! Engines whose code can be interrupted, and what becomes of calls.

use std::time::Duration;

use wasm_runtime::{Config, Engine, Instance, InterruptHandle, Module, Result, Store, Trap};

pub(crate) fn engine(adjust: impl FnOnce(&mut Config) -> &mut Config) -> Engine {
    let mut config = Config::new();
    config.interruption(true);
    adjust(&mut config);
    Engine::new(&config).unwrap()
}

/// A store with an instance of a module that imports nothing.
pub(crate) fn start(engine: &Engine, wat: &str) -> (Store<()>, Instance) {
    let module = Module::new(engine, wat).unwrap();
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    (store, instance)
}

pub(crate) fn trap<R: std::fmt::Debug>(result: Result<R>) -> Trap {
    let error = result.unwrap_err();
    *error.downcast_ref::<Trap>().unwrap_or_else(|| panic!("{error:?}"))
}

/// Interrupts after a moment, from another thread.
pub(crate) fn soon(handle: InterruptHandle) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(2));
        handle.interrupt();
    })
}

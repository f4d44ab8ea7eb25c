//! Exceptions: thrown, caught and thrown again by Wasm, through frames of Wasm and of the host.

mod host;
mod legacy;
mod random;
mod references;
mod states;
mod tables;
mod tags;
mod values;

use wasm_runtime::{Config, Engine, Instance, Linker, Module, Result, Store};

/// An engine that allows all that is about exceptions.
fn engine() -> Engine {
    let mut config = Config::new();
    config.wasm_exceptions(true).wasm_legacy_exceptions(true);
    Engine::new(&config).unwrap()
}

/// An instance of a module that imports nothing.
fn instantiate(text: &str) -> Result<(Store<()>, Instance)> {
    let engine = engine();
    let module = Module::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &module)?;
    Ok((store, instance))
}

/// Calls an exported function `run` of one integer.
fn run(text: &str, values: &[(i32, i32)]) {
    let (mut store, instance) = instantiate(text).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    for (value, expected) in values {
        assert_eq!(run.call(&mut store, *value).unwrap(), *expected, "run({value})");
    }
}

//! Counts calls, and measures the time they take.
//!
//! `cargo run --release -p wasm-runtime --features observe --example count_calls`

use wasm_runtime::observe::CallCounter;
use wasm_runtime::{Config, Engine, Instance, Module, NamePattern, Result, Store};

const FIBONACCI: &str = r#"(module
    (func $main (export "main") (param i32) (result i32)
        (i32.add (call $fibonacci (local.get 0)) (call $loop (i32.const 1000000))))
    (func $loop (param i32) (result i32)
        (loop $next
            (br_if $next (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 0))
    (func $fibonacci (param i32) (result i32)
        (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add
            (call $fibonacci (i32.sub (local.get 0) (i32.const 1)))
            (call $fibonacci (i32.sub (local.get 0) (i32.const 2))))))"#;

fn main() -> Result<()> {
    // The hook is called when any function is entered or left.
    let engine = Engine::new(Config::new().function_hooks([NamePattern::any()]))?;
    let module = Module::new(&engine, FIBONACCI)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;

    let counter = CallCounter::new();
    store.function_hook(counter.hook());
    let main = instance.get_typed_func::<i32, i32>(&mut store, "main")?;
    println!("fibonacci(20) = {}", main.call(&mut store, 20)?);
    counter.write_table(std::io::stdout())?;
    Ok(())
}

//! Shows each call of a Wasm or host function as it happens, with arguments and results.
//!
//! `cargo run -p wasm-runtime --features observe --example trace_calls`

use wasm_runtime::observe::CallTracer;
use wasm_runtime::{CallFilter, Config, Engine, Linker, Module, NamePattern, Result, Store};

const FACTORIAL: &str = r#"(module
    (import "host" "multiply" (func $multiply (param i64 i64) (result i64)))
    (func $factorial (export "factorial") (param i64) (result i64)
        (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
        (call $multiply
            (local.get 0)
            (call $factorial (i64.sub (local.get 0) (i64.const 1))))))"#;

fn main() -> Result<()> {
    let engine = Engine::new(Config::new().function_hooks([NamePattern::new("fact*")?]))?;
    let module = Module::new(&engine, FACTORIAL)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "multiply", |x: i64, y: i64| x * y)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &module)?;

    let tracer = CallTracer::to_writer(std::io::stdout());
    store.function_hook(tracer.hook());
    store.add_call_hook(CallFilter::to_host(), move |call| tracer.observe_import(&call));
    let factorial = instance.get_typed_func::<i64, i64>(&mut store, "factorial")?;
    factorial.call(&mut store, 3)?;
    Ok(())
}

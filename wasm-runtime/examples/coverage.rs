//! Reports which functions were called and which were not, in the format of `genhtml`.
//!
//! `cargo run -p wasm-runtime --features observe --example coverage`

use wasm_runtime::observe::FunctionCoverage;
use wasm_runtime::{Config, Engine, Instance, Module, NamePattern, Result, Store};

const PROGRAM: &str = r#"(module
    (func $main (export "main") (param i32)
        (if (local.get 0) (then (call $yes)) (else (call $no))))
    (func $yes)
    (func $no))"#;

fn main() -> Result<()> {
    let engine = Engine::new(Config::new().function_hooks([NamePattern::any()]))?;
    let module = Module::new(&engine, PROGRAM)?;
    let coverage = FunctionCoverage::new();
    coverage.add_module("program.wat", &module)?;
    // Each test has a store of its own. They share the coverage.
    for argument in [1, 2, 3] {
        let mut store = Store::new(&engine, ());
        store.function_hook(coverage.hook());
        let instance = Instance::new(&mut store, &module, &[])?;
        instance.get_typed_func::<i32, ()>(&mut store, "main")?.call(&mut store, argument)?;
    }
    let (called, all) = coverage.summary();
    eprintln!("{called} of {all} functions were called");
    coverage.write_lcov("example", std::io::stdout())?;
    Ok(())
}

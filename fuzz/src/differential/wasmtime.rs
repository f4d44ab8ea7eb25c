//! A run in Wasmtime. It decides where Wasmi and this project differ, and reports where traps are.

#[path = "run.rs"]
mod all;

use wasmtime as api;
use wasmtime::{Collector, Config, Engine, Module, OptLevel};

use super::outcome::Outcome;
use super::plan::Plan;

thread_local! {
    static ENGINE: Engine = engine();
}

fn engine() -> Engine {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::None).memory_reservation(1 << 20);
    // The guard begins one page beyond the largest possible size.
    config.memory_guard_size(64 << 10).wasm_memory64(true).wasm_tail_call(true);
    config.wasm_extended_const(true).wasm_multi_memory(true).wasm_wide_arithmetic(true);
    config.wasm_custom_page_sizes(true);
    config.wasm_function_references(true).wasm_gc(true).wasm_exceptions(true);
    // Runs are short, and what lives is the same with every collector.
    config.collector(Collector::Null);
    Engine::new(&config).expect("the settings are valid")
}

/// Calls all exports, with a new instance after each call that may have used up all fuel.
pub(super) fn run(wasm: &[u8], plan: &Plan) -> Vec<Outcome> {
    ENGINE.with(|engine| {
        let module = Module::new(engine, wasm)
            .unwrap_or_else(|error| panic!("a valid module can be compiled: {error:#}"));
        all::all(engine, &module, plan)
    })
}

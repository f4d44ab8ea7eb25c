//! `wasmtime/engine.h`, and the engine of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::Engine;

use crate::config::CConfig;

/// `wasm_engine_t`.
#[derive(Clone)]
pub(crate) struct CEngine {
    pub(crate) engine: Engine,
}

#[unsafe(no_mangle)]
extern "C" fn wasm_engine_new() -> Option<Box<CEngine>> {
    wasm_engine_new_with_config(Box::default())
}

/// The header has no other way to say why there is no engine than to print it.
#[unsafe(no_mangle)]
extern "C" fn wasm_engine_new_with_config(config: Box<CConfig>) -> Option<Box<CEngine>> {
    match config.engine() {
        Ok(engine) => Some(Box::new(CEngine { engine })),
        Err(error) => {
            eprintln!("libwasm_runtime: wasm_engine_new_with_config: {error:?}");
            None
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_engine_delete(engine: Option<Box<CEngine>>) {
    drop(engine);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_engine_clone(engine: &CEngine) -> Box<CEngine> {
    Box::new(engine.clone())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_engine_increment_epoch(engine: &CEngine) {
    engine.engine.increment_epoch();
}

/// Code is always machine code.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_engine_is_pulley(_engine: &CEngine) -> bool {
    false
}

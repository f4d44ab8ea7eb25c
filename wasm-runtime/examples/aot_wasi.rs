//! Runs a WASI program from an artifact, without a compiler.
//!
//! ```sh
//! cargo run -p wasm-runtime --features cli -- compile tests/programs/nbody.wasm -o nbody.cwasm
//! cargo run -p wasm-runtime --example aot_wasi --no-default-features --features aot-only,wasi \
//!     --profile small -- nbody.cwasm
//! ```

use std::process::ExitCode;

use wasm_runtime::wasi::{I32Exit, WasiCtx, WasiCtxBuilder};
use wasm_runtime::{Engine, Linker, Module, Result, Store};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = args.first() else {
        eprintln!("usage: aot_wasi ARTIFACT [ARGUMENT]...");
        return ExitCode::from(2);
    };
    match run(file, &args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(exit) => std::process::exit(exit.0),
            None => {
                eprintln!("error: {error:?}");
                ExitCode::FAILURE
            }
        },
    }
}

fn run(file: &str, args: &[String]) -> Result<()> {
    let engine = Engine::default();
    // SAFETY: the artifact is machine code. Whoever starts this program vouches for the file.
    let module = unsafe { Module::deserialize_file(&engine, file)? };
    let mut linker = Linker::new(&engine);
    wasm_runtime::wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;

    let wasi = WasiCtxBuilder::new().inherit_stdio().args(args).build();
    let mut store = Store::new(&engine, wasi);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
}

//! Runs a function of an artifact: a complete program without a compiler.
//!
//! ```sh
//! cargo run -p wasm-runtime --features cli -- compile wasm-runtime/examples/add.wat -o add.cwasm
//! cargo run -p wasm-runtime --example aot_run --no-default-features --features aot-only \
//!     --profile small -- add.cwasm add 40 2
//! ```

use std::process::ExitCode;

use wasm_runtime::{Engine, Instance, Module, Result, Store, Val, ValType, bail, format_err};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let [_, file, function, params @ ..] = args.as_slice() else {
        eprintln!("usage: aot_run ARTIFACT FUNCTION [PARAMETER]...");
        return ExitCode::from(2);
    };
    match run(file, function, params) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str, function: &str, params: &[String]) -> Result<()> {
    let engine = Engine::default();
    // SAFETY: the artifact is machine code. Whoever starts this program vouches for the file.
    let module = unsafe { Module::deserialize_file(&engine, file)? };
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let func = instance
        .get_func(&mut store, function)
        .ok_or_else(|| format_err!("the module exports no function `{function}`"))?;

    let ty = func.ty(&store);
    let params = ty
        .params()
        .zip(params)
        .map(|(ty, text)| match ty {
            ValType::I32 => Ok(Val::I32(text.parse()?)),
            ValType::I64 => Ok(Val::I64(text.parse()?)),
            other => bail!("this program can't pass a parameter of type {other}"),
        })
        .collect::<Result<Vec<Val>>>()?;
    let mut results = vec![Val::I32(0); ty.results().len()];
    func.call(&mut store, &params, &mut results)?;
    for result in results {
        match result {
            Val::I32(value) => println!("{value}"),
            Val::I64(value) => println!("{value}"),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}

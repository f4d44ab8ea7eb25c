//! The argument `--env NAME[=VALUE]`.

use wasm_runtime::wasi::WasiCtxBuilder;
use wasm_runtime::{Result, bail};

/// Adds the variable to the program's environment.
pub(crate) fn add(builder: &mut WasiCtxBuilder, argument: &str) -> Result<()> {
    let (name, value) = match argument.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (argument, None),
    };
    if name.is_empty() {
        bail!("--env `{argument}`: a variable has a name: write NAME=VALUE or NAME");
    }
    match value {
        Some(value) => builder.env(name, value),
        None => match std::env::var(name) {
            Ok(value) => builder.env(name, &value),
            Err(error) => bail!("--env {name}: {error}"),
        },
    };
    Ok(())
}

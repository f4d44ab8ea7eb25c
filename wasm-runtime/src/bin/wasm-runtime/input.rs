//! Files, told apart by their content.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use wasm_artifact::FileKind;
use wasm_runtime::error::Context;
use wasm_runtime::{Config, Engine, Module, Result, bail};

use crate::address_space::Reservation;
use crate::cache::Cached;

/// How much of a file its kind is told by.
const HEAD: u64 = 4096;

/// What a file is.
pub(crate) enum Input {
    /// A module that is compiled already. It is left in the file, which the loader maps.
    Artifact,
    /// A module in the binary format.
    Wasm(Vec<u8>),
}

/// Finds out what a file is, and reads it if it is to be compiled. Text becomes binary.
pub(crate) fn open(path: &Path) -> Result<Input> {
    let about = || format!("can't read `{}`", path.display());
    let mut file = File::open(path).with_context(about)?;
    let mut bytes = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut bytes).with_context(about)?;
    let identity = wasm_artifact::identify(&bytes);
    match identity.kind {
        FileKind::Artifact => Ok(Input::Artifact),
        FileKind::WasmModule => {
            file.read_to_end(&mut bytes).with_context(about)?;
            Ok(Input::Wasm(bytes))
        }
        FileKind::Text => {
            file.read_to_end(&mut bytes).with_context(about)?;
            Ok(Input::Wasm(text(path, &bytes)?))
        }
        _ => bail!(
            "`{}` is {identity}; a WebAssembly module, in the binary or the text format, or an artifact \
             made by `wasm-runtime compile` is wanted",
            path.display()
        ),
    }
}

/// As [`open`], for commands that need a module which is not compiled yet.
#[cfg(feature = "jit")]
pub(crate) fn open_wasm(path: &Path) -> Result<Vec<u8>> {
    match open(path)? {
        Input::Wasm(bytes) => Ok(bytes),
        Input::Artifact => bail!(
            "`{}` is an artifact: it is compiled already. `wasm-runtime inspect` says what is in it",
            path.display()
        ),
    }
}

/// The module in a file, compiled if it is not yet. The engine is made for it.
pub(crate) fn load(
    mut config: Config,
    cached: Cached,
    reservation: Reservation,
    path: &Path,
) -> Result<Module> {
    let input = open(path)?;
    reservation.apply_to(&mut config, &input, path);
    match input {
        Input::Artifact => load_artifact(&Engine::new(&config)?, path),
        Input::Wasm(bytes) => compile(config, cached, path, &bytes),
    }
    .with_context(|| format!("can't load `{}`", path.display()))
}

#[cfg(feature = "jit")]
fn compile(mut config: Config, cached: Cached, path: &Path, bytes: &[u8]) -> Result<Module> {
    let progress = crate::progress::Progress::default();
    let cache = cached.open();
    config.compiler(std::sync::Arc::new(progress.compiler())).cache(cache.clone());
    let engine = Engine::new(&config)?;
    let module = progress.during(path, bytes.len(), || Module::new(&engine, bytes));
    crate::cache::report(cache.as_ref());
    module
}

#[cfg(not(feature = "jit"))]
fn compile(config: Config, _: Cached, _: &Path, bytes: &[u8]) -> Result<Module> {
    // It has no compiler, and says so better than we could.
    Module::new(&Engine::new(&config)?, bytes)
}

/// Loads an artifact: only a trusted one if it was said whom to trust.
#[allow(unsafe_code)]
fn load_artifact(engine: &Engine, path: &Path) -> Result<Module> {
    if engine.config().trust_policy().is_some() {
        return Module::deserialize_file_verified(engine, path);
    }
    // SAFETY: an artifact is machine code, and can be trusted as much as any program that is run from
    // the command line: its user named it to be run.
    unsafe { Module::deserialize_file(engine, path) }
}

#[cfg(feature = "wat")]
fn text(path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
    let wasm = wat::Parser::new().parse_bytes(Some(path), bytes)?;
    Ok(wasm.into_owned())
}

#[cfg(not(feature = "wat"))]
fn text(path: &Path, _: &[u8]) -> Result<Vec<u8>> {
    bail!(
        "`{}` looks like WebAssembly's text format, which this program was built not to read: its \
         feature `wat` is off",
        path.display()
    )
}

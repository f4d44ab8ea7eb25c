//! Preview 1 in a linker, under the names that `wasmtime-wasi` has for it.

use crate::WasiCtx;
use crate::link;
use wasm_store::{Linker, Result};

/// The world of a guest of preview 1.
pub type WasiP1Ctx = WasiCtx;

/// Defines the functions of the module `wasi_snapshot_preview1` in a linker. The closure says where in
/// the store's data the guest's world is.
///
/// A function fails the call into the guest, instead of answering an error number, only where the guest
/// ends ([`I32Exit`](crate::I32Exit)), or has no memory with the name `memory`.
///
/// # Errors
/// If one of the functions is defined already.
pub fn add_to_linker_sync<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_snapshot_preview1";
    link::define_common(linker, MODULE, get)?;
    link::define_preview1(linker, MODULE, get)
}

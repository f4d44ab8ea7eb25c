//! Preview 1 in a linker, under the same names as in `wasmtime-wasi`.

#[cfg(feature = "threads")]
use crate::SharedWasiCtx;
use crate::WasiCtx;
use crate::link;
use wasm_store::{Linker, Result};

/// The context of a guest of preview 1.
pub type WasiP1Ctx = WasiCtx;

/// Defines the functions of the module `wasi_snapshot_preview1` in a linker. The closure returns
/// the guest's context in the store's data.
///
/// In two cases a function fails the call into the guest, instead of returning an error number: if
/// the guest ends ([`I32Exit`](crate::I32Exit)), or if it has no memory with the name `memory`.
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
pub fn add_to_linker_sync<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_snapshot_preview1";
    link::whole(linker, |linker| {
        link::define_common(linker, MODULE, get)?;
        link::define_preview1(linker, MODULE, get)
    })
}

/// As [`add_to_linker_sync`], for calls that may wait ([`Func::call_async`] and the like): a guest
/// that sleeps, or waits for a stream, a named pipe or a socket, keeps no thread. Any executor will
/// do. Whatever interrupts the store's code ends such waits, too.
///
/// What the host's system does not wait for by descriptors keeps the thread as before: files, and
/// the readers and writers of the host without a descriptor.
///
/// [`Func::call_async`]: wasm_store::Func::call_async
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "async")]
pub fn add_to_linker_async<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_snapshot_preview1";
    link::whole(linker, |linker| {
        link::define_common_async(linker, MODULE, get)?;
        link::define_preview1_async(linker, MODULE, get)
    })
}

/// As [`add_to_linker_sync`], for guests with [`threads`](crate::threads), which share their
/// context.
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "threads")]
pub fn add_to_linker_shared<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &SharedWasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_snapshot_preview1";
    link::whole(linker, |linker| {
        link::define_common_shared(linker, MODULE, get)?;
        link::define_preview1_shared(linker, MODULE, get)
    })
}

//! Snapshot 0 in a linker, for programs from before preview 1.

#[cfg(feature = "threads")]
use crate::SharedWasiCtx;
use crate::WasiCtx;
use crate::link;
use wasm_store::{Linker, Result};

/// Defines the functions of the module `wasi_unstable` in a linker, as
/// [`p1::add_to_linker_sync`](crate::p1::add_to_linker_sync) does those of preview 1.
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
pub fn add_to_linker_sync<T: 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_unstable";
    link::whole(linker, |linker| {
        link::define_common(linker, MODULE, get)?;
        link::define_snapshot0(linker, MODULE, get)
    })
}

/// As [`add_to_linker_sync`], for calls that may wait: see
/// [`p1::add_to_linker_async`](crate::p1::add_to_linker_async).
///
/// # Errors
/// If one of the functions is defined already. Then none is defined.
#[cfg(feature = "async")]
pub fn add_to_linker_async<T: Send + 'static>(
    linker: &mut Linker<T>,
    get: impl Fn(&mut T) -> &mut WasiCtx + Copy + Send + Sync + 'static,
) -> Result<()> {
    const MODULE: &str = "wasi_unstable";
    link::whole(linker, |linker| {
        link::define_common_async(linker, MODULE, get)?;
        link::define_snapshot0_async(linker, MODULE, get)
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
    const MODULE: &str = "wasi_unstable";
    link::whole(linker, |linker| {
        link::define_common_shared(linker, MODULE, get)?;
        link::define_snapshot0_shared(linker, MODULE, get)
    })
}

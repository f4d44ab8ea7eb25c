//! The data of a program's stores. It can be cloned for the threads of a program that may have some.

use std::sync::Arc;

use wasm_runtime::wasi::threads::WasiThreadsCtx;
use wasm_runtime::wasi::{SharedWasiCtx, WasiCtx};

use super::bounds::Limits;

/// The data of a store, for host functions.
#[derive(Clone)]
pub(crate) struct Host {
    wasi: SharedWasiCtx,
    pub(super) limits: Limits,
    /// The threads of the program, if it may have some.
    pub(super) threads: Option<Arc<WasiThreadsCtx<Host>>>,
}

impl Host {
    pub(super) fn new(wasi: WasiCtx, limits: Limits) -> Self {
        Self { wasi: SharedWasiCtx::new(wasi), limits, threads: None }
    }

    /// What programs without threads have for themselves.
    pub(super) fn wasi(&mut self) -> &mut WasiCtx {
        self.wasi.exclusive().expect("only the data of programs with threads is cloned")
    }

    /// What the threads of a program share.
    pub(super) fn shared_wasi(&mut self) -> &SharedWasiCtx {
        &self.wasi
    }
}

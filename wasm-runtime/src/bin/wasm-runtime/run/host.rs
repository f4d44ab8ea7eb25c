//! The data of a program's stores. It can be cloned for the threads of a program that may have
//! some.

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
    #[cfg(feature = "wasip2")]
    resources: Resources,
}

impl Host {
    pub(super) fn new(wasi: WasiCtx, limits: Limits) -> Self {
        Self {
            wasi: SharedWasiCtx::new(wasi),
            limits,
            threads: None,
            #[cfg(feature = "wasip2")]
            resources: Resources::default(),
        }
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

/// The resources that a component has of WASI.
#[cfg(feature = "wasip2")]
#[derive(Default)]
struct Resources(wasm_runtime::component::ResourceTable);

/// What is cloned is the data of a program with threads, which is no component and has none.
#[cfg(feature = "wasip2")]
impl Clone for Resources {
    fn clone(&self) -> Self {
        Self::default()
    }
}

#[cfg(feature = "wasip2")]
impl wasm_runtime::wasi::WasiView for Host {
    fn ctx(&mut self) -> wasm_runtime::wasi::WasiCtxView<'_> {
        let ctx = self.wasi.exclusive().expect("only the data of programs with threads is cloned");
        wasm_runtime::wasi::WasiCtxView { ctx, table: &mut self.resources.0 }
    }
}

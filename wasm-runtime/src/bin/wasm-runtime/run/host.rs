//! The data of a program's stores. It can be cloned for the threads of a program that may have
//! some.

use std::sync::Arc;

#[cfg(feature = "wasip2")]
use wasm_runtime::wasi::p2::{config::WasiConfig, keyvalue::WasiKeyValue};
use wasm_runtime::wasi::threads::WasiThreadsCtx;
use wasm_runtime::wasi::{SharedWasiCtx, WasiCtx};

use super::bounds::Limits;
#[cfg(feature = "wasip2")]
use super::wasi_options::Resources;

/// The data of a store, for host functions.
#[derive(Clone)]
pub(crate) struct Host {
    wasi: SharedWasiCtx,
    pub(super) limits: Limits,
    /// The threads of the program, if it may have some.
    pub(super) threads: Option<Arc<WasiThreadsCtx<Host>>>,
    #[cfg(feature = "wasip2")]
    pub(super) resources: Resources,
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

#[cfg(feature = "wasip2")]
impl Host {
    /// The values of `wasi:config`.
    pub(super) fn config(&mut self) -> WasiConfig<'_> {
        WasiConfig::new(&self.resources.config)
    }

    /// The values of `wasi:keyvalue`.
    pub(super) fn key_values(&mut self) -> WasiKeyValue<'_> {
        WasiKeyValue::new(&mut self.resources.key_values, &mut self.resources.table)
    }
}

#[cfg(feature = "wasip2")]
impl wasm_runtime::wasi::WasiView for Host {
    fn ctx(&mut self) -> wasm_runtime::wasi::WasiCtxView<'_> {
        let ctx = self.wasi.exclusive().expect("only the data of programs with threads is cloned");
        wasm_runtime::wasi::WasiCtxView { ctx, table: &mut self.resources.table }
    }
}

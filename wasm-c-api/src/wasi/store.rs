//! `wasmtime/store.h` and `wasmtime/linker.h`: what of stores and linkers is WASI's.

#![allow(unsafe_code)]

use wasm_runtime::wasi::{self, WasiCtx};

use super::WasiConfig;
use crate::error::{Failure, failure};
use crate::linker::CLinker;
use crate::store::ContextMut;

/// What a store has for guests of WASI.
#[derive(Default)]
pub(crate) struct Wasi {
    ctx: Option<WasiCtx>,
    /// Resources of WASI 0.2.
    #[cfg(feature = "component")]
    table: wasm_runtime::component::ResourceTable,
}

impl Wasi {
    /// What a guest has access to.
    ///
    /// # Panics
    ///
    /// If it was not set, in a call of a guest, which it ends with an error.
    fn ctx(&mut self) -> &mut WasiCtx {
        match &mut self.ctx {
            Some(ctx) => ctx,
            None => panic!("the store has no WASI configuration: see wasmtime_context_set_wasi"),
        }
    }
}

#[cfg(feature = "component")]
impl wasi::WasiView for crate::store::StoreData {
    fn ctx(&mut self) -> wasi::WasiCtxView<'_> {
        self.wasi.ctx();
        let Wasi { ctx: Some(ctx), table } = &mut self.wasi else {
            unreachable!("looked at above")
        };
        wasi::WasiCtxView { ctx, table }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_set_wasi(
    mut store: ContextMut<'_>,
    config: Box<WasiConfig>,
) -> Failure {
    failure(config.build(), |ctx| store.data_mut().wasi.ctx = Some(ctx))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_define_wasi(linker: &mut CLinker) -> Failure {
    let added = wasi::p1::add_to_linker_sync(&mut linker.linker, |data| data.wasi.ctx());
    failure(added, |_| ())
}

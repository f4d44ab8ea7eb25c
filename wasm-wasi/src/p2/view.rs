//! How the functions of WASI find a guest's context in the data of its store.

use super::runtime::{HasData, ResourceTable};
use crate::WasiCtx;

/// The data of a store that has a context of WASI, and the table of the resources that a guest has.
///
/// ```
/// use wasm_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};
///
/// struct State {
///     ctx: WasiCtx,
///     table: ResourceTable,
/// }
///
/// impl WasiView for State {
///     fn ctx(&mut self) -> WasiCtxView<'_> {
///         WasiCtxView { ctx: &mut self.ctx, table: &mut self.table }
///     }
/// }
/// ```
pub trait WasiView: Send {
    /// The context and the table.
    fn ctx(&mut self) -> WasiCtxView<'_>;
}

/// A guest's context and its resources: what host functions work on.
pub struct WasiCtxView<'a> {
    /// What the guest can reach.
    pub ctx: &'a mut WasiCtx,
    /// The resources that it has: files, streams, sockets.
    pub table: &'a mut ResourceTable,
}

impl<T: WasiView + ?Sized> WasiView for &mut T {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        T::ctx(self)
    }
}

/// Says that host functions of WASI get a [`WasiCtxView`]: the parameter `D` of the functions
/// `add_to_linker` in [`bindings`](super::bindings), for a linker with single interfaces.
#[derive(Clone, Copy, Debug)]
pub struct Wasi;

impl HasData for Wasi {
    type Data<'a> = WasiCtxView<'a>;
}

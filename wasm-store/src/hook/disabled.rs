//! No hooks.

use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::error::Result;
use crate::store::{StoreInner, StoreOpaque};
use crate::vm::HostDef;

/// Where a store would keep its hook.
pub(crate) struct HookSlot<T: 'static>(PhantomData<fn(T)>);

impl<T: 'static> Default for HookSlot<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// The shims that a host function would have for stores with a hook.
pub(crate) struct HookedShims;

impl HookedShims {
    pub(crate) fn new(_make: impl FnOnce() -> HostDef) -> Self {
        Self
    }

    /// The definition to bind in a store.
    pub(crate) fn choose(&self, plain: &HostDef, _store: &StoreOpaque) -> NonNull<HostDef> {
        NonNull::from(plain)
    }
}

/// Runs a call from the host into Wasm.
#[inline(always)]
pub(crate) fn enter_wasm<T: 'static, R>(
    store: &mut StoreInner<T>,
    call: impl FnOnce(&mut StoreInner<T>) -> Result<R>,
) -> Result<R> {
    call(store)
}

/// Runs a host function that Wasm called.
#[inline(always)]
pub(crate) fn host_call<T: 'static, R, const HOOKED: bool>(
    store: &mut StoreInner<T>,
    call: impl FnOnce(&mut StoreInner<T>) -> Result<R>,
) -> Result<R> {
    call(store)
}

//! No hooks.

#[cfg(feature = "async")]
#[path = "disabled/waiting.rs"]
mod waiting;

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::values::{CallValues, WasmCall};
use crate::error::Result;
use crate::store::{StoreId, StoreInner, StoreOpaque};
use crate::vm::{FuncRef, HostDef, HostRecord};

#[cfg(feature = "async")]
pub(crate) use waiting::{Around, Open, abandon, close, open_host, open_wasm, waits};

/// The placeholder for the hooks of a store.
pub(crate) struct HookSlot<T: 'static>(PhantomData<fn(T)>);

impl<T: 'static> Default for HookSlot<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// Which calls of a store hooks observe: none.
pub(crate) struct Watched;

impl Watched {
    pub(crate) fn new(_store: StoreId) -> Self {
        Self
    }

    /// Whether a function is one of this store.
    #[inline(always)]
    pub(crate) fn calls_are_plain(&self, store: &StoreOpaque, func: StoreId) -> bool {
        store.id() == func
    }
}

/// The placeholder for the shims of a host function that notify hooks.
#[derive(Clone, Copy)]
pub(crate) struct HookedShims;

impl HookedShims {
    #[allow(clippy::extra_unused_type_parameters, reason = "declared as with hooks")]
    pub(crate) fn new<T: 'static>(_make: impl FnOnce() -> HostDef) -> Self {
        Self
    }

    /// Sets the shims' data.
    pub(crate) fn set_data(&mut self, _data: *const ()) {}

    /// The definition that imports are bound to in a store.
    pub(crate) fn for_import(&self, plain: &HostDef, _store: &StoreOpaque) -> NonNull<HostDef> {
        NonNull::from(plain)
    }

    /// The definition that references are made to in a store.
    pub(crate) fn for_reference(&self, plain: &HostDef, _store: &StoreOpaque) -> NonNull<HostDef> {
        NonNull::from(plain)
    }
}

/// Binds the imports of instances that were just made.
#[inline(always)]
pub(crate) fn bind_new<T: 'static>(_store: &mut StoreInner<T>) {}

/// Runs a call from the host into Wasm that hooks observe: there are none.
#[inline(always)]
pub(crate) fn enter_wasm<T: 'static, P: CallValues, C: WasmCall<T, P>>(
    _store: &mut StoreInner<T>,
    _func: NonNull<FuncRef>,
    _params: P,
    _call: C,
) -> Result<C::Results> {
    unreachable!("without hooks, all calls of the store's functions are plain")
}

/// Runs a host function that Wasm called.
///
/// # Safety
///
/// As with the feature.
#[inline(always)]
#[allow(unsafe_code, reason = "declared as with hooks")]
pub(crate) unsafe fn host_call<T: 'static, P: CallValues, R: CallValues, const HOOKED: bool>(
    store: &mut StoreInner<T>,
    _record: *const HostRecord,
    params: P,
    call: impl FnOnce(&mut StoreInner<T>, P) -> Result<R>,
) -> Result<R> {
    call(store, params)
}

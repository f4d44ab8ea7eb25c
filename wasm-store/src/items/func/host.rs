//! Host functions: a closure, and the shims by which compiled code calls it.

#![allow(unsafe_code)]

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use super::into_func::WasmRet;
use super::list::WasmTyList;
use super::unwind::host_failure;
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;
use crate::items::Func;
use crate::store::{Caller, Kept, StoreContextMut, StoreInner, StoreOpaque};
use crate::types::FuncType;
use crate::vm::{HostDef, HostRecord, Unwind, ValRaw, VmStore};
use crate::watch::call_hook;
#[cfg(feature = "call-hook")]
use crate::watch::call_hook::Binding;
use crate::watch::call_hook::{CallValues, HookedShims, InArray};

/// A host function that is not part of a store: what linkers hold.
#[doc(hidden)]
#[derive(Clone)]
pub struct HostFunc {
    inner: Arc<Inner>,
}

struct Inner {
    plain: HostDef,
    hooked: HookedShims,
    ty: FuncType,
    /// The closure, which the shims' data points to.
    _closure: Arc<dyn Any + Send + Sync>,
}

// SAFETY: the pointers are to code, to the engine's record of the type, and to the closure; all
// three can be used from every thread, and `ty` and `_closure` keep the latter two alive.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl HostFunc {
    /// A host function made of a closure with static types.
    pub(super) fn wrap<T, F, P, R>(engine: &Engine, func: F) -> Self
    where
        T: 'static,
        F: Fn(Caller<'_, T>, P) -> R + Send + Sync + 'static,
        P: WasmTyList + 'static,
        R: WasmRet + 'static,
    {
        let ty = FuncType::new(engine, P::valtypes(), R::valtypes());
        let fits = const { P::FIT && R::FIT };
        debug_assert_eq!(fits, ty.record().layout.fits_registers(), "{ty}");
        Self::from_shims::<T, _>(
            ty,
            Arc::new(func),
            fits.then(P::register_shim::<T, F, R, false>),
            array_shim::<T, F, P, R, false>,
            || (fits.then(P::register_shim::<T, F, R, true>), array_shim::<T, F, P, R, true>),
        )
    }

    /// A host function made of its shims, for stores with data of type `T`. `hooked` makes those
    /// that notify hooks.
    pub(super) fn from_shims<T: 'static, C: Any + Send + Sync>(
        ty: FuncType,
        closure: Arc<C>,
        registers: Option<*const u8>,
        array: Shim,
        hooked: impl FnOnce() -> (Option<*const u8>, Shim),
    ) -> Self {
        let data = Arc::as_ptr(&closure).cast::<()>();
        let record = NonNull::from(&**ty.record());
        let def = |registers, array| HostDef {
            ty: record,
            registers,
            array,
            #[cfg(feature = "async")]
            start: None,
            data,
        };
        let plain = def(registers, array);
        let hooked = HookedShims::new::<T>(|| {
            let (registers, array) = hooked();
            def(registers, array)
        });
        Self::new(plain, hooked, ty, closure)
    }

    /// A host function of its definitions. It is the same code for all closures.
    fn new(
        plain: HostDef,
        hooked: HookedShims,
        ty: FuncType,
        closure: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        Self { inner: Arc::new(Inner { plain, hooked, ty, _closure: closure }) }
    }

    /// A host function that may wait, made of the shims that start it: one that notifies no hooks,
    /// if there is one also by registers, and one that does. For stores with data of type `T`.
    #[cfg(feature = "async")]
    pub(super) fn from_start_shims<T: 'static, C: Any + Send + Sync>(
        ty: FuncType,
        closure: Arc<C>,
        registers: Option<*const u8>,
        plain: crate::vm::StartShim,
        hooked: crate::vm::StartShim,
    ) -> Self {
        let data = Arc::as_ptr(&closure).cast::<()>();
        let ty_record = NonNull::from(&**ty.record());
        let def = |registers, start| HostDef {
            ty: ty_record,
            registers,
            array: refuse_sync,
            start: Some(start),
            data,
        };
        let hooked = HookedShims::new::<T>(|| def(None, hooked));
        Self::new(def(registers, plain), hooked, ty, closure)
    }

    /// Whether the function may wait.
    #[cfg(feature = "async")]
    pub(crate) fn waits(&self) -> bool {
        self.inner.plain.start.is_some()
    }

    /// The type.
    pub(crate) fn ty(&self) -> &FuncType {
        &self.inner.ty
    }

    /// The definition that an import of an instance in the store is bound to. The store must keep
    /// the function alive.
    pub(crate) fn def(&self, store: &StoreOpaque) -> NonNull<HostDef> {
        self.inner.hooked.for_import(&self.inner.plain, store)
    }

    /// The definition for calls that are bound so.
    #[cfg(feature = "call-hook")]
    pub(crate) fn definition(&self, binding: Binding) -> NonNull<HostDef> {
        self.inner.hooked.definition(&self.inner.plain, binding)
    }

    /// Its definitions: the one for calls that notify no hooks, and those that do. What they point
    /// to lives as long as this.
    pub(super) fn definitions(&self) -> (HostDef, HookedShims) {
        (self.inner.plain, self.inner.hooked)
    }

    /// The engine.
    pub(crate) fn engine(&self) -> &Engine {
        self.inner.ty.engine()
    }

    /// Makes the function part of a store.
    ///
    /// # Panics
    ///
    /// If it is of another engine than the store.
    ///
    /// # Safety
    ///
    /// The store's data is of the type that the function was made for.
    pub(crate) unsafe fn to_func(&self, store: &mut StoreOpaque) -> Func {
        store.demand(self);
        #[cfg(feature = "async")]
        if self.waits() {
            store.require_async();
        }
        store.keep_alive(Kept::Host(self.clone()));
        let def = self.inner.hooked.for_reference(&self.inner.plain, store);
        // SAFETY: as the caller promises; the store keeps the definition.
        let func = unsafe { store.vm.new_host_func(def) };
        Func::from_vm(store, func)
    }
}

impl fmt::Debug for HostFunc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostFunc").field("ty", &self.inner.ty).finish_non_exhaustive()
    }
}

pub(super) type Shim = unsafe extern "C" fn(*mut HostRecord, *mut ValRaw) -> bool;

/// The shim of closures with static types that takes an array.
unsafe extern "C" fn array_shim<T, F, P, R, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut ValRaw,
) -> bool
where
    T: 'static,
    F: Fn(Caller<'_, T>, P) -> R,
    P: WasmTyList,
    R: WasmRet,
{
    // SAFETY: the record is that of a function made with this shim, so that its data is the
    // closure; the array holds the parameters and has room for the results.
    unsafe {
        let call = |mut caller: Caller<'_, T>, _| {
            let func = &*(*record).data.cast::<F>();
            let store: &mut StoreOpaque = caller.store.0;
            let params = P::read_raw(values.cast(), store);
            store.vm.safepoint()?;
            func(caller.reborrow(), params).write_raw(caller.store.0, values.cast())?;
            Ok(InArray(values))
        };
        let outcome = host_call::<T, _, _, HOOKED>(record, InArray(values), call);
        outcome.is_some()
    }
}

/// In place of the shim that takes an array, for functions that may wait: nobody calls them so.
///
/// # Safety
///
/// As for other shims.
#[cfg(feature = "async")]
unsafe extern "C" fn refuse_sync(record: *mut HostRecord, _values: *mut ValRaw) -> bool {
    let refusal = crate::store::requires_async();
    // SAFETY: the record is that of a function of a live store.
    unsafe { VmStore::fail((*record).store, Unwind::Error(refusal)) };
    false
}

/// Runs the host's side of a call, which is the same in every shim. Returns `None` if the call
/// failed; then the failure is stored and everything is dropped.
///
/// # Safety
///
/// To be called by a shim of a function made for data of type `T`, with its record.
#[inline(always)]
pub(super) unsafe fn host_call<T: 'static, P: CallValues, R: CallValues, const HOOKED: bool>(
    record: *mut HostRecord,
    params: P,
    body: impl FnOnce(Caller<'_, T>, P) -> Result<R>,
) -> Option<R> {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    let (context, store) = unsafe {
        let context = (*record).store;
        (context, StoreInner::<T>::from_context(context))
    };
    // The handles that the function gets and makes end with it.
    let scope = store.vm.gc.handles.enter();
    // A panic may leave the closure's own data inconsistent, as everywhere in Rust. The store's
    // data are only touched by calls that leave them consistent while the closure runs.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let call = |store: &mut StoreInner<T>, params: P| {
            // SAFETY: the record is that of this call.
            body(unsafe { Caller::new(StoreContextMut(store), record) }, params)
        };
        // SAFETY: the record is that of this call.
        unsafe { call_hook::host_call::<T, P, R, HOOKED>(store, record, params, call) }
    }));
    // SAFETY: the context is that of the store whose Wasm is calling.
    let store = unsafe { StoreInner::<T>::from_context(context) };
    store.vm.gc.handles.leave(scope);
    let failure = match outcome {
        Ok(Ok(value)) => return Some(value),
        Ok(Err(error)) => host_failure(store, error),
        Err(payload) => Unwind::Panic(payload),
    };
    // SAFETY: the store lives.
    unsafe { VmStore::fail(context, failure) };
    None
}

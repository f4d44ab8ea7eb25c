//! Calls that check nothing: arguments and results are in an array without types.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::sync::Arc;

use super::host::{HostFunc, host_call};
use super::list::{WasmParams, WasmResults};
use super::{Func, INLINE_VALUES, TypedFunc, into_error};
use crate::engine::Engine;
use crate::error::Result;
use crate::gate::Gate;
use crate::items::ValRaw;
use crate::store::{AsContext, AsContextMut, Caller, StoreInner};
use crate::types::FuncType;
use crate::vm::{self, HostRecord, call_array};
use crate::watch::call_hook;
use crate::watch::call_hook::{InArray, WasmCall};

impl Func {
    /// A function of the host that gets its parameters in an array without types, and writes its
    /// results there, from the first place on. The array has as many places as the function has
    /// parameters or results, whichever are more.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    ///
    /// # Safety
    ///
    /// The closure reads the parameters as what `ty` says, and has written all results, each of
    /// its type, when it returns `Ok`. References that it writes are those of the store that calls
    /// it; those to objects were given to it since the last collection.
    pub unsafe fn new_unchecked<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &mut [MaybeUninit<ValRaw>]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let store = store.as_context_mut();
        // SAFETY: as the caller promises. The function was made for data of the store's type.
        unsafe { HostFunc::unchecked(store.0.engine(), ty, func).to_func(store.0) }
    }

    /// Calls the function with arguments in an array without types, where the results are
    /// afterwards, from the first place on. Nothing is collected before the function has its
    /// arguments.
    ///
    /// # Errors
    ///
    /// As for [`Func::call`]. If the array has fewer places than the function has parameters or
    /// results.
    ///
    /// # Panics
    ///
    /// As for [`Func::call`].
    ///
    /// # Safety
    ///
    /// The array can be read and written, and nobody else does so meanwhile. Its first places hold
    /// values of the types of the function's parameters. References are of this store, and those to
    /// objects were given to the host since the last collection.
    pub unsafe fn call_unchecked(
        &self,
        mut store: impl AsContextMut,
        params_and_returns: *mut [ValRaw],
    ) -> Result<()> {
        let store = store.as_context_mut().0;
        let is_plain = store.watched.calls_are_plain(store, self.store);
        self.store.assert_is(store.id());
        let ty = &self.record(store).ty;
        let places = ty.params().len().max(ty.results().len());
        crate::ensure!(
            params_and_returns.len() >= places,
            "the array has {} places, and a function of type `{ty}` needs {places}",
            params_and_returns.len()
        );
        let given = params_and_returns.cast::<vm::ValRaw>();
        if given.is_aligned() {
            // SAFETY: the array has the places, with values of the parameters' types.
            return unsafe { self.call_places(store, given, is_plain) };
        }
        // Vectors are read and written as aligned.
        let mut inline = [vm::ValRaw::ZERO; INLINE_VALUES];
        let mut heap = Vec::new();
        let aligned = match inline.get_mut(..places) {
            Some(aligned) => aligned,
            None => {
                heap.resize(places, vm::ValRaw::ZERO);
                &mut heap[..]
            }
        };
        let given = given.cast::<u8>();
        let bytes = std::mem::size_of_val(aligned);
        let (to, results) = (aligned.as_mut_ptr(), ty.results().len() * size_of::<ValRaw>());
        // SAFETY: as the caller promises, the array has the places. It is not the one on the stack
        // of this function.
        unsafe {
            to.cast::<u8>().copy_from_nonoverlapping(given, bytes);
            self.call_places(store, to, is_plain)?;
            given.copy_from_nonoverlapping(to.cast(), results);
        }
        Ok(())
    }

    /// Calls the function with an array that has as many places as it needs.
    ///
    /// # Safety
    ///
    /// As for [`call_unchecked`](Self::call_unchecked); the function is of this store, and the
    /// array is aligned.
    #[inline(always)]
    unsafe fn call_places<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        values: *mut vm::ValRaw,
        is_plain: bool,
    ) -> Result<()> {
        let call = UncheckedCall { func: *self, values };
        if is_plain {
            return call.run(store, InArray(values)).map(|_| ());
        }
        call_hook::enter_wasm(store, self.func, InArray(values), call).map(|_| ())
    }
}

/// A call whose array has the places that the function needs, and holds arguments that the caller
/// answers for.
struct UncheckedCall {
    func: Func,
    values: *mut vm::ValRaw,
}

impl<T: 'static> WasmCall<T, InArray> for UncheckedCall {
    type Results = InArray;

    #[inline(always)]
    fn run(self, store: &mut StoreInner<T>, _params: InArray) -> Result<InArray> {
        store.check_sync()?;
        let context = store.context_for_call();
        // SAFETY: the function is of this store, which is borrowed for the call; the array is what
        // it needs, as the caller of `call_unchecked` promises. Between that and here nothing was
        // collected: hooks can't.
        match unsafe { call_array(context, self.func.func, self.values) } {
            Ok(()) => Ok(InArray(self.values)),
            Err(unwind) => Err(into_error(store, unwind)),
        }
    }
}

impl<Params, Results> TypedFunc<Params, Results>
where
    Params: WasmParams,
    Results: WasmResults,
{
    /// A function of the given types, without a check that it is one.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    ///
    /// # Safety
    ///
    /// [`Func::typed`] would succeed with these types.
    pub unsafe fn new_unchecked(store: impl AsContext, func: Func) -> TypedFunc<Params, Results> {
        // SAFETY: as the caller promises.
        unsafe { func.assume_typed(store.as_context().0) }
    }
}

impl HostFunc {
    /// A host function that gets an array without types.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    ///
    /// # Safety
    ///
    /// As for [`Func::new_unchecked`].
    pub(crate) unsafe fn unchecked<T, F>(engine: &Engine, ty: FuncType, func: F) -> Self
    where
        T: 'static,
        F: Fn(Caller<'_, T>, &mut [MaybeUninit<ValRaw>]) -> Result<()> + Send + Sync + 'static,
    {
        engine.demand(&ty);
        let record = &ty.record().ty;
        let places = record.params().len().max(record.results().len());
        let body = Arc::new(Body { places, func });
        Self::from_shims::<T, _>(ty, body, None, shim::<T, F, false>, || (None, shim::<T, F, true>))
    }
}

/// A closure with the number of places that it gets: what the shim's data points to.
struct Body<F> {
    places: usize,
    func: F,
}

/// The shim.
unsafe extern "C" fn shim<T, F, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut vm::ValRaw,
) -> bool
where
    T: 'static,
    F: Fn(Caller<'_, T>, &mut [MaybeUninit<ValRaw>]) -> Result<()>,
{
    // SAFETY: the record is that of a function made with this shim; the array holds its parameters
    // and has room for its results. Both types of values are 16 bytes, of which any may be missing.
    unsafe {
        let outcome = host_call::<T, _, _, HOOKED>(record, InArray(values), |caller, _| {
            let body = &*(*record).data.cast::<Body<F>>();
            let places = std::slice::from_raw_parts_mut(values.cast(), body.places);
            (body.func)(caller, places)?;
            Ok(InArray(values))
        });
        outcome.is_some()
    }
}

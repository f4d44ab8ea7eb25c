//! Functions with static types.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;

use super::list::{WasmParams, WasmResults};
use super::wasm_ty::Unfit;
use crate::error::{Context, Result};
use crate::items::{Func, Val, into_error, unrooted};
use crate::store::{AsContextMut, StoreInner, StoreOpaque};
use crate::vm::{Unwind, VMStoreContext, call_array, enter_registers};
use crate::watch::call_hook;
use crate::watch::call_hook::{Typed, WasmCall};

/// A function whose types are known when the program is compiled, made by [`Func::typed`].
///
/// Where the types allow it (up to 5 integers and references, up to 8 floats, at most one result,
/// no vectors) a call passes all values in registers.
pub struct TypedFunc<Params, Results> {
    func: Func,
    is_host: bool,
    /// Whether arguments may be of other types than the function takes.
    checks_types: bool,
    _types: PhantomData<fn(Params) -> Results>,
}

impl<Params, Results> TypedFunc<Params, Results>
where
    Params: WasmParams,
    Results: WasmResults,
{
    /// # Safety
    ///
    /// The types are those of the function, but for arguments if `checks_types` says so, and
    /// `is_host` says whether it is a host function.
    pub(super) unsafe fn new(func: Func, is_host: bool, checks_types: bool) -> Self {
        Self { func, is_host, checks_types, _types: PhantomData }
    }

    /// The function without its types.
    pub fn func(&self) -> &Func {
        &self.func
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// If the function traps ([`Trap`](crate::Trap), with a
    /// [`WasmBacktrace`](crate::WasmBacktrace)), a host function that it calls returns an error, or
    /// a parameter is a reference of another store, or to a function of another type than the
    /// parameter's.
    ///
    /// # Panics
    ///
    /// If the function is of another store. If a host function that it calls panics: with that
    /// panic.
    // What is not always done is in functions of its own. So this is little code, and its caller
    // has the result in a register.
    #[inline(always)]
    pub fn call(&self, mut store: impl AsContextMut, params: Params) -> Result<Results> {
        let store = store.as_context_mut();
        let id = self.func.store;
        // One comparison answers two questions: whether this is the function's store, and whether
        // hooks observe the call.
        if !store.0.watched.calls_are_plain(store.0, id) {
            return self.call_hooked(store.0, params);
        }
        if let Some(unfit) = params.unfit(store.0) {
            return refuse(unfit);
        }
        if const { Params::REFERENCES } && self.checks_types {
            self.check_types(store.0, &params)?;
        }
        self.call_in(store.0, &params)
    }

    /// Calls the function and notifies hooks, after a check that it is of this store.
    #[cold]
    #[inline(never)]
    fn call_hooked<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        params: Params,
    ) -> Result<Results> {
        self.check(store, &params)?;
        call_hook::enter_wasm(store, self.func.func, Typed(params), self)
            .map(|Typed(results)| results)
    }

    /// Checks that the function and the arguments are of this store, and of the right types.
    pub(super) fn check(&self, store: &StoreOpaque, params: &Params) -> Result<()> {
        self.func.store.assert_is(store.id());
        if let Some(unfit) = params.unfit(store) {
            return refuse(unfit);
        }
        if self.checks_types {
            self.check_types(store, params)?;
        }
        Ok(())
    }

    /// Checks arguments against the types that the function takes.
    #[cold]
    fn check_types(&self, store: &StoreOpaque, params: &Params) -> Result<()> {
        let types = self.func.record(store).ty.params();
        params.check_references(&mut |place, reference| {
            Val::from(reference).check(store, types[place]).context("argument type mismatch")
        })
    }

    /// Calls the function. It and the parameters are of this store.
    #[inline(always)]
    fn call_in<T: 'static>(&self, store: &mut StoreInner<T>, params: &Params) -> Result<Results> {
        store.check_sync()?;
        store.vm.safepoint()?;
        let params = params.to_abis(store);
        let context = store.context_for_call();
        // SAFETY: the types are those of the function, whose store is borrowed for the call.
        // Nothing of it is used through that borrow before the call is over.
        let outcome = unsafe {
            if const { Params::FIT && Results::RESULTS_FIT } && !self.is_host {
                enter_registers(context, self.func.func, |code, context| {
                    Params::invoke_registers::<Results::Abi>(params, code, context)
                })
                .map(|abi| Results::from_registers(abi, store))
            } else {
                self.call_array(context, params)
                    .map(|values| Results::read_raw(values.as_ptr(), store))
            }
        };
        match outcome {
            Ok(results) => Ok(results),
            Err(unwind) => Err(into_error(store, unwind)),
        }
    }

    /// Calls the function by an array. Where values fit in registers, only functions of the host
    /// are called so: in a function of its own, it takes no registers from the other calls.
    ///
    /// # Safety
    ///
    /// The context is that of the function's store, ready for a call.
    #[inline(never)]
    unsafe fn call_array(
        &self,
        context: *mut VMStoreContext,
        params: Params::Abis,
    ) -> Result<[u128; 16], Box<Unwind>> {
        const { assert!(Params::CLASSES.len() <= 16 && Results::CLASSES.len() <= 16) };
        let mut values = [0u128; 16];
        // SAFETY: the array has room for both lists; the types are those of the function.
        unsafe {
            Params::write_raw(params, values.as_mut_ptr());
            call_array(context, self.func.func, values.as_mut_ptr().cast())?;
        }
        Ok(values)
    }
}

impl<T: 'static, Params, Results> WasmCall<T, Typed<Params>> for &TypedFunc<Params, Results>
where
    Params: WasmParams,
    Results: WasmResults,
{
    type Results = Typed<Results>;

    #[inline(always)]
    fn run(self, store: &mut StoreInner<T>, params: Typed<Params>) -> Result<Typed<Results>> {
        // A hook may have dropped what keeps an argument.
        self.check(store, &params.0)?;
        self.call_in(store, &params.0).map(Typed)
    }
}

#[cold]
fn refuse<R>(unfit: Unfit) -> Result<R> {
    match unfit {
        Unfit::OtherStore => crate::bail!(
            "cross-`Store` values are not supported: a parameter is a reference of another store"
        ),
        Unfit::Unrooted => unrooted(),
    }
}

impl<Params, Results> Clone for TypedFunc<Params, Results> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Params, Results> Copy for TypedFunc<Params, Results> {}

impl<Params, Results> fmt::Debug for TypedFunc<Params, Results> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedFunc").field("func", &self.func).finish_non_exhaustive()
    }
}

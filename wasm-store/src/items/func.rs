//! Functions, of Wasm and of the host.

#![allow(unsafe_code)]

mod abi;
#[cfg(feature = "async")]
mod call_async;
mod dynamic;
mod host;
mod into_func;
mod list;
mod nothing;
mod numeric;
mod start;
mod tuples;
mod typed;
mod unchecked;
mod unwind;
#[cfg(feature = "async")]
mod waiting;
mod wasm_ty;

use std::fmt;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

pub(crate) use abi::RetAbi;
pub(crate) use dynamic::boxed;
pub(crate) use host::HostFunc;
pub use into_func::{IntoFunc, WasmRet};
pub use list::{WasmParams, WasmResults, WasmTyList};
pub use nothing::{NoExtern, NoFunc, NoneRef};
pub(crate) use numeric::BoundSet;
pub use numeric::{BoundFuncs, NumericDef, NumericFunc, NumericFuncs};
pub(crate) use start::Start;
pub use typed::TypedFunc;
#[cfg(all(feature = "async", feature = "call-hook"))]
pub(crate) use unwind::host_failure;
pub(crate) use unwind::{host_error, into_error};
pub use wasm_ty::WasmTy;

use crate::error::{Context, Result};
use crate::gate::Gate;
use crate::items::Val;
use crate::store::{AsContext, AsContextMut, Caller, StoreId, StoreInner, StoreOpaque};
use crate::types::{Canonical, FuncType, ValType};
use crate::vm::{FuncRef, FuncTypeRecord, ValRaw, call_array};
use crate::watch::call_hook;
use crate::watch::call_hook::{Listed, WasmCall};

/// How many values a call passes without an allocation.
const INLINE_VALUES: usize = 16;

/// A function of a store: one that Wasm defines, or one of the host.
///
/// ```
/// use wasm_store::{Engine, Func, FuncType, Store, Val, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// // A function whose type is only known at run time, called the same way.
/// let ty = FuncType::new(&engine, [ValType::I32, ValType::I32], [ValType::I32]);
/// let sum = Func::new(&mut store, ty, |_caller, params, results| {
///     results[0] = Val::I32(params[0].unwrap_i32() + params[1].unwrap_i32());
///     Ok(())
/// });
/// let mut results = [Val::I32(0)];
/// sum.call(&mut store, &[Val::I32(40), Val::I32(2)], &mut results)?;
/// assert_eq!(results[0].i32(), Some(42));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Func {
    store: StoreId,
    func: NonNull<FuncRef>,
}

// SAFETY: the pointer is only followed with a borrow of the store that owns what it leads to.
unsafe impl Send for Func {}
// SAFETY: as above.
unsafe impl Sync for Func {}

impl Func {
    /// A function of the host whose type is given as a value. It gets its parameters as a list, and
    /// a list to write its results to, which has as many places as the type has results.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    pub fn new<T: 'static>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: impl Fn(Caller<'_, T>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static,
    ) -> Func {
        let store = store.as_context_mut();
        let host = HostFunc::dynamic(store.0.engine(), ty, func);
        // SAFETY: the function was made for data of the store's type.
        unsafe { host.to_func(store.0) }
    }

    /// A function of the host whose type is that of a Rust closure. The closure may take up to 16
    /// parameters, after a [`Caller`] if it takes one. It may return nothing, a value, a tuple of
    /// values, or a [`Result`] of these, whose error ends the computation.
    pub fn wrap<T, Params, Results>(
        mut store: impl AsContextMut<Data = T>,
        func: impl IntoFunc<T, Params, Results>,
    ) -> Func
    where
        T: 'static,
    {
        let store = store.as_context_mut();
        let host = func.into_func(store.0.engine());
        // SAFETY: the function was made for data of the store's type.
        unsafe { host.to_func(store.0) }
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn ty(&self, store: impl AsContext) -> FuncType {
        self.type_in(store.as_context().0)
    }

    /// Whether the function is one of the given type.
    ///
    /// # Panics
    ///
    /// If the function is of another store, or the type of another engine than the store.
    pub fn matches_ty(&self, store: impl AsContext, func_ty: &FuncType) -> bool {
        let store = store.as_context();
        store.0.demand(func_ty);
        self.type_in(store.0).matches(func_ty)
    }

    /// Calls the function.
    ///
    /// # Errors
    ///
    /// If `params` do not fit the function's type or are references of another store, or if
    /// `results` has another length than the type's list of results. If the function traps
    /// ([`Trap`](crate::Trap), with a [`WasmBacktrace`](crate::WasmBacktrace)), or a host function
    /// that it calls returns an error.
    ///
    /// # Panics
    ///
    /// If the function is of another store. If a host function that it calls panics: with that
    /// panic.
    pub fn call(
        &self,
        mut store: impl AsContextMut,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let store = store.as_context_mut();
        // As in typed calls, one comparison answers two questions: whether this is the function's
        // store, and whether hooks observe the call.
        if !store.0.watched.calls_are_plain(store.0, self.store) {
            return self.call_hooked(store.0, params, results);
        }
        let ty = self.record(store.0);
        check_arguments(store.0, ty, params, results)?;
        self.call_in(store.0, ty, params, results)
    }

    /// Calls the function and notifies hooks, after a check that it is of this store.
    #[cold]
    #[inline(never)]
    fn call_hooked<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        self.store.assert_is(store.id());
        let ty = self.record(store);
        check_arguments(store, ty, params, results)?;
        let call = UntypedCall { func: self, ty, results };
        call_hook::enter_wasm(store, self.func, Listed(params), call).map(|_| ())
    }

    /// Calls the function, which is of this store, with arguments that have been checked.
    #[inline(always)]
    fn call_in<T: 'static>(
        &self,
        store: &mut StoreInner<T>,
        ty: &FuncTypeRecord,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        store.check_sync()?;
        store.vm.safepoint()?;
        // SAFETY: the arguments have been checked against the type, and the store is borrowed for
        // the call.
        let outcome = unsafe { call_checked(store, *self, ty, params, results) };
        match outcome {
            Ok(()) => Ok(()),
            Err(unwind) => Err(into_error(store, unwind)),
        }
    }

    /// The function as one with static types, which is faster to call.
    ///
    /// For a parameter that is a reference to functions of one type, [`Func`] and `Option<Func>`
    /// stand as well, and handles to structures and arrays for references to those of one type;
    /// then each call checks that the argument is of that type.
    ///
    /// # Errors
    ///
    /// If the types are not those of the function. The error names both.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    pub fn typed<Params, Results>(
        &self,
        store: impl AsContext,
    ) -> Result<TypedFunc<Params, Results>>
    where
        Params: WasmParams,
        Results: WasmResults,
    {
        let store = store.as_context();
        self.store.assert_is(store.0.id());
        let (engine, ty) = (store.0.engine(), &self.record(store.0).ty);
        let requested = || {
            let list = |types: Vec<ValType>| types.into_iter().map(|ty| ty.canonical());
            let requested =
                wasm_types::FuncType::new(list(Params::valtypes()), list(Results::valtypes()));
            format!("`{requested}` was requested, the function is of type `{ty}`")
        };
        Params::typecheck(engine, ty.params(), wasm_ty::Direction::ToWasm)
            .with_context(|| format!("type mismatch with parameters: {}", requested()))?;
        Results::typecheck(engine, ty.results(), wasm_ty::Direction::FromWasm)
            .with_context(|| format!("type mismatch with results: {}", requested()))?;
        // SAFETY: the types have been checked.
        Ok(unsafe { self.assume_typed(store.0) })
    }

    /// # Safety
    ///
    /// The types are those of the function: [`typed`](Self::typed) would succeed.
    ///
    /// # Panics
    ///
    /// If the function is of another store.
    unsafe fn assume_typed<Params, Results>(
        &self,
        store: &StoreOpaque,
    ) -> TypedFunc<Params, Results>
    where
        Params: WasmParams,
        Results: WasmResults,
    {
        let is_host = self.is_host(store);
        let params = self.record(store).ty.params();
        let checks_types = params.iter().any(|ty| wasm_ty::is_concrete(*ty));
        // SAFETY: as the caller promises.
        unsafe { TypedFunc::new(*self, is_host, checks_types) }
    }

    pub(crate) fn from_vm(store: &StoreOpaque, func: NonNull<FuncRef>) -> Self {
        Self { store: store.id(), func }
    }

    /// A reference as calls, tables and globals hold it; `None` for null.
    ///
    /// # Safety
    ///
    /// The reference is one of that store's.
    #[inline]
    pub(crate) unsafe fn from_reference(store: StoreId, bits: u64) -> Option<Self> {
        NonNull::new(bits as *mut FuncRef).map(|func| Self { store, func })
    }

    /// The function as calls, tables and globals hold a reference to it.
    #[inline]
    pub(crate) fn to_reference(self) -> u64 {
        self.func.as_ptr() as u64
    }

    #[inline]
    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn pointer(&self) -> NonNull<FuncRef> {
        self.func
    }

    fn is_host(&self, store: &StoreOpaque) -> bool {
        self.store.assert_is(store.id());
        // SAFETY: the function lives as long as its store, which is borrowed.
        unsafe { self.func.as_ref().is_host() }
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> FuncType {
        self.store.assert_is(store.id());
        let id = self.record(store).id();
        match store.engine().types().get(id) {
            Some(Canonical::Func(record)) => FuncType::from_record(store.engine(), record),
            _ => unreachable!("the type of a function is registered"),
        }
    }

    /// The number that the engine has for the type.
    pub(crate) fn type_id(&self, store: &StoreOpaque) -> u32 {
        self.store.assert_is(store.id());
        self.record(store).id()
    }

    /// The engine's record of the type. It outlives the borrow, since the engine outlives the
    /// store.
    #[inline]
    fn record<'a>(&self, _store: &StoreOpaque) -> &'a FuncTypeRecord {
        // SAFETY: the function lives as long as its store, and the store keeps its engine alive.
        // Callers use the record only as long as the store.
        unsafe { &*(*self.func.as_ptr()).ty }
    }
}

impl fmt::Debug for Func {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Func").field("store", &self.store).finish_non_exhaustive()
    }
}

/// A call of [`Func::call`], whose arguments have been checked.
struct UntypedCall<'a> {
    func: &'a Func,
    ty: &'a FuncTypeRecord,
    results: &'a mut [Val],
}

impl<'a, T: 'static> WasmCall<T, Listed<'_>> for UntypedCall<'a> {
    type Results = Listed<'a>;

    #[inline(always)]
    fn run(self, store: &mut StoreInner<T>, params: Listed<'_>) -> Result<Listed<'a>> {
        // A hook may have dropped what keeps an argument.
        check_arguments(store, self.ty, params.0, self.results)?;
        self.func.call_in(store, self.ty, params.0, self.results)?;
        Ok(Listed(self.results))
    }
}

/// Checks the arguments of a call. The errors are made in a function of their own, since this check
/// is part of every call.
#[inline(always)]
fn check_arguments(
    store: &StoreOpaque,
    ty: &FuncTypeRecord,
    params: &[Val],
    results: &[Val],
) -> Result<()> {
    let wanted = ty.ty.params();
    if wanted.len() != params.len() {
        return wrong_count("arguments", wanted.len(), params.len(), ty);
    }
    if ty.ty.results().len() != results.len() {
        return wrong_count("results", ty.ty.results().len(), results.len(), ty);
    }
    for (value, wanted) in params.iter().zip(wanted) {
        value.check(store, *wanted).context("argument type mismatch")?;
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn wrong_count(what: &str, wanted: usize, given: usize, ty: &FuncTypeRecord) -> Result<()> {
    Err(crate::format_err!("the function's type is `{}`", ty.ty)
        .context(format!("expected {wanted} {what}, got {given}")))
}

/// Calls a function through an array.
///
/// # Safety
///
/// The store is the function's; the arguments have been checked.
#[inline(always)]
unsafe fn call_checked<T: 'static>(
    store: &mut StoreInner<T>,
    func: Func,
    ty: &FuncTypeRecord,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), Box<crate::vm::Unwind>> {
    let mut inline = [const { MaybeUninit::<ValRaw>::uninit() }; INLINE_VALUES];
    let mut heap = Vec::new();
    let len = params.len().max(results.len());
    let values: *mut ValRaw = if len <= INLINE_VALUES {
        inline.as_mut_ptr().cast()
    } else {
        heap.resize(len, ValRaw::ZERO);
        heap.as_mut_ptr()
    };
    // SAFETY: the array has room for the larger of both lists; the callee writes all results, each
    // of its type.
    unsafe {
        for (place, value) in params.iter().enumerate() {
            values.add(place).write(value.to_abi(store));
        }
        // Nothing of the store is used through this borrow before the call is over.
        let context = store.context_for_call();
        call_array(context, func.func, values)?;
        for (place, (result, ty)) in results.iter_mut().zip(ty.ty.results()).enumerate() {
            *result = Val::from_abi(store, *values.add(place), *ty);
        }
    }
    Ok(())
}

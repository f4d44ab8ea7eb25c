//! Host functions that may wait, made of closures that return futures: with static types, or with
//! lists of values.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::host::HostFunc;
use super::super::into_func::WasmRet;
use super::super::list::WasmTyList;
use super::{Body, Running, Waits, start};
use crate::engine::Engine;
use crate::error::{Context as _, Result};
use crate::gate::Gate;
use crate::items::{Func, Val};
use crate::store::{AsContextMut, Caller, StoreInner, StoreOpaque};
use crate::types::FuncType;
use crate::vm::ValRaw;

impl Func {
    /// A host function that may wait, whose type is given as a value: as [`Func::new`], but the
    /// closure returns a future. Wasm goes on when the future is ready.
    ///
    /// From now on the store's functions are called with [`call_async`](Func::call_async): all
    /// other calls are errors.
    ///
    /// # Panics
    ///
    /// If the type is of another engine than the store.
    pub fn new_async<T, F>(mut store: impl AsContextMut<Data = T>, ty: FuncType, func: F) -> Func
    where
        T: Send + 'static,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let store = store.as_context_mut();
        let host = HostFunc::dynamic_async(store.0.engine(), ty, func);
        // SAFETY: the function was made for data of the store's type.
        unsafe { host.to_func(store.0) }
    }

    /// A host function that may wait, whose type is that of a Rust closure: as [`Func::wrap`], but
    /// the closure takes its parameters as a tuple after the [`Caller`], and returns a future.
    /// Wasm goes on when the future is ready. A future that is ready at once costs an allocation
    /// more than a function that does not wait.
    ///
    /// From now on the store's functions are called with [`call_async`](Func::call_async): all
    /// other calls are errors.
    ///
    /// ```
    /// use wasm_store::{Engine, Func, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), 20);
    /// let add = Func::wrap_async(&mut store, |caller, (x,): (i32,)| {
    ///     Box::new(async move {
    ///         std::future::ready(()).await;
    ///         caller.data() + x
    ///     })
    /// });
    /// assert!(add.typed::<i32, i32>(&store)?.call(&mut store, 22).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn wrap_async<T, F, P, R>(mut store: impl AsContextMut<Data = T>, func: F) -> Func
    where
        T: Send + 'static,
        F: for<'a> Fn(Caller<'a, T>, P) -> Box<dyn Future<Output = R> + Send + 'a>
            + Send
            + Sync
            + 'static,
        P: WasmTyList + 'static,
        R: WasmRet + 'static,
    {
        let store = store.as_context_mut();
        let host = HostFunc::wrap_async(store.0.engine(), func);
        // SAFETY: the function was made for data of the store's type.
        unsafe { host.to_func(store.0) }
    }
}

impl HostFunc {
    /// A host function that may wait and takes lists of values.
    ///
    /// # Panics
    ///
    /// If the type is of another engine.
    pub(crate) fn dynamic_async<T, F>(engine: &Engine, ty: FuncType, func: F) -> Self
    where
        T: 'static,
        F: for<'a> Fn(Caller<'a, T>, &'a [Val], &'a mut [Val]) -> Waits<'a, Result<()>>
            + Send
            + Sync
            + 'static,
    {
        engine.demand(&ty);
        Self::waiting::<T, Dynamic<F>>(ty.clone(), Arc::new(Dynamic { ty, func }))
    }

    /// A host function that may wait, made of a closure with static types.
    pub(crate) fn wrap_async<T, F, P, R>(engine: &Engine, func: F) -> Self
    where
        T: 'static,
        F: for<'a> Fn(Caller<'a, T>, P) -> Waits<'a, R> + Send + Sync + 'static,
        P: WasmTyList + 'static,
        R: WasmRet + 'static,
    {
        let ty = FuncType::new(engine, P::valtypes(), R::valtypes());
        let fits = const { P::FIT && R::FIT };
        debug_assert_eq!(fits, ty.record().layout.fits_registers(), "{ty}");
        Self::from_start_shims::<T, _>(
            ty,
            Arc::new(Static::<F, P, R> { func, _types: PhantomData }),
            fits.then(P::waiting_shim::<T, F, R>),
            start::<T, Static<F, P, R>, false>,
            start::<T, Static<F, P, R>, true>,
        )
    }
}

/// A closure with static types.
pub(super) struct Static<F, P, R> {
    func: F,
    _types: PhantomData<fn(P) -> R>,
}

impl<F, P, R> Static<F, P, R> {
    /// Calls the closure, with parameters from Wasm of the caller's store.
    #[inline(always)]
    pub(super) fn begin_with<T>(
        &self,
        caller: Caller<'static, T>,
        take: impl FnOnce(&mut StoreOpaque) -> P,
    ) -> Result<StaticCall<R>>
    where
        T: 'static,
        F: for<'a> Fn(Caller<'a, T>, P) -> Waits<'a, R>,
    {
        let store: &mut StoreOpaque = caller.store.0;
        let params = take(store);
        store.vm.safepoint()?;
        Ok(StaticCall { future: Box::into_pin((self.func)(caller, params)), result: None })
    }
}

/// The future of a call with static types, and what it returned.
pub(super) struct StaticCall<R> {
    future: Running<R>,
    result: Option<R>,
}

// SAFETY: the future can be sent; what it returned exists only while the call is polled, and stays
// on the thread.
unsafe impl<R> Send for StaticCall<R> {}

impl<T, F, P, R> Body<T> for Static<F, P, R>
where
    T: 'static,
    F: for<'a> Fn(Caller<'a, T>, P) -> Waits<'a, R> + Send + Sync + 'static,
    P: WasmTyList + 'static,
    R: WasmRet + 'static,
{
    type Call = StaticCall<R>;

    unsafe fn begin(
        &self,
        caller: Caller<'static, T>,
        values: *const ValRaw,
    ) -> Result<StaticCall<R>> {
        // SAFETY: as the caller promises.
        self.begin_with(caller, |store| unsafe { P::read_raw(values.cast(), store) })
    }

    fn poll(call: &mut StaticCall<R>, context: &mut Context<'_>) -> Poll<()> {
        call.future.as_mut().poll(context).map(|result| call.result = Some(result))
    }

    unsafe fn end(
        &self,
        call: StaticCall<R>,
        store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()> {
        let StaticCall { future, result } = call;
        drop(future);
        match result {
            // SAFETY: as the caller promises; nothing else borrows the store now.
            Some(result) => unsafe { result.write_raw(&*store, values.cast()) },
            None => unreachable!("the future is ready"),
        }
    }
}

/// A closure that takes lists of values, with its type.
struct Dynamic<F> {
    ty: FuncType,
    func: F,
}

/// The future of a call with lists of values, and the lists that it borrows.
struct DynamicCall {
    /// First, so that it is dropped before what it borrows.
    future: Running<Result<()>>,
    result: Result<()>,
    /// Parameters and results.
    list: List<Val>,
}

/// A list of values on the heap, which a future borrows while it exists.
pub(in crate::items::func) struct List<V>(pub(in crate::items::func) NonNull<[V]>);

// SAFETY: it owns values that can be sent, as a box would.
unsafe impl<V: Send> Send for List<V> {}

impl<V> Drop for List<V> {
    fn drop(&mut self) {
        // SAFETY: made by a box, and no longer borrowed.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl<T, F> Body<T> for Dynamic<F>
where
    T: 'static,
    F: for<'a> Fn(Caller<'a, T>, &'a [Val], &'a mut [Val]) -> Waits<'a, Result<()>>
        + Send
        + Sync
        + 'static,
{
    type Call = DynamicCall;

    unsafe fn begin(
        &self,
        caller: Caller<'static, T>,
        values: *const ValRaw,
    ) -> Result<DynamicCall> {
        let ty = &self.ty.record().ty;
        let mut list = Vec::with_capacity(ty.params().len() + ty.results().len());
        for (place, param) in ty.params().iter().enumerate() {
            // SAFETY: as the caller promises.
            list.push(unsafe { Val::from_abi(caller.store.0, *values.add(place), *param) });
        }
        caller.store.0.vm.safepoint()?;
        list.resize(ty.params().len() + ty.results().len(), Val::null_func_ref());
        let list = List(NonNull::from(Box::leak(list.into_boxed_slice())));
        // SAFETY: the list lives until the future is dropped, and nothing else uses it before.
        let (params, results) = unsafe { (*list.0.as_ptr()).split_at_mut(ty.params().len()) };
        let future = Box::into_pin((self.func)(caller, params, results));
        Ok(DynamicCall { future, result: Ok(()), list })
    }

    fn poll(call: &mut DynamicCall, context: &mut Context<'_>) -> Poll<()> {
        call.future.as_mut().poll(context).map(|result| call.result = result)
    }

    unsafe fn end(
        &self,
        call: DynamicCall,
        store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()> {
        let DynamicCall { future, result, list } = call;
        drop(future);
        result?;
        let ty = &self.ty.record().ty;
        // SAFETY: nothing else borrows the store or the list now.
        let (store, list) = unsafe { (&mut *store, list.0.as_ref()) };
        let results = list.iter().skip(ty.params().len());
        for (place, (result, wanted)) in results.zip(ty.results()).enumerate() {
            result
                .check(store, *wanted)
                .context("function attempted to return an incompatible value")?;
            // SAFETY: as the caller promises.
            unsafe { values.add(place).write(result.to_abi(store)) };
        }
        Ok(())
    }
}

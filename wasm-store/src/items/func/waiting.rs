//! Host functions that may wait: closures that return futures, and the shims that start them.
//!
//! The future of a call borrows the store through its [`Caller`], for as long as it exists. So it
//! is dropped before Wasm goes on, or before the call that waits for it is given up. If that call
//! is forgotten, the future is, too, and never uses the store again.

#![allow(unsafe_code)]

use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::host::HostFunc;
use super::into_func::WasmRet;
use super::list::WasmTyList;
use super::unwind::host_failure;
use crate::engine::Engine;
use crate::error::{Context as _, Error, Result};
use crate::gate::Gate;
use crate::items::{Func, Val};
use crate::store::{AsContextMut, Caller, StoreContextMut, StoreInner, StoreOpaque};
use crate::types::FuncType;
use crate::vm::{HostRecord, Pending, Started, Unwind, ValRaw, VmStore, boxed};
use crate::watch::call_hook;
use crate::watch::call_hook::{InArray, Open};

/// What a host function that may wait returns.
type Waits<'a, R> = Box<dyn Future<Output = R> + Send + 'a>;

/// The future of one call. It lives no longer than the call borrows the store.
pub(super) type Running<R> = Pin<Box<dyn Future<Output = R> + Send>>;

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
        Self::waiting::<T, Static<F, P, R>>(ty, Arc::new(Static { func, _types: PhantomData }))
    }

    /// A host function that may wait, made of what makes the futures of calls.
    pub(super) fn waiting<T: 'static, B: Body<T>>(ty: FuncType, body: Arc<B>) -> Self {
        Self::from_start_shims(ty, body, start::<T, B, false>, start::<T, B, true>)
    }
}

/// A closure that makes the futures of calls.
pub(super) trait Body<T: 'static>: Send + Sync + 'static {
    /// The future of one call.
    type Call: Send;

    /// Calls the closure.
    ///
    /// # Safety
    ///
    /// The array holds the parameters, which came from Wasm of the caller's store. The caller may
    /// be used until what is returned is dropped.
    unsafe fn begin(&self, caller: Caller<'static, T>, values: *const ValRaw)
    -> Result<Self::Call>;

    /// Polls the future. What is returned has not been checked.
    fn poll(call: &mut Self::Call, context: &mut Context<'_>) -> Poll<()>;

    /// Writes the results of the future, which is ready, and drops it before it uses the store.
    ///
    /// # Safety
    ///
    /// The array has room for the results.
    unsafe fn end(
        &self,
        call: Self::Call,
        store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()>;
}

/// A closure with static types.
struct Static<F, P, R> {
    func: F,
    _types: PhantomData<fn(P) -> R>,
}

/// The future of a call with static types, and what it returned.
struct StaticCall<R> {
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
        let store: &mut StoreOpaque = caller.store.0;
        // SAFETY: as the caller promises.
        let params = unsafe { P::read_raw(values.cast(), store) };
        store.vm.safepoint()?;
        Ok(StaticCall { future: Box::into_pin((self.func)(caller, params)), result: None })
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
pub(super) struct List<V>(pub(super) NonNull<[V]>);

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
            list.push(unsafe { Val::from_raw(caller.store.0, *values.add(place), *param) });
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
            unsafe { values.add(place).write(result.to_raw(store)) };
        }
        Ok(())
    }
}

/// A call of a host function that may wait.
struct Waiting<T: 'static, B: Body<T>, const HOOKED: bool> {
    record: *mut HostRecord,
    /// The handles that the function gets and makes end with it.
    scope: usize,
    /// The hooks that are to be notified of its end.
    open: Option<Open>,
    call: Option<B::Call>,
    _data: PhantomData<fn(T)>,
}

// SAFETY: the record belongs to the store that the call borrows; the call itself can be sent.
unsafe impl<T: 'static, B: Body<T>, const HOOKED: bool> Send for Waiting<T, B, HOOKED> {}

/// The shim that starts a function.
///
/// # Safety
///
/// The record is that of a function made with this shim, for data of type `T`; the array holds its
/// parameters and has room for its results.
unsafe fn start<T: 'static, B: Body<T>, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut ValRaw,
    context: &mut Context<'_>,
) -> Started {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    unsafe {
        let store = StoreInner::<T>::from_context((*record).store);
        let scope = store.vm.gc.handles.enter();
        let (open, call, _data) = (None, None, PhantomData);
        let mut waiting = Waiting::<T, B, HOOKED> { record, scope, open, call, _data };
        // A panic may leave the closure's own data inconsistent, as everywhere in Rust.
        let polled = catch_unwind(AssertUnwindSafe(|| match waiting.begin(values) {
            Ok(()) => waiting.step(context, values),
            Err(error) => Poll::Ready(Err(error)),
        }));
        match waiting.polled(polled, values) {
            Poll::Ready(succeeded) => Started::Ready(succeeded),
            Poll::Pending => Started::Pending(boxed((*record).store, waiting)),
        }
    }
}

impl<T: 'static, B: Body<T>, const HOOKED: bool> Waiting<T, B, HOOKED> {
    /// The store that the call borrows.
    ///
    /// # Safety
    ///
    /// Nothing else of the store is used while the reference is.
    unsafe fn store<'a>(&self) -> &'a mut StoreInner<T> {
        // SAFETY: as the caller promises; the record lives as long as its store.
        unsafe { StoreInner::from_context((*self.record).store) }
    }

    unsafe fn begin(&mut self, values: *mut ValRaw) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe {
            let store = self.store();
            let params = InArray(values);
            self.open = call_hook::open_host::<T, _, HOOKED>(store, self.record, &params)?;
            let caller = Caller::new(StoreContextMut(self.store()), self.record);
            let body = &*(*self.record).data.cast::<B>();
            self.call = Some(body.begin(caller, values)?);
            Ok(())
        }
    }

    /// Polls the future, and writes its results if it is ready.
    #[inline(always)]
    unsafe fn step(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<Result<()>> {
        if let Some(call) = &mut self.call
            && B::poll(call, context).is_pending()
        {
            return Poll::Pending;
        }
        let Some(call) = self.call.take() else { return Poll::Ready(Ok(())) };
        // SAFETY: as the caller promises.
        unsafe {
            let body = &*(*self.record).data.cast::<B>();
            let store: *mut StoreInner<T> = (*(*self.record).store).host_data.cast();
            Poll::Ready(body.end(call, store, values))
        }
    }

    /// What is left to do after a poll. Whether the function is over, and has not failed.
    #[inline(always)]
    unsafe fn polled(
        &mut self,
        polled: std::thread::Result<Poll<Result<()>>>,
        values: *mut ValRaw,
    ) -> Poll<bool> {
        // SAFETY: as the caller promises. A future that has panicked is not polled again, and is
        // dropped.
        unsafe {
            match polled {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(result)) => Poll::Ready(self.end(Ok(result), values)),
                Err(panic) => {
                    let call = self.call.take();
                    let _ = catch_unwind(AssertUnwindSafe(|| drop(call)));
                    Poll::Ready(self.end(Err(panic), values))
                }
            }
        }
    }

    /// What is left to do when the function is over: with its results in the array, or with what
    /// it has failed with.
    unsafe fn close(
        &mut self,
        outcome: std::thread::Result<Result<()>>,
        values: *mut ValRaw,
    ) -> std::result::Result<(), Unwind> {
        // SAFETY: as the caller promises; the future is dropped.
        unsafe {
            let outcome = match self.open.take() {
                None => outcome,
                Some(open) => catch_unwind(AssertUnwindSafe(|| {
                    let outcome = outcome.map(|result| result.map(|()| InArray(values)));
                    call_hook::close(self.store(), open, outcome).map(|_| ())
                })),
            };
            let store = self.store();
            store.vm.gc.handles.leave(self.scope);
            match outcome {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(host_failure(store, error)),
                Err(panic) => Err(Unwind::Panic(panic)),
            }
        }
    }

    /// As [`close`](Self::close), and stores the failure. Whether there was none.
    unsafe fn end(
        &mut self,
        outcome: std::thread::Result<Result<()>>,
        values: *mut ValRaw,
    ) -> bool {
        // SAFETY: as the caller promises.
        unsafe {
            match self.close(outcome, values) {
                Ok(()) => true,
                Err(failure) => {
                    VmStore::fail((*self.record).store, failure);
                    false
                }
            }
        }
    }
}

impl<T: 'static, B: Body<T>, const HOOKED: bool> Pending for Waiting<T, B, HOOKED> {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // SAFETY: as the caller promises.
        unsafe {
            // As in the shim.
            let polled = catch_unwind(AssertUnwindSafe(|| self.step(context, values)));
            self.polled(polled, values)
        }
    }

    fn is_reusable(&self) -> bool {
        true
    }

    fn reusable(&mut self, ty: TypeId) -> Option<NonNull<()>> {
        (ty == TypeId::of::<Self>()).then(|| NonNull::from(self).cast())
    }

    unsafe fn cancel(mut self: Box<Self>) -> std::thread::Result<()> {
        let call = self.call.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(call)));
        let reason = Err(Error::msg("the call was dropped while it waited for this function"));
        // SAFETY: as the caller promises. What hooks make of a call that is dropped anyway is of no
        // interest.
        let _ = unsafe { self.close(Ok(reason), std::ptr::null_mut()) };
        dropped
    }
}

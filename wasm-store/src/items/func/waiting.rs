//! Host functions that may wait: what makes the futures of their calls, and the shims that start
//! them. `closures` makes some of closures that return futures.
//!
//! The future of a call borrows the store through its [`Caller`], for as long as it exists. So it
//! is dropped before Wasm goes on, or before the call that waits for it is given up. If that call
//! is forgotten, the future is, too, and never uses the store again.

#![allow(unsafe_code)]

mod closures;

use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

pub(super) use self::closures::List;
use self::closures::Static;
use super::abi::RetAbi as _;
use super::host::HostFunc;
use super::into_func::WasmRet;
use super::list::WasmTyList;
use super::unwind::host_failure;
use crate::error::{Error, Result};
use crate::store::{Caller, StoreContextMut, StoreInner, StoreOpaque};
use crate::types::FuncType;
use crate::vm::{
    HostRecord, Pending, Started, Unwind, ValRaw, VmStore, boxed, context_of, leave_host,
    wait_in_registers,
};
use crate::watch::call_hook;
use crate::watch::call_hook::{InArray, Open};

/// What a host function that may wait returns.
pub(super) type Waits<'a, R> = Box<dyn Future<Output = R> + Send + 'a>;

/// The future of one call. It lives no longer than the call borrows the store.
pub(super) type Running<R> = Pin<Box<dyn Future<Output = R> + Send>>;

impl HostFunc {
    /// A host function that may wait, made of what makes the futures of calls.
    pub(super) fn waiting<T: 'static, B: Body<T>>(ty: FuncType, body: Arc<B>) -> Self {
        Self::waiting_as::<T, B, B>(ty, body)
    }

    /// As [`waiting`](Self::waiting), with shims whose data will be a `B`: they are not for use
    /// with `body`, but with what leads to it.
    pub(super) fn waiting_as<T, B, C>(ty: FuncType, body: Arc<C>) -> Self
    where
        T: 'static,
        B: Body<T>,
        C: Send + Sync + 'static,
    {
        Self::from_start_shims::<T, _>(ty, body, None, start::<T, B, false>, start::<T, B, true>)
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
    // SAFETY: as the caller promises.
    unsafe {
        start_with::<T, B, HOOKED>(record, values, context, |body, caller| {
            body.begin(caller, values)
        })
    }
}

/// The shim that starts a function with static types, with parameters that are taken from
/// registers. What it returns is of no meaning if the function waits.
///
/// # Safety
///
/// The record is that of a function made with a shim that only calls this, for data of type `T`.
#[inline(always)]
pub(super) unsafe fn start_in_registers<T, F, P, R>(
    record: *mut HostRecord,
    take: impl FnOnce(&mut StoreOpaque) -> P,
) -> R::Abi
where
    T: 'static,
    F: for<'a> Fn(Caller<'a, T>, P) -> Waits<'a, R> + Send + Sync + 'static,
    P: WasmTyList + 'static,
    R: WasmRet + 'static,
{
    // SAFETY: as the caller promises; there is one result at most. When Wasm is left because of a
    // failure, nothing here is to be dropped.
    unsafe {
        let store = (*record).store;
        let mut result = ValRaw::ZERO;
        let started = match context_of(store) {
            Some(context) => start_with::<T, Static<F, P, R>, false>(
                record,
                &raw mut result,
                context,
                |body, caller| body.begin_with(caller, take),
            ),
            None => Started::Failed,
        };
        match started {
            Started::Ready => {}
            Started::Failed => leave_host(store),
            Started::Pending(pending) => wait_in_registers(record, pending),
        }
        R::Abi::first_of(result.v128)
    }
}

/// Starts a function: begins a call of it, and polls it.
///
/// # Safety
///
/// As for [`start`]; but only what begins the call reads parameters, if some are in the array.
#[inline(always)]
unsafe fn start_with<T: 'static, B: Body<T>, const HOOKED: bool>(
    record: *mut HostRecord,
    values: *mut ValRaw,
    context: &mut Context<'_>,
    begin: impl FnOnce(&B, Caller<'static, T>) -> Result<B::Call>,
) -> Started {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    unsafe {
        let store = StoreInner::<T>::from_context((*record).store);
        let scope = store.vm.gc.handles.enter();
        let (open, call, _data) = (None, None, PhantomData);
        let mut waiting = Waiting::<T, B, HOOKED> { record, scope, open, call, _data };
        // A panic may leave the closure's own data inconsistent, as everywhere in Rust.
        let polled = catch_unwind(AssertUnwindSafe(|| match waiting.begin(values, begin) {
            Ok(()) => waiting.step(context, values),
            Err(error) => Poll::Ready(Err(error)),
        }));
        match waiting.polled(polled, values) {
            Poll::Ready(succeeded) => Started::over(succeeded),
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

    #[inline(always)]
    unsafe fn begin(
        &mut self,
        values: *mut ValRaw,
        begin: impl FnOnce(&B, Caller<'static, T>) -> Result<B::Call>,
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe {
            let store = self.store();
            let params = InArray(values);
            self.open = call_hook::open_host::<T, _, HOOKED>(store, self.record, &params)?;
            let caller = Caller::new(StoreContextMut(self.store()), self.record);
            let body = &*(*self.record).data.cast::<B>();
            self.call = Some(begin(body, caller)?);
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
                Ok(Poll::Ready(Ok(()))) if self.open.is_none() => {
                    self.store().vm.gc.handles.leave(self.scope);
                    Poll::Ready(true)
                }
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

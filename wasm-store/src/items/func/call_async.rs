//! Calls that may wait, as futures.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use super::list::{WasmParams, WasmResults};
use super::start::Start;
use super::typed::TypedFunc;
use super::{Func, INLINE_VALUES, check_arguments, into_error};
use crate::error::{Error, Result};
use crate::items::Val;
use crate::store::{AsContextMut, StoreContextMut, StoreInner};
use crate::vm::{FuncRef, Unwind, ValRaw, WaitingCall};
use crate::watch::call_hook;
use crate::watch::call_hook::{Around, CallValues, Listed, Open, Typed};

impl Func {
    /// Calls the function, and waits for the host functions that it calls and that are not ready:
    /// those of [`Func::wrap_async`] and the like. Wasm runs while the future is polled, and is
    /// left while a host function waits. It may be polled by any thread, and be sent to another one
    /// between two polls, if the store's data can.
    ///
    /// A future that is dropped before it is ready ends the call as a trap would: what it waits for
    /// is dropped, and the store can be used as before. The instances keep the state that they had.
    /// A future that is leaked has the same effect, but for what it waits for, which is leaked,
    /// too.
    ///
    /// Where nothing has to wait, the first poll does all of the call. Code that runs for long has
    /// its thread for as long; see [`Config::epoch_interruption`](crate::Config) for what can be
    /// done about it. The time of [`Store::set_timeout`](crate::Store::set_timeout) goes on while
    /// the call waits; that of [`Store::set_cpu_timeout`](crate::Store::set_cpu_timeout) is the
    /// time of the thread that has polled the call first. Both, as deadlines and requests to
    /// interrupt, end waits for places in shared memories (`memory.atomic.wait32`), and those of
    /// host functions that use a [`Waiter`](crate::Waiter). Other futures are not woken by them:
    /// they take effect when Wasm goes on.
    ///
    /// # Errors
    ///
    /// As for [`Func::call`].
    ///
    /// # Panics
    ///
    /// As for [`Func::call`]: when the future is polled.
    pub async fn call_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        params: &[Val],
        results: &mut [Val],
    ) -> Result<()> {
        let store = store.as_context_mut().0;
        self.store.assert_is(store.id());
        let ty = self.record(store);
        check_arguments(store, ty, params, results)?;
        let mut running = Running::new(store, self.func, &Listed(params))?;
        let mut values = Values::new(params.len().max(results.len()));
        let values = values.as_mut_slice();
        running.pass(values.as_mut_ptr(), |store, values| {
            check_arguments(store, ty, params, results)?;
            for (place, value) in params.iter().enumerate() {
                // SAFETY: the array has room for all parameters.
                unsafe { values.add(place).write(value.to_abi(store)) };
            }
            Ok(())
        })?;
        let ended = (&mut running).await;
        let open = running.over();
        let results = ended.map(|()| {
            for ((result, ty), value) in results.iter_mut().zip(ty.ty.results()).zip(values) {
                // SAFETY: the call has written its results, each of its type.
                *result = unsafe { Val::from_abi(store, *value, *ty) };
            }
            Listed(results)
        });
        close(store, open, results).map(|_| ())
    }
}

impl Start {
    /// Calls the function, and waits for what it waits for.
    pub(crate) async fn call_async<T: Send + 'static>(
        self,
        store: &mut StoreContextMut<'_, T>,
    ) -> Result<()> {
        let mut running = Running::new(store.0, self.func.func, &Listed(&[]))?;
        if let Some(record) = self.import {
            // SAFETY: it is that of an import that is bound to the function.
            unsafe { running.call.by_import(record) };
        }
        let mut nothing = [ValRaw::ZERO];
        running.pass(nothing.as_mut_ptr(), |_, _| Ok(()))?;
        let ended = (&mut running).await;
        let open = running.over();
        close(store.0, open, ended.map(|()| Listed(&[]))).map(|_| ())
    }
}

impl<Params, Results> TypedFunc<Params, Results>
where
    Params: WasmParams,
    Results: WasmResults,
{
    /// Calls the function, and waits for the host functions that it calls and that are not ready:
    /// see [`Func::call_async`].
    ///
    /// # Errors
    ///
    /// As for [`TypedFunc::call`].
    ///
    /// # Panics
    ///
    /// As for [`TypedFunc::call`]: when the future is polled.
    pub async fn call_async(
        &self,
        mut store: impl AsContextMut<Data: Send>,
        params: Params,
    ) -> Result<Results>
    where
        Params: Sync,
        Results: Sync,
    {
        let store = store.as_context_mut().0;
        self.check(store, &params)?;
        let params = Typed(params);
        let mut running = Running::new(store, self.func().func, &params)?;
        let mut values = MaybeUninit::<Room<Params, Results>>::uninit();
        running.pass(values.as_mut_ptr().cast(), |store, values| {
            self.check(store, &params.0)?;
            let abis = params.0.to_abis(store);
            // SAFETY: there is room for them.
            unsafe { Params::write_raw(abis, values.cast()) };
            Ok(())
        })?;
        let ended = (&mut running).await;
        let open = running.over();
        // SAFETY: the call has written its results, each of its type.
        let results =
            ended.map(|()| Typed(unsafe { Results::read_raw(values.as_ptr().cast(), store) }));
        close(store, open, results).map(|Typed(results)| results)
    }
}

/// An array with room for the parameters or the results of a call: a future is moved before it is
/// polled, so it should not be larger than it must.
#[repr(C)]
union Room<Params: WasmParams, Results: WasmParams> {
    params: Params::Room,
    results: Results::Room,
}

/// Notifies hooks that a call is over, if they were notified of it.
#[inline(always)]
pub(super) fn close<T: 'static, R: CallValues>(
    store: &mut StoreInner<T>,
    open: Option<Open>,
    results: Result<R>,
) -> Result<R> {
    match open {
        None => results,
        Some(open) => call_hook::close(store, open, Ok(results)),
    }
}

/// The arguments and results of a call.
pub(super) struct Values {
    inline: [ValRaw; INLINE_VALUES],
    /// In their place, if they are more.
    heap: Vec<ValRaw>,
}

impl Values {
    pub(super) fn new(len: usize) -> Self {
        let heap = if len <= INLINE_VALUES { Vec::new() } else { vec![ValRaw::ZERO; len] };
        Self { inline: [ValRaw::ZERO; INLINE_VALUES], heap }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [ValRaw] {
        if self.heap.is_empty() { &mut self.inline } else { &mut self.heap }
    }
}

/// A call that borrows its store. If it is dropped before it is over, it is given up.
///
/// It holds no reference to the store, since what it waits for has one while it exists.
pub(super) struct Running<'a, T: 'static> {
    call: WaitingCall,
    store: NonNull<StoreInner<T>>,
    values: *mut ValRaw,
    open: Option<Open>,
    /// The hook that may wait, if the store has one.
    hook: Around<'a, T>,
    _borrow: PhantomData<&'a mut StoreInner<T>>,
}

// SAFETY: the pointers stand for exclusive borrows: of the store, which can be sent if its data
// can, and of values that its caller has.
unsafe impl<T: Send + 'static> Send for Running<'_, T> {}

impl<'a, T: 'static> Running<'a, T> {
    /// A call of a function of the store. Hooks are notified of it.
    // Always part of its caller, as the others here: the value is large, and would be copied.
    #[inline(always)]
    pub(super) fn new(
        store: &'a mut StoreInner<T>,
        func: NonNull<FuncRef>,
        params: &impl CallValues,
    ) -> Result<Self> {
        let open = call_hook::open_wasm(store, func, params)?;
        let call = WaitingCall::new(store.vm.context(), func);
        let (store, values) = (NonNull::from(store), std::ptr::null_mut());
        let (hook, _borrow) = (Around::default(), PhantomData);
        Ok(Self { call, store, values, open, hook, _borrow })
    }

    /// Sets the arguments. They are used by the first poll, which follows at once, so that nothing
    /// is collected in between. The values are used until the call is over.
    #[inline(always)]
    pub(super) fn pass(
        &mut self,
        values: *mut ValRaw,
        fill: impl FnOnce(&mut StoreInner<T>, *mut ValRaw) -> Result<()>,
    ) -> Result<()> {
        // SAFETY: the store is borrowed, and the call has not begun.
        let store = unsafe { self.store.as_mut() };
        store.vm.safepoint()?;
        fill(store, values)?;
        self.values = values;
        Ok(())
    }

    /// Ends the borrow of the store when the call is over, and returns the hooks that are still to
    /// be notified of that.
    #[inline(always)]
    pub(super) fn over(mut self) -> Option<Open> {
        self.open.take()
    }
}

impl<T: 'static> Future for Running<'_, T> {
    type Output = Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let Self { call, store, values, hook, .. } = &mut *self;
        let (store, values) = (*store, *values);
        let mut poll = |context: &mut Context<'_>| {
            // SAFETY: the store is borrowed for the call, whose function is one of it. The values
            // are those of the future that this one is a part of, which is pinned; they fit the
            // function's type. Shims find the store by the address that is written here.
            unsafe {
                (*call.store()).host_data = store.as_ptr().cast();
                call.poll(context, values).map(|outcome| {
                    outcome.map_err(|unwind| into_error(&mut *store.as_ptr(), unwind))
                })
            }
        };
        // SAFETY: as above.
        if unsafe { call_hook::waits(store) } {
            // SAFETY: as above; the call does not use the store between two polls.
            return unsafe { hook.poll(store, context, &mut poll) };
        }
        poll(context)
    }
}

impl<T: 'static> Drop for Running<'_, T> {
    #[inline]
    fn drop(&mut self) {
        let unhooked = self.hook.give_up();
        // SAFETY: the store is borrowed as long as this exists.
        let cancelled = unsafe { self.call.cancel() };
        if cancelled.is_none() && self.open.is_none() && unhooked.is_ok() {
            return;
        }
        // SAFETY: as above; what borrowed the store from the call is dropped.
        let store = unsafe { self.store.as_mut() };
        if cancelled.is_some() {
            let dropped = Unwind::Error(Error::msg("the call was dropped while it waited"));
            // Hooks are notified of the functions that this ends. What they make of it is of no
            // interest any more.
            let _ = catch_unwind(AssertUnwindSafe(|| into_error(store, Box::new(dropped))));
        }
        if let Some(open) = self.open.take() {
            call_hook::abandon(store, open, std::thread::panicking());
        }
        // A destructor has panicked. If it did so because of another panic, that one goes on.
        if let Err(panic) = cancelled.unwrap_or(unhooked)
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

//! Host functions that take words in place of values and may wait.

#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::host::HostFunc;
use super::super::waiting::{Body, List, Running};
use super::in_context::InContext;
use super::{NumericDef, bits, check_numbers};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::Func;
use crate::store::{AsContextMut, Caller, StoreInner};
use crate::types::FuncType;
use crate::vm::ValRaw;

impl Func {
    /// A host function that may wait and takes words in place of values: as [`Func::new_numeric`],
    /// but the closure returns a future. Wasm goes on when the future is ready.
    ///
    /// From now on the store's functions are called with [`call_async`](Func::call_async): all
    /// other calls are errors.
    ///
    /// # Errors
    ///
    /// As for [`Func::new_numeric`].
    pub fn new_numeric_async<T, F>(
        mut store: impl AsContextMut<Data = T>,
        ty: FuncType,
        func: F,
    ) -> Result<Func>
    where
        T: Send + 'static,
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a mut [u64],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let store = store.as_context_mut();
        store.0.admit(&ty)?;
        check_numbers(&ty)?;
        let host = HostFunc::waiting::<T, Numeric<F>>(ty.clone(), Arc::new(Numeric { ty, func }));
        // SAFETY: the function was made for data of the store's type.
        Ok(unsafe { host.to_func(store.0) })
    }
}

impl<T: Send + 'static, C: Send + Sync + 'static> NumericDef<T, C> {
    /// A function of that type that may wait: as [`new`](Self::new), but the closure returns a
    /// future. Stores in which it is bound are called with
    /// [`call_async`](crate::Func::call_async).
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn new_async<F>(ty: FuncType, func: F) -> Result<Self>
    where
        F: for<'a> Fn(
                Caller<'a, T>,
                &'a C,
                &'a mut [u64],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        check_numbers(&ty)?;
        let body = Arc::new(Numeric { ty: ty.clone(), func });
        let func = HostFunc::waiting_as::<T, InContext<Numeric<F>, C>, _>(ty, body);
        Ok(Self { func, _types: PhantomData })
    }
}

/// A closure that takes words, with its type.
struct Numeric<F> {
    ty: FuncType,
    func: F,
}

/// The future of a call with words, and the words that it borrows.
struct NumericCall {
    /// First, so that it is dropped before what it borrows.
    future: Running<Result<()>>,
    result: Result<()>,
    slots: List<u64>,
}

impl<T, F> Body<T> for Numeric<F>
where
    T: 'static,
    F: for<'a> Fn(Caller<'a, T>, &'a mut [u64]) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
        + Send
        + Sync
        + 'static,
{
    type Call = NumericCall;

    unsafe fn begin(
        &self,
        caller: Caller<'static, T>,
        values: *const ValRaw,
    ) -> Result<NumericCall> {
        // SAFETY: as the caller promises.
        unsafe { begin(&self.ty, caller, values, |caller, slots| (self.func)(caller, slots)) }
    }

    fn poll(call: &mut NumericCall, context: &mut Context<'_>) -> Poll<()> {
        poll(call, context)
    }

    unsafe fn end(
        &self,
        call: NumericCall,
        _store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { end(&self.ty, call, values) }
    }
}

impl<T, C, F> Body<T> for InContext<Numeric<F>, C>
where
    T: 'static,
    C: Send + Sync + 'static,
    F: for<'a> Fn(
            Caller<'a, T>,
            &'a C,
            &'a mut [u64],
        ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
        + Send
        + Sync
        + 'static,
{
    type Call = NumericCall;

    unsafe fn begin(
        &self,
        caller: Caller<'static, T>,
        values: *const ValRaw,
    ) -> Result<NumericCall> {
        let body = self.body();
        // SAFETY: the store keeps the context, and the future is dropped before it, as it is before
        // whatever else of the store it borrows. The rest is as the caller promises.
        unsafe {
            let context = &*std::ptr::from_ref(self.context());
            begin(&body.ty, caller, values, |caller, slots| (body.func)(caller, context, slots))
        }
    }

    fn poll(call: &mut NumericCall, context: &mut Context<'_>) -> Poll<()> {
        poll(call, context)
    }

    unsafe fn end(
        &self,
        call: NumericCall,
        _store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()> {
        // SAFETY: as the caller promises.
        unsafe { end(&self.body().ty, call, values) }
    }
}

/// Begins a call of a closure.
///
/// # Safety
///
/// As for [`Body::begin`], of a function of that type.
unsafe fn begin<T: 'static>(
    ty: &FuncType,
    caller: Caller<'static, T>,
    values: *const ValRaw,
    call: impl FnOnce(
        Caller<'static, T>,
        &'static mut [u64],
    ) -> Box<dyn Future<Output = Result<()>> + Send + 'static>,
) -> Result<NumericCall> {
    let ty = &ty.record().ty;
    let mut slots = vec![0; ty.params().len().max(ty.results().len())];
    for (place, (word, ty)) in slots.iter_mut().zip(ty.params()).enumerate() {
        // SAFETY: the array holds all parameters, as the caller promises.
        *word = unsafe { (*values.add(place)).u64 } & bits(*ty);
    }
    caller.store.0.vm.safepoint()?;
    let slots = List(NonNull::from(Box::leak(slots.into_boxed_slice())));
    // SAFETY: the words live until the future is dropped, and nothing else uses them before.
    let future = Box::into_pin(call(caller, unsafe { &mut *slots.0.as_ptr() }));
    Ok(NumericCall { future, result: Ok(()), slots })
}

fn poll(call: &mut NumericCall, context: &mut Context<'_>) -> Poll<()> {
    call.future.as_mut().poll(context).map(|result| call.result = result)
}

/// Ends a call.
///
/// # Safety
///
/// As for [`Body::end`], of a function of that type.
unsafe fn end(ty: &FuncType, call: NumericCall, values: *mut ValRaw) -> Result<()> {
    let NumericCall { future, result, slots } = call;
    drop(future);
    result?;
    // SAFETY: nothing else borrows the words now.
    let words = unsafe { slots.0.as_ref() };
    for (place, word) in words.iter().take(ty.record().ty.results().len()).enumerate() {
        // SAFETY: the array has room for all results, as the caller promises.
        unsafe { values.add(place).write(ValRaw::from_u64(*word)) };
    }
    Ok(())
}

//! Host functions that take words in place of values and may wait.

#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::super::host::HostFunc;
use super::super::waiting::{Body, List, Running};
use super::{bits, check_type};
use crate::error::Result;
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
        check_type(store.0, &ty)?;
        let host = HostFunc::waiting::<T, Numeric<F>>(ty.clone(), Arc::new(Numeric { ty, func }));
        // SAFETY: the function was made for data of the store's type.
        Ok(unsafe { host.to_func(store.0) })
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
        let ty = &self.ty.record().ty;
        let mut slots = vec![0; ty.params().len().max(ty.results().len())];
        for (place, (word, ty)) in slots.iter_mut().zip(ty.params()).enumerate() {
            // SAFETY: the array holds all parameters, as the caller promises.
            *word = unsafe { (*values.add(place)).u64 } & bits(*ty);
        }
        caller.store.0.vm.safepoint()?;
        let slots = List(NonNull::from(Box::leak(slots.into_boxed_slice())));
        // SAFETY: the words live until the future is dropped, and nothing else uses them before.
        let future = Box::into_pin((self.func)(caller, unsafe { &mut *slots.0.as_ptr() }));
        Ok(NumericCall { future, result: Ok(()), slots })
    }

    fn poll(call: &mut NumericCall, context: &mut Context<'_>) -> Poll<()> {
        call.future.as_mut().poll(context).map(|result| call.result = result)
    }

    unsafe fn end(
        &self,
        call: NumericCall,
        _store: *mut StoreInner<T>,
        values: *mut ValRaw,
    ) -> Result<()> {
        let NumericCall { future, result, slots } = call;
        drop(future);
        result?;
        // SAFETY: nothing else borrows the words now.
        let words = unsafe { slots.0.as_ref() };
        for (place, word) in words.iter().take(self.ty.record().ty.results().len()).enumerate() {
            // SAFETY: the array has room for all results, as the caller promises.
            unsafe { values.add(place).write(ValRaw::from_u64(*word)) };
        }
        Ok(())
    }
}

//! `wasmtime/async.h`: calls that may wait.
//!
//! A future is polled by the embedder, without anything that would wake it: it is polled again.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::pin::Pin;
use std::task::{Context as Polling, Poll, Waker};

use wasm_runtime::{Caller, Instance, Result, RootScope, Val};

use crate::border::{self, Finalizer, Foreign, Out, abort, guarded};
use crate::error::{CError, Failure, call_failure, failure};
use crate::func::CCaller;
use crate::handles::{FuncHandle, InstanceHandle};
use crate::instance::CInstancePre;
use crate::linker::{CLinker, names};
use crate::module::CModule;
use crate::object::Object;
use crate::store::{ContextMut, StoreData};
use crate::types::CExternType;
use crate::val::CVal;

/// What a call does while it is polled.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// `wasmtime_call_future_t`.
pub(crate) enum CallFuture<'a> {
    Waiting(Running<'a>, FailureOut<'a>),
    Polled,
    Done,
}

impl<'a> CallFuture<'a> {
    pub(crate) fn new(
        future: impl Future<Output = Result<()>> + 'a,
        failed: FailureOut<'a>,
    ) -> Box<Self> {
        Box::new(Self::Waiting(Box::pin(future), failed))
    }
}

/// Whether it is done, which it stays. A panic in it is an error, as in other calls.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_call_future_poll(future: &mut CallFuture<'_>) -> bool {
    // It is not in its place while it is polled, since it calls the embedder.
    let (mut running, failed) = match std::mem::replace(future, CallFuture::Polled) {
        CallFuture::Waiting(running, failed) => (running, failed),
        CallFuture::Polled => abort("wasmtime_call_future_poll", "it is polled by what it polls"),
        CallFuture::Done => {
            *future = CallFuture::Done;
            return true;
        }
    };
    let polled = guarded(|| {
        let mut polling = Polling::from_waker(Waker::noop());
        match running.as_mut().poll(&mut polling) {
            Poll::Ready(result) => result.map(|()| true),
            Poll::Pending => Ok(false),
        }
    });
    if let Ok(false) = polled {
        *future = CallFuture::Waiting(running, failed);
        return false;
    }
    *future = CallFuture::Done;
    if let Err(error) = polled {
        failed.write(error);
    }
    true
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_call_future_delete(future: Option<Box<CallFuture<'_>>>) {
    drop(future);
}

/// Where a call leaves why it failed.
pub(crate) struct FailureOut<'a> {
    /// `None` if traps are errors as others.
    pub(crate) trap: Option<Out<'a, Option<Box<Object>>>>,
    pub(crate) error: Out<'a, Failure>,
}

impl FailureOut<'_> {
    fn write(self, error: wasm_runtime::Error) {
        let error = match self.trap {
            Some(trap) => call_failure(error, trap),
            None => Some(Box::new(CError(error))),
        };
        if error.is_some() {
            self.error.write(error);
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_func_call_async<'a>(
    mut store: ContextMut<'a>,
    func: &FuncHandle,
    params: *const CVal,
    param_count: usize,
    results: *mut CVal,
    result_count: usize,
    trap: Out<'a, Option<Box<Object>>>,
    error: Out<'a, Failure>,
) -> Box<CallFuture<'a>> {
    let func = func.expect("wasmtime_func_call_async");
    // SAFETY: the header asks for so many values, until the future is done.
    let params = unsafe { border::slice(params, param_count) };
    let future = async move {
        let mut scope = RootScope::new(&mut store);
        let params: Vec<Val> = params.iter().map(|param| param.to_val(&mut scope)).collect();
        let mut values = vec![Val::null_func_ref(); result_count];
        func.call_async(&mut scope, &params, &mut values).await?;
        for (index, value) in values.iter().enumerate() {
            let value = CVal::new(&mut scope, *value)?;
            // SAFETY: the header asks for room for so many values, until the future is done.
            unsafe { results.add(index).write(value) };
        }
        Ok(())
    };
    CallFuture::new(future, FailureOut { trap: Some(trap), error })
}

/// The future of an instantiation.
fn instantiation<'a>(
    future: impl Future<Output = Result<Instance>> + 'a,
    out: Out<'a, InstanceHandle>,
    failed: FailureOut<'a>,
) -> Box<CallFuture<'a>> {
    let future = async move {
        out.write(future.await?.into());
        Ok(())
    };
    CallFuture::new(future, failed)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_linker_instantiate_async<'a>(
    linker: &'a CLinker,
    store: ContextMut<'a>,
    module: &'a CModule,
    out: Out<'a, InstanceHandle>,
    trap: Out<'a, Option<Box<Object>>>,
    error: Out<'a, Failure>,
) -> Box<CallFuture<'a>> {
    let future = linker.linker.instantiate_async(store, &module.module);
    instantiation(future, out, FailureOut { trap: Some(trap), error })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_instance_pre_instantiate_async<'a>(
    pre: &'a CInstancePre,
    store: ContextMut<'a>,
    out: Out<'a, InstanceHandle>,
    trap: Out<'a, Option<Box<Object>>>,
    error: Out<'a, Failure>,
) -> Box<CallFuture<'a>> {
    instantiation(pre.0.instantiate_async(store), out, FailureOut { trap: Some(trap), error })
}

/// An interval of 0 is none.
#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_fuel_async_yield_interval(
    mut store: ContextMut<'_>,
    interval: u64,
) -> Failure {
    let interval = (interval != 0).then_some(interval);
    failure(store.fuel_async_yield_interval(interval), |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_context_epoch_deadline_async_yield_and_update(
    mut store: ContextMut<'_>,
    delta: u64,
) -> Failure {
    // Code that can only be ended is a panic there.
    let set = guarded(|| {
        store.epoch_deadline_async_yield_and_update(delta);
        Ok(())
    });
    failure(set, |()| ())
}

/// `wasmtime_async_continuation_t`: what a host function that waits is polled by.
#[repr(C)]
pub(crate) struct Continuation {
    callback: Option<extern "C" fn(*mut c_void) -> bool>,
    env: *mut c_void,
    finalizer: Finalizer,
}

// SAFETY: the header says that a future is polled by one thread at a time, whichever.
unsafe impl Send for Continuation {}

impl Continuation {
    /// What there is before a host function has written one: it is done at once.
    pub(crate) const DONE: Self =
        Self { callback: None, env: std::ptr::null_mut(), finalizer: None };
}

impl Future for Continuation {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Polling<'_>) -> Poll<()> {
        match self.callback {
            Some(callback) if !callback(self.env) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }
}

impl Drop for Continuation {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            finalizer(self.env);
        }
    }
}

/// `wasmtime_func_async_callback_t`.
type AsyncCallback = extern "C" fn(
    *mut c_void,
    &mut CCaller<'_>,
    *const CVal,
    usize,
    *mut CVal,
    usize,
    Out<'_, Option<Box<Object>>>,
    Out<'_, Continuation>,
);

/// The values of a call, which stay where they are while it waits.
struct Values(Vec<CVal>);

// SAFETY: as for `Continuation`.
unsafe impl Send for Values {}

impl Drop for Values {
    fn drop(&mut self) {
        // Results are given away, and parameters were lent.
        self.0.iter_mut().for_each(CVal::unroot);
    }
}

/// Calls a host function of C, and waits until its continuation is done.
async fn call_host<'a>(
    callback: AsyncCallback,
    data: Data,
    caller: Caller<'a, StoreData>,
    params: &'a [Val],
    results: &'a mut [Val],
) -> Result<()> {
    let mut caller = Box::new(CCaller { caller });
    let mut values = Values(Vec::with_capacity(params.len() + results.len()));
    for param in params {
        values.0.push(CVal::new(&mut caller.caller, *param)?);
    }
    values.0.resize(params.len() + results.len(), CVal::ZERO);
    let continuation = {
        let (c_params, c_results) = values.0.split_at_mut(params.len());
        let mut trap = std::mem::MaybeUninit::new(None);
        let mut continuation = std::mem::MaybeUninit::new(Continuation::DONE);
        callback(
            data.0,
            &mut caller,
            c_params.as_ptr(),
            c_params.len(),
            c_results.as_mut_ptr(),
            c_results.len(),
            &mut trap,
            &mut continuation,
        );
        // SAFETY: both were initialised above.
        let (trap, continuation) = unsafe { (trap.assume_init(), continuation.assume_init()) };
        if let Some(trap) = trap {
            return Err(trap.into_error());
        }
        continuation
    };
    continuation.await;
    for (result, value) in results.iter_mut().zip(&values.0[params.len()..]) {
        value.check()?;
        *result = value.to_val(&mut caller.caller);
    }
    Ok(())
}

/// The data of a host function.
struct Data(*mut c_void);

// SAFETY: as for `Foreign`.
unsafe impl Send for Data {}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_define_async_func(
    linker: &mut CLinker,
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
    ty: &CExternType,
    callback: AsyncCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    let ty = ty.func_type(linker.linker.engine());
    // SAFETY: the header asks for so many bytes each.
    let names = unsafe { names(module, module_len, name, name_len) };
    let defined = names.and_then(|(module, name)| {
        linker.linker.func_new_async(module, name, ty, move |caller, params, results| {
            // All of it, so that it is freed with the function.
            let foreign = &foreign;
            Box::new(call_host(callback, Data(foreign.data), caller, params, results))
        })
    });
    failure(defined.map(|_| ()), |()| ())
}

//! `wasmtime/component/{func,linker}.h`: calls that may wait.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;

use wasm_runtime::Result;
use wasm_runtime::component::{Val, types};
use wasm_runtime::wasi;

use super::compiled::CComponent;
use super::handles::InstanceHandle;
use super::linker::{CLinkerInstance, ComponentLinker};
use super::val::ComponentVal;
use crate::asynchronous::{CallFuture, Continuation, FailureOut};
use crate::border::{self, Finalizer, Foreign, Out};
use crate::error::{Failure, failure};
use crate::handles::Handle;
use crate::store::ContextMut;

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_func_call_async<'a>(
    func: &Handle,
    store: ContextMut<'a>,
    params: *const ComponentVal,
    param_count: usize,
    results: *mut ComponentVal,
    result_count: usize,
    error: Out<'a, Failure>,
) -> Box<CallFuture<'a>> {
    let func = store.data().component_func(func);
    // SAFETY: the header asks for so many values, until the future is done.
    let params = unsafe { border::slice(params, param_count) };
    let future = async move {
        let params: Result<Vec<Val>> = params.iter().map(ComponentVal::to_val).collect();
        let mut values = vec![Val::Bool(false); result_count];
        func.call_async(store, &params?, &mut values).await?;
        for (index, value) in values.into_iter().enumerate() {
            // SAFETY: the header asks for room for so many values, until the future is done.
            unsafe { results.add(index).write(value.into()) };
        }
        Ok(())
    };
    CallFuture::new(future, FailureOut { trap: None, error })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_instantiate_async<'a>(
    linker: &'a ComponentLinker,
    mut store: ContextMut<'a>,
    component: &'a CComponent,
    out: Out<'a, InstanceHandle>,
    error: Out<'a, Failure>,
) -> Box<CallFuture<'a>> {
    let future = async move {
        let instance = linker.0.instantiate_async(&mut store, &component.0).await?;
        out.write(store.data_mut().new_component_instance(instance));
        Ok(())
    };
    CallFuture::new(future, FailureOut { trap: None, error })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_component_linker_add_wasip2_async(linker: &mut ComponentLinker) -> Failure {
    failure(wasi::p2::add_to_linker_async(&mut linker.0), |_| ())
}

/// `wasmtime_component_func_async_callback_t`.
type AsyncCallback = extern "C" fn(
    *mut c_void,
    ContextMut<'_>,
    &types::ComponentFunc,
    *mut ComponentVal,
    usize,
    *mut ComponentVal,
    usize,
    Out<'_, Failure>,
    Out<'_, Continuation>,
);

/// What a host function that waits was given, which stays where it is until it is done.
struct Waiting {
    /// First, since whoever drops it half-way may still write results.
    continuation: Continuation,
    results: Vec<ComponentVal>,
    _params: Vec<ComponentVal>,
    _ty: Box<types::ComponentFunc>,
}

// SAFETY: the header says that a future, and what its functions were given, is used by one thread
// at a time, whichever.
unsafe impl Send for Waiting {}

/// Calls a host function of C, which may go on later.
fn begin(
    callback: AsyncCallback,
    data: *mut c_void,
    store: ContextMut<'_>,
    ty: types::ComponentFunc,
    params: &[Val],
    result_count: usize,
) -> Result<Waiting> {
    let ty = Box::new(ty);
    let mut params: Vec<ComponentVal> = params.iter().cloned().map(ComponentVal::from).collect();
    let mut results = vec![ComponentVal::NOTHING; result_count];
    let mut error = MaybeUninit::new(None);
    let mut continuation = MaybeUninit::new(Continuation::DONE);
    callback(
        data,
        store,
        &ty,
        params.as_mut_ptr(),
        params.len(),
        results.as_mut_ptr(),
        results.len(),
        &mut error,
        &mut continuation,
    );
    // SAFETY: both were initialised above.
    let (error, continuation) = unsafe { (error.assume_init(), continuation.assume_init()) };
    match error {
        Some(error) => Err(error.0),
        None => Ok(Waiting { continuation, results, _params: params, _ty: ty }),
    }
}

/// Waits until a host function is done.
async fn finish(begun: Result<Waiting>, results: &mut [Val]) -> Result<()> {
    let mut waiting = begun?;
    std::pin::Pin::new(&mut waiting.continuation).await;
    for (result, value) in results.iter_mut().zip(&waiting.results) {
        *result = value.to_val()?;
    }
    Ok(())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_component_linker_instance_add_func_async(
    instance: &mut CLinkerInstance<'_>,
    name: *const u8,
    len: usize,
    callback: AsyncCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    // SAFETY: the header asks for so many bytes.
    let name = unsafe { border::text(name, len) };
    let added = name.and_then(|name| {
        instance.0.func_new_async(name, move |store, ty, params, results| {
            // All of it, so that it is freed with the function.
            let foreign = &foreign;
            let begun = begin(callback, foreign.data, store, ty, params, results.len());
            Box::new(finish(begun, results))
        })
    });
    failure(added, |()| ())
}

//! `wasmtime/func.h`: functions, of Wasm and of the embedder.

#![allow(unsafe_code)]

pub(crate) mod numbers;

use std::ffi::c_void;

use wasm_runtime::{
    AsContextMut, Caller, Error, Func, FuncType, Result, RootScope, Val, format_err,
};

use crate::border::{self, Finalizer, Foreign, Out, guarded};
use crate::error::{Failure, call_failure};
use crate::external::CExtern;
use crate::handles::FuncHandle;
use crate::object::Object;
use crate::store::{Context, ContextMut, StoreData};
use crate::types::CExternType;
use crate::val::CVal;
use numbers::{Numbers, numeric_function};

/// `wasmtime_caller_t`.
pub(crate) struct CCaller<'a> {
    pub(crate) caller: Caller<'a, StoreData>,
}

/// `wasmtime_func_callback_t`.
pub(crate) type FuncCallback = extern "C" fn(
    *mut c_void,
    &mut CCaller<'_>,
    *const CVal,
    usize,
    *mut CVal,
    usize,
) -> Option<Box<Object>>;

/// A function of Rust that takes lists of values. It is behind a pointer, since each type of
/// closures has code of its own by which it is called: that is some KB, and not what makes such
/// calls slow.
pub(crate) type HostFunction =
    Box<dyn Fn(Caller<'_, StoreData>, &[Val], &mut [Val]) -> Result<()> + Send + Sync>;

/// A function of C as one of Rust. The data is freed with it.
pub(crate) fn host_function(callback: FuncCallback, foreign: Foreign) -> HostFunction {
    Box::new(move |mut caller, params, results| {
        // All of it, so that it is freed with the function.
        let foreign = &foreign;
        let mut values = std::mem::take(&mut caller.data_mut().host_values);
        for param in params {
            match CVal::new(&mut caller, *param) {
                Ok(param) => values.push(param),
                Err(error) => {
                    values.iter_mut().for_each(CVal::unroot);
                    return Err(error);
                }
            }
        }
        values.resize(params.len() + results.len(), CVal::ZERO);
        let (c_params, c_results) = values.split_at_mut(params.len());
        let mut caller = CCaller { caller };
        let trap = callback(
            foreign.data,
            &mut caller,
            c_params.as_ptr(),
            c_params.len(),
            c_results.as_mut_ptr(),
            c_results.len(),
        );
        let CCaller { mut caller } = caller;
        let known = c_results.iter().try_for_each(|value| value.check());
        if trap.is_none() && known.is_ok() {
            for (result, value) in results.iter_mut().zip(&*c_results) {
                *result = value.to_val(&mut caller);
            }
        }
        // Results are given away, and parameters were lent.
        values.iter_mut().for_each(CVal::unroot);
        values.clear();
        caller.data_mut().host_values = values;
        match trap {
            Some(trap) => Err(trap.into_error()),
            None => known,
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_func_new(
    store: ContextMut<'_>,
    ty: &CExternType,
    callback: FuncCallback,
    data: *mut c_void,
    finalizer: Finalizer,
    out: Out<'_, FuncHandle>,
) {
    let ty = ty.func_type(store.engine());
    let foreign = Foreign::new(data, finalizer);
    let func = match Numbers::new(&ty) {
        Some(numbers) => Func::new_numeric(store, ty, numeric_function(callback, foreign, numbers))
            .unwrap_or_else(|error| border::abort("wasmtime_func_new", error)),
        None => Func::new(store, ty, host_function(callback, foreign)),
    };
    out.write(func.into());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_func_type(store: Context<'_>, func: &FuncHandle) -> Box<CExternType> {
    Box::new(func.expect("wasmtime_func_type").ty(store).into())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_func_call(
    mut store: ContextMut<'_>,
    func: &FuncHandle,
    params: *const CVal,
    param_count: usize,
    results: *mut CVal,
    result_count: usize,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    let func = func.expect("wasmtime_func_call");
    // SAFETY: the header asks for so many values.
    let params = unsafe { border::slice(params, param_count) };
    // SAFETY: the header asks for room for so many values, which need not be initialised.
    let called = guarded(|| unsafe {
        if !numbers::call(&mut store, func, params, results, result_count)? {
            call(&mut store, func, params, results, result_count)?;
        }
        Ok(())
    });
    called.map_or_else(|error| call_failure(error, trap), |()| None)
}

/// Calls a function with values of any type.
///
/// # Safety
///
/// There is room for the results, which need not be initialised.
unsafe fn call(
    store: &mut ContextMut<'_>,
    func: Func,
    params: &[CVal],
    results: *mut CVal,
    result_count: usize,
) -> Result<()> {
    let mut scope = RootScope::new(store);
    let mut store = scope.as_context_mut();
    let mut values = std::mem::take(&mut store.data_mut().values);
    values.extend(params.iter().map(|param| param.to_val(&mut store)));
    values.resize(params.len() + result_count, Val::null_func_ref());
    let (rust_params, rust_results) = values.split_at_mut(params.len());
    let called = func.call(&mut store, rust_params, rust_results);
    let called =
        called.map_err(|error| match wrong_count(&func.ty(&store), params, result_count) {
            Some(wrong) => wrong,
            None => error,
        });
    let written = called.and_then(|()| {
        for (index, value) in rust_results.iter().enumerate() {
            let value = CVal::new(&mut store, *value)?;
            // SAFETY: as the caller promises.
            unsafe { results.add(index).write(value) };
        }
        Ok(())
    });
    values.clear();
    store.data_mut().values = values;
    written
}

/// Why a call can't be made with so many values, in words that embedders compare.
#[cold]
fn wrong_count(ty: &FuncType, params: &[CVal], result_count: usize) -> Option<Error> {
    let (wanted, given) = (ty.params().len(), params.len());
    if wanted != given {
        return Some(format_err!("expected {wanted} arguments, got {given}"));
    }
    let wanted = ty.results().len();
    (wanted != result_count).then(|| format_err!("expected {wanted} results, got {result_count}"))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_caller_export_get(
    caller: &mut CCaller<'_>,
    name: *const u8,
    len: usize,
    out: Out<'_, CExtern>,
) -> bool {
    // SAFETY: the header asks for so many bytes.
    let Ok(name) = (unsafe { border::text(name, len) }) else { return false };
    match caller.caller.get_export(name) {
        Some(item) => {
            out.write(CExtern::new(caller.caller.as_context_mut(), item));
            true
        }
        None => false,
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_caller_context<'a>(caller: &'a mut CCaller<'_>) -> ContextMut<'a> {
    caller.caller.as_context_mut()
}

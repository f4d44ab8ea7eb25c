//! `wasmtime/func.h`: functions, of Wasm and of the embedder.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::{AsContextMut, Caller, Func, FuncType, Result, RootScope, Val};

use crate::border::{self, Finalizer, Foreign, Out, guarded};
use crate::error::{Failure, call_failure};
use crate::external::CExtern;
use crate::handles::FuncHandle;
use crate::object::Object;
use crate::store::{Context, ContextMut, StoreData};
use crate::types::CExternType;
use crate::val::CVal;

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

/// A function of C as one of Rust. The data is freed with it.
pub(crate) fn host_function(
    callback: FuncCallback,
    foreign: Foreign,
) -> impl Fn(Caller<'_, StoreData>, &[Val], &mut [Val]) -> Result<()> + Send + Sync + 'static {
    move |mut caller, params, results| {
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
    }
}

/// The parameters and results of a function that has numbers only, and few of them.
struct Numbers {
    kinds: [u8; Self::MOST],
    params: usize,
    all: usize,
}

impl Numbers {
    const MOST: usize = 8;

    fn new(ty: &FuncType) -> Option<Self> {
        let (mut kinds, mut all) = ([0; Self::MOST], 0);
        for ty in ty.params().chain(ty.results()) {
            *kinds.get_mut(all)? = CVal::number_kind(&ty)?;
            all += 1;
        }
        Some(Self { kinds, params: ty.params().len(), all })
    }
}

/// As [`host_function`], for numbers: they are passed as they are.
fn numeric_function(
    callback: FuncCallback,
    foreign: Foreign,
    Numbers { kinds, params, all }: Numbers,
) -> impl Fn(Caller<'_, StoreData>, &mut [u64]) -> Result<()> + Send + Sync + 'static {
    move |caller, words| {
        // All of it, so that it is freed with the function.
        let foreign = &foreign;
        let mut values = [CVal::ZERO; Numbers::MOST];
        let (c_params, c_results) = values[..all].split_at_mut(params);
        for ((param, word), kind) in c_params.iter_mut().zip(&*words).zip(kinds) {
            *param = CVal::number(kind, *word);
        }
        let trap = callback(
            foreign.data,
            &mut CCaller { caller },
            c_params.as_ptr(),
            c_params.len(),
            c_results.as_mut_ptr(),
            c_results.len(),
        );
        let mut outcome = trap.map_or(Ok(()), |trap| Err(trap.into_error()));
        for ((word, result), kind) in words.iter_mut().zip(c_results).zip(&kinds[params..all]) {
            match (&outcome, result.word(*kind)) {
                (Ok(()), Ok(bits)) => *word = bits,
                (Ok(()), Err(error)) => outcome = Err(error),
                (Err(_), _) => {}
            }
            // What is no number was given away all the same.
            result.unroot();
        }
        outcome
    }
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
    let mut scope = RootScope::new(&mut store);
    let mut store = scope.as_context_mut();
    let mut values = std::mem::take(&mut store.data_mut().values);
    values.extend(params.iter().map(|param| param.to_val(&mut store)));
    values.resize(param_count + result_count, Val::null_func_ref());
    let (rust_params, rust_results) = values.split_at_mut(param_count);
    let mut called = guarded(|| func.call(&mut store, rust_params, rust_results));
    if called.is_ok() {
        for (index, value) in rust_results.iter().enumerate() {
            match CVal::new(&mut store, *value) {
                // SAFETY: the header asks for room for so many values, which need not be
                // initialised.
                Ok(value) => unsafe { results.add(index).write(value) },
                Err(error) => called = Err(error),
            }
        }
    }
    values.clear();
    store.data_mut().values = values;
    match called {
        Ok(()) => None,
        Err(error) => call_failure(error, trap),
    }
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

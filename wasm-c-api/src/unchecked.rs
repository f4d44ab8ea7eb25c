//! `wasmtime/func.h` and `wasmtime/linker.h`: functions called with values without types, which
//! check nothing.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::mem::MaybeUninit;

use wasm_runtime::{Caller, Func, Result, ValRaw};

use crate::border::{Finalizer, Foreign, Out, abort, guarded};
use crate::error::{Failure, call_result, failure};
use crate::func::CCaller;
use crate::func::numbers::Numbers;
use crate::handles::FuncHandle;
use crate::linker::{CLinker, names};
use crate::object::Object;
use crate::store::{ContextMut, StoreData};
use crate::types::CExternType;

/// `wasmtime_func_unchecked_callback_t`.
type UncheckedCallback = extern "C" fn(
    *mut c_void,
    &mut CCaller<'_>,
    *mut MaybeUninit<ValRaw>,
    usize,
) -> Option<Box<Object>>;

/// A function of C as one of Rust.
fn unchecked_function(
    callback: UncheckedCallback,
    foreign: Foreign,
) -> impl Fn(Caller<'_, StoreData>, &mut [MaybeUninit<ValRaw>]) -> Result<()> + Send + Sync + 'static
{
    move |caller, values| {
        // All of it, so that it is freed with the function.
        let foreign = &foreign;
        let mut caller = CCaller { caller };
        match callback(foreign.data, &mut caller, values.as_mut_ptr(), values.len()) {
            Some(trap) => Err(trap.into_error()),
            None => Ok(()),
        }
    }
}

/// As [`unchecked_function`], for numbers, which come in registers: it gets as many values as there
/// are words.
fn unchecked_numeric_function(
    callback: UncheckedCallback,
    foreign: Foreign,
) -> impl Fn(Caller<'_, StoreData>, &mut [u64]) -> Result<()> + Send + Sync + 'static {
    move |caller, words| {
        // All of it, so that it is freed with the function.
        let foreign = &foreign;
        let mut values = [const { MaybeUninit::uninit() }; Numbers::MOST];
        for (value, word) in values.iter_mut().zip(&*words) {
            value.write(ValRaw::u64(*word));
        }
        let mut caller = CCaller { caller };
        let trap = callback(foreign.data, &mut caller, values.as_mut_ptr(), words.len());
        if let Some(trap) = trap {
            return Err(trap.into_error());
        }
        for (word, value) in words.iter_mut().zip(&values) {
            // SAFETY: it was written above, and C writes numbers over it.
            *word = unsafe { value.assume_init_ref() }.get_u64();
        }
        Ok(())
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_func_new_unchecked(
    store: ContextMut<'_>,
    ty: &CExternType,
    callback: UncheckedCallback,
    data: *mut c_void,
    finalizer: Finalizer,
    out: Out<'_, FuncHandle>,
) {
    let ty = ty.func_type(store.engine());
    let foreign = Foreign::new(data, finalizer);
    let func = match Numbers::new(&ty) {
        Some(_) => Func::new_numeric(store, ty, unchecked_numeric_function(callback, foreign))
            .unwrap_or_else(|error| abort("wasmtime_func_new_unchecked", error)),
        // SAFETY: the header asks of the callback that it reads and writes values of this type.
        None => unsafe { Func::new_unchecked(store, ty, unchecked_function(callback, foreign)) },
    };
    out.write(func.into());
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_linker_define_func_unchecked(
    linker: &mut CLinker,
    module: *const u8,
    module_len: usize,
    name: *const u8,
    name_len: usize,
    ty: &CExternType,
    callback: UncheckedCallback,
    data: *mut c_void,
    finalizer: Finalizer,
) -> Failure {
    let foreign = Foreign::new(data, finalizer);
    let ty = ty.func_type(linker.linker.engine());
    // SAFETY: the header asks for so many bytes each.
    let names = unsafe { names(module, module_len, name, name_len) };
    let defined = names.and_then(|(module, name)| {
        let linker = &mut linker.linker;
        match Numbers::new(&ty) {
            Some(_) => {
                let func = unchecked_numeric_function(callback, foreign);
                linker.func_new_numeric(module, name, ty, func)
            }
            None => {
                let func = unchecked_function(callback, foreign);
                // SAFETY: the header asks of the callback that it reads and writes values of this
                // type.
                unsafe { linker.func_new_unchecked(module, name, ty, func) }
            }
        }
    });
    failure(defined.map(|_| ()), |()| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_func_call_unchecked(
    store: ContextMut<'_>,
    func: &FuncHandle,
    values: *mut ValRaw,
    count: usize,
    trap: Out<'_, Option<Box<Object>>>,
) -> Failure {
    let func = func.expect("wasmtime_func_call_unchecked");
    let values = std::ptr::slice_from_raw_parts_mut(values, count);
    // SAFETY: the header asks for room for the parameters and the results, and for parameters of
    // the function's type.
    let called = guarded(|| unsafe { func.call_unchecked(store, values) });
    call_result(called, trap, |()| ())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_func_from_raw(
    store: ContextMut<'_>,
    raw: *mut c_void,
    out: Out<'_, FuncHandle>,
) {
    // SAFETY: the header asks for what `wasmtime_func_to_raw` gave, or a value of a call.
    out.write(unsafe { Func::from_raw(store, raw) }.into());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_func_to_raw(store: ContextMut<'_>, func: &FuncHandle) -> *mut c_void {
    func.func().map_or(std::ptr::null_mut(), |func| func.to_raw(store))
}

//! Functions of `wasm.h`.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::{AsContextMut, Extern, Func, Result, Val, bail};

use super::StoreRef;
use super::externs::item;
use super::val::{WasmVal, WasmVals, scoped};
use crate::border::{Finalizer, Foreign, guarded};
use crate::func::HostFunction;
use crate::object::{Object, Thing};
use crate::types::CExternType;

/// `wasm_func_callback_t`.
type Callback = extern "C" fn(&WasmVals, &mut WasmVals) -> Option<Box<Object>>;

/// `wasm_func_callback_with_env_t`.
type CallbackWithEnv = extern "C" fn(*mut c_void, &WasmVals, &mut WasmVals) -> Option<Box<Object>>;

/// A callback of either type. What is given with it is freed with the function.
enum Callee {
    Plain(Callback),
    WithEnv(CallbackWithEnv, Foreign),
}

/// Makes a function in a store of one that gets values of this header.
fn new(store: &StoreRef, ty: &CExternType, callee: Callee) -> Box<Object> {
    // The store has the function, so the function does not keep it.
    let owner = store.downgrade();
    let context = store.context();
    let ty = ty.func_type(context.engine());
    let func: HostFunction = Box::new(move |mut caller, params, results| {
        // Whoever calls keeps the store.
        let Some(store) = StoreRef::upgrade(&owner) else { bail!("the store is being freed") };
        let context = caller.as_context_mut();
        let params: Result<Vec<WasmVal>> =
            params.iter().map(|param| WasmVal::new(&store, &context, *param)).collect();
        let (params, mut c_results) =
            (params?.into(), WasmVals::from(vec![WasmVal::ZERO; results.len()]));
        let trap = match &callee {
            Callee::Plain(callback) => callback(&params, &mut c_results),
            Callee::WithEnv(callback, env) => callback(env.data, &params, &mut c_results),
        };
        if let Some(trap) = trap {
            return Err(trap.into_error());
        }
        for (result, value) in results.iter_mut().zip(c_results.as_slice()) {
            *result = value.to_val(&mut caller.as_context_mut())?;
        }
        Ok(())
    });
    let func = Func::new(context, ty, func);
    Box::new(Object::new(Thing::Extern(Extern::Func(func)), store.clone()))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_func_new(store: &StoreRef, ty: &CExternType, callback: Callback) -> Box<Object> {
    new(store, ty, Callee::Plain(callback))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_func_new_with_env(
    store: &StoreRef,
    ty: &CExternType,
    callback: CallbackWithEnv,
    env: *mut c_void,
    finalizer: Finalizer,
) -> Box<Object> {
    new(store, ty, Callee::WithEnv(callback, Foreign::new(env, finalizer)))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_func_type(func: &Object) -> Box<CExternType> {
    let (func, store) = item!(func, Func, "wasm_func_type");
    Box::new(func.ty(store).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasm_func_param_arity(func: &Object) -> usize {
    let (func, store) = item!(func, Func, "wasm_func_param_arity");
    func.ty(store).params().len()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_func_result_arity(func: &Object) -> usize {
    let (func, store) = item!(func, Func, "wasm_func_result_arity");
    func.ty(store).results().len()
}

/// Parameters and results may be null if there are none.
#[unsafe(no_mangle)]
extern "C" fn wasm_func_call(
    func: &Object,
    params: Option<&WasmVals>,
    results: Option<&mut WasmVals>,
) -> Option<Box<Object>> {
    let (callee, _) = item!(func, Func, "wasm_func_call");
    // An object that can be called has a store.
    // What is called may free this object, and the last other one: the store is kept until the end.
    let store = &func.store.clone()?;
    let params = params.map_or(&[][..], WasmVals::as_slice);
    let results = results.map_or(&mut [][..], WasmVals::as_mut_slice);
    let called = guarded(|| {
        scoped(store, |context| {
            let params: Result<Vec<Val>> =
                params.iter().map(|param| param.to_val(context)).collect();
            let mut values = vec![Val::null_func_ref(); results.len()];
            callee.call(&mut *context, &params?, &mut values)?;
            for (result, value) in results.iter_mut().zip(values) {
                let value = WasmVal::new(store, context, value)?;
                // SAFETY: the header says that results need not be initialised, so nothing is
                // freed that was there before.
                unsafe { std::ptr::write(result, value) };
            }
            Ok(())
        })
    });
    called.err().map(|error| Box::new(Object::trap(error)))
}

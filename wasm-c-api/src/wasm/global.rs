//! Globals of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::{Extern, ExternType, Global};

use super::StoreRef;
use super::externs::item;
use super::val::{WasmVal, scoped};
use crate::border::{Out, abort, guarded};
use crate::object::{Object, Thing};
use crate::types::CExternType;

/// Null if the value is not of the type.
#[unsafe(no_mangle)]
extern "C" fn wasm_global_new(
    store: &StoreRef,
    ty: &CExternType,
    val: &WasmVal,
) -> Option<Box<Object>> {
    let global = guarded(|| {
        scoped(store, |context| {
            let val = val.to_val(context)?;
            Global::new(context, ty.global_type(), val)
        })
    });
    let thing = Thing::Extern(Extern::Global(global.ok()?));
    Some(Box::new(Object::new(thing, store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_global_type(global: &Object) -> Box<CExternType> {
    let (global, store) = item!(global, Global, "wasm_global_type");
    Box::new(ExternType::Global(global.ty(store)).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasm_global_get(object: &Object, out: Out<'_, WasmVal>) {
    let (global, _) = item!(object, Global, "wasm_global_get");
    let Some(store) = &object.store else { return };
    let val = scoped(store, |context| {
        let val = global.get(&mut *context);
        WasmVal::new(store, context, val)
    });
    match val {
        Ok(val) => {
            out.write(val);
        }
        Err(error) => abort("wasm_global_get", error),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_global_set(object: &Object, val: &WasmVal) {
    let (global, _) = item!(object, Global, "wasm_global_set");
    let Some(store) = &object.store else { return };
    let set = scoped(store, |context| {
        let val = val.to_val(context)?;
        global.set(context, val)
    });
    if let Err(error) = set {
        abort("wasm_global_set", error);
    }
}

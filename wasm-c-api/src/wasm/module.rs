//! Modules of `wasm.h`, and those that threads share.

#![allow(unsafe_code)]

use wasm_runtime::Module;

use super::StoreRef;
use crate::border::{Out, abort};
use crate::module::{compile, deserialize, exports, imports};
use crate::object::{Object, Thing};
use crate::types::{ExportTypes, ImportTypes};
use crate::vec::CBytes;

/// `wasm_shared_module_t`.
struct SharedModule(Module);

impl Object {
    fn module(&self, function: &str) -> &Module {
        match &self.thing {
            Thing::Module(module) => module,
            _ => abort(function, "the object is no module"),
        }
    }
}

/// Null if it does not compile.
#[unsafe(no_mangle)]
extern "C" fn wasm_module_new(store: &StoreRef, wasm: &CBytes) -> Option<Box<Object>> {
    let module = compile(store.context().engine(), wasm.as_slice(), "wasm_module_new").ok()?;
    Some(Box::new(Object::new(Thing::Module(module), store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_module_validate(store: &StoreRef, wasm: &CBytes) -> bool {
    Module::validate(store.context().engine(), wasm.as_slice()).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_module_imports(module: &Object, out: Out<'_, ImportTypes>) {
    out.write(imports(module.module("wasm_module_imports")));
}

#[unsafe(no_mangle)]
extern "C" fn wasm_module_exports(module: &Object, out: Out<'_, ExportTypes>) {
    out.write(exports(module.module("wasm_module_exports")));
}

/// Empty if it can't be serialized.
#[unsafe(no_mangle)]
extern "C" fn wasm_module_serialize(module: &Object, out: Out<'_, CBytes>) {
    let bytes = module.module("wasm_module_serialize").serialize();
    out.write(bytes.unwrap_or_default().into());
}

/// Null if it can't be loaded.
#[unsafe(no_mangle)]
extern "C" fn wasm_module_deserialize(store: &StoreRef, bytes: &CBytes) -> Option<Box<Object>> {
    // SAFETY: the header asks for bytes that come from this library.
    let module = unsafe { deserialize(store.context().engine(), bytes.as_slice()) }.ok()?;
    Some(Box::new(Object::new(Thing::Module(module), store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_module_share(module: &Object) -> Box<SharedModule> {
    Box::new(SharedModule(module.module("wasm_module_share").clone()))
}

/// Null if the store is of another engine.
#[unsafe(no_mangle)]
extern "C" fn wasm_module_obtain(store: &StoreRef, shared: &SharedModule) -> Option<Box<Object>> {
    let module = shared.0.clone();
    if !wasm_runtime::Engine::same(module.engine(), store.context().engine()) {
        return None;
    }
    Some(Box::new(Object::new(Thing::Module(module), store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_shared_module_delete(shared: Option<Box<SharedModule>>) {
    drop(shared);
}

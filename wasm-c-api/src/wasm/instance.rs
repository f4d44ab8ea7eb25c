//! Instances of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::{Extern, Instance, Result, format_err};

use super::StoreRef;
use super::externs::Externs;
use crate::border::{Out, abort, guarded};
use crate::object::{Object, Thing};

/// Why there is no instance is the trap, also if it is that imports do not match.
#[unsafe(no_mangle)]
extern "C" fn wasm_instance_new(
    store: &StoreRef,
    module: &Object,
    imports: Option<&Externs>,
    trap: Option<Out<'_, Option<Box<Object>>>>,
) -> Option<Box<Object>> {
    let Thing::Module(module) = &module.thing else {
        abort("wasm_instance_new", "the object is no module")
    };
    // The start function may free all objects: the store is kept until the end.
    let store = store.clone();
    let imports = imports.map_or(&[][..], Externs::as_slice);
    let imports: Result<Vec<Extern>> = imports
        .iter()
        .map(|import| match import.as_deref().map(|import| &import.thing) {
            Some(Thing::Extern(item)) => Ok(item.clone()),
            _ => Err(format_err!("an import is null, or nothing that can be imported")),
        })
        .collect();
    let instance =
        imports.and_then(|imports| guarded(|| Instance::new(store.context(), module, &imports)));
    match instance {
        Ok(instance) => Some(Box::new(Object::new(Thing::Instance(instance), store))),
        Err(error) => {
            if let Some(trap) = trap {
                trap.write(Some(Box::new(Object::trap(error))));
            }
            None
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_instance_exports(instance: &Object, out: Out<'_, Externs>) {
    let (Thing::Instance(exporter), Some(store)) = (&instance.thing, &instance.store) else {
        abort("wasm_instance_exports", "the object is no instance")
    };
    let mut context = store.context();
    let exports: Vec<Extern> =
        exporter.exports(&mut context).map(|export| export.into_extern()).collect();
    let objects = exports
        .into_iter()
        .map(|item| Some(Box::new(Object::new(Thing::Extern(item), store.clone()))));
    out.write(objects.collect::<Vec<_>>().into());
}

//! What all objects of `wasm.h` have: freeing, copying, comparing, data of the embedder, and the
//! conversions from and to `wasm_ref_t`.

#![allow(unsafe_code)]

use std::ffi::c_void;

use wasm_runtime::Extern;

use crate::border::Finalizer;
use crate::object::{Object, Thing};

/// The functions of every kind of object.
macro_rules! object_family {
    ($delete:ident $copy:ident $same:ident $info:ident $set_info:ident $set_info_finalizer:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $delete(object: Option<Box<Object>>) {
            drop(object);
        }

        #[unsafe(no_mangle)]
        extern "C" fn $copy(object: Option<&Object>) -> Option<Box<Object>> {
            object.cloned().map(Box::new)
        }

        #[unsafe(no_mangle)]
        extern "C" fn $same(a: Option<&Object>, b: Option<&Object>) -> bool {
            match (a, b) {
                (Some(a), Some(b)) => a.same(b),
                (None, None) => true,
                _ => false,
            }
        }

        #[unsafe(no_mangle)]
        extern "C" fn $info(object: &Object) -> *mut c_void {
            object.host_info()
        }

        #[unsafe(no_mangle)]
        extern "C" fn $set_info(object: &Object, data: *mut c_void) {
            object.set_host_info(data, None);
        }

        #[unsafe(no_mangle)]
        extern "C" fn $set_info_finalizer(
            object: &Object,
            data: *mut c_void,
            finalizer: Finalizer,
        ) {
            object.set_host_info(data, finalizer);
        }
    };
}

/// The conversions between a kind of object and what it is one of. `None` if it is none.
macro_rules! conversions {
    ($is:expr; $up:ident $up_const:ident $down:ident $down_const:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $up(object: Option<&mut Object>) -> Option<&mut Object> {
            object
        }

        #[unsafe(no_mangle)]
        extern "C" fn $up_const(object: Option<&Object>) -> Option<&Object> {
            object
        }

        #[unsafe(no_mangle)]
        extern "C" fn $down(object: Option<&mut Object>) -> Option<&mut Object> {
            object.filter(|object| $is(&object.thing))
        }

        #[unsafe(no_mangle)]
        extern "C" fn $down_const(object: Option<&Object>) -> Option<&Object> {
            object.filter(|object| $is(&object.thing))
        }
    };
}

pub(super) use conversions;

fn is_trap(thing: &Thing) -> bool {
    matches!(thing, Thing::Trap(_))
}

fn is_foreign(thing: &Thing) -> bool {
    matches!(thing, Thing::Foreign(_))
}

fn is_module(thing: &Thing) -> bool {
    matches!(thing, Thing::Module(_))
}

fn is_instance(thing: &Thing) -> bool {
    matches!(thing, Thing::Instance(_))
}

fn is_extern(thing: &Thing) -> bool {
    matches!(thing, Thing::Extern(_))
}

pub(super) fn is_func(thing: &Thing) -> bool {
    matches!(thing, Thing::Extern(Extern::Func(_)))
}

pub(super) fn is_global(thing: &Thing) -> bool {
    matches!(thing, Thing::Extern(Extern::Global(_)))
}

pub(super) fn is_table(thing: &Thing) -> bool {
    matches!(thing, Thing::Extern(Extern::Table(_)))
}

pub(super) fn is_memory(thing: &Thing) -> bool {
    matches!(thing, Thing::Extern(Extern::Memory(_) | Extern::SharedMemory(_)))
}

object_family!(wasm_ref_delete wasm_ref_copy wasm_ref_same wasm_ref_get_host_info
    wasm_ref_set_host_info wasm_ref_set_host_info_with_finalizer);

object_family!(wasm_trap_delete wasm_trap_copy wasm_trap_same wasm_trap_get_host_info
    wasm_trap_set_host_info wasm_trap_set_host_info_with_finalizer);
conversions!(is_trap; wasm_trap_as_ref wasm_trap_as_ref_const wasm_ref_as_trap
    wasm_ref_as_trap_const);

object_family!(wasm_foreign_delete wasm_foreign_copy wasm_foreign_same wasm_foreign_get_host_info
    wasm_foreign_set_host_info wasm_foreign_set_host_info_with_finalizer);
conversions!(is_foreign; wasm_foreign_as_ref wasm_foreign_as_ref_const wasm_ref_as_foreign
    wasm_ref_as_foreign_const);

object_family!(wasm_module_delete wasm_module_copy wasm_module_same wasm_module_get_host_info
    wasm_module_set_host_info wasm_module_set_host_info_with_finalizer);
conversions!(is_module; wasm_module_as_ref wasm_module_as_ref_const wasm_ref_as_module
    wasm_ref_as_module_const);

object_family!(wasm_func_delete wasm_func_copy wasm_func_same wasm_func_get_host_info
    wasm_func_set_host_info wasm_func_set_host_info_with_finalizer);
conversions!(is_func; wasm_func_as_ref wasm_func_as_ref_const wasm_ref_as_func
    wasm_ref_as_func_const);

object_family!(wasm_global_delete wasm_global_copy wasm_global_same wasm_global_get_host_info
    wasm_global_set_host_info wasm_global_set_host_info_with_finalizer);
conversions!(is_global; wasm_global_as_ref wasm_global_as_ref_const wasm_ref_as_global
    wasm_ref_as_global_const);

object_family!(wasm_table_delete wasm_table_copy wasm_table_same wasm_table_get_host_info
    wasm_table_set_host_info wasm_table_set_host_info_with_finalizer);
conversions!(is_table; wasm_table_as_ref wasm_table_as_ref_const wasm_ref_as_table
    wasm_ref_as_table_const);

object_family!(wasm_memory_delete wasm_memory_copy wasm_memory_same wasm_memory_get_host_info
    wasm_memory_set_host_info wasm_memory_set_host_info_with_finalizer);
conversions!(is_memory; wasm_memory_as_ref wasm_memory_as_ref_const wasm_ref_as_memory
    wasm_ref_as_memory_const);

object_family!(wasm_extern_delete wasm_extern_copy wasm_extern_same wasm_extern_get_host_info
    wasm_extern_set_host_info wasm_extern_set_host_info_with_finalizer);
conversions!(is_extern; wasm_extern_as_ref wasm_extern_as_ref_const wasm_ref_as_extern
    wasm_ref_as_extern_const);

object_family!(wasm_instance_delete wasm_instance_copy wasm_instance_same
    wasm_instance_get_host_info wasm_instance_set_host_info
    wasm_instance_set_host_info_with_finalizer);
conversions!(is_instance; wasm_instance_as_ref wasm_instance_as_ref_const wasm_ref_as_instance
    wasm_ref_as_instance_const);

//! What is imported and exported, in `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::Extern;

use super::refs::{conversions, is_func, is_global, is_memory, is_table};
use crate::border::abort;
use crate::object::{Object, Thing};
use crate::store::ContextMut;
use crate::types::CExternType;
use crate::vec::{CVec, vec_family};

/// `wasm_extern_vec_t`.
pub(super) type Externs = CVec<Option<Box<Object>>>;

vec_family!(Option<Box<Object>>: wasm_extern_vec_new_empty wasm_extern_vec_new_uninitialized
    wasm_extern_vec_new wasm_extern_vec_copy wasm_extern_vec_delete);

conversions!(is_func; wasm_func_as_extern wasm_func_as_extern_const wasm_extern_as_func
    wasm_extern_as_func_const);
conversions!(is_global; wasm_global_as_extern wasm_global_as_extern_const wasm_extern_as_global
    wasm_extern_as_global_const);
conversions!(is_table; wasm_table_as_extern wasm_table_as_extern_const wasm_extern_as_table
    wasm_extern_as_table_const);
conversions!(is_memory; wasm_memory_as_extern wasm_memory_as_extern_const wasm_extern_as_memory
    wasm_extern_as_memory_const);

impl Object {
    /// What is imported or exported, and its store.
    pub(super) fn expect_extern(&self, function: &str) -> (&Extern, ContextMut<'_>) {
        match (&self.thing, &self.store) {
            (Thing::Extern(item), Some(store)) => (item, store.context()),
            _ => abort(function, "the object can't be imported or exported, or its store is freed"),
        }
    }
}

/// As [`Object::expect_extern`], for one kind.
macro_rules! item {
    ($object:expr, $kind:ident, $function:literal) => {
        match $object.expect_extern($function) {
            (wasm_runtime::Extern::$kind(item), store) => (item.clone(), store),
            _ => $crate::border::abort($function, concat!("the object is no ", stringify!($kind))),
        }
    };
}

pub(super) use item;

#[unsafe(no_mangle)]
extern "C" fn wasm_extern_kind(item: &Object) -> u8 {
    match item.expect_extern("wasm_extern_kind").0 {
        Extern::Func(_) => 0,
        Extern::Global(_) => 1,
        Extern::Table(_) => 2,
        Extern::Memory(_) | Extern::SharedMemory(_) => 3,
        Extern::Tag(_) => 4,
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_extern_type(item: &Object) -> Box<CExternType> {
    let (item, store) = item.expect_extern("wasm_extern_type");
    Box::new(item.ty(store).into())
}

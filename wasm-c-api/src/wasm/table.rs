//! Tables of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::{Extern, ExternType, Ref, Result, Table};

use super::StoreRef;
use super::externs::item;
use super::val::{element, object, scoped};
use crate::border::guarded;
use crate::object::{Object, Thing};
use crate::store::ContextMut;
use crate::types::CExternType;

/// Null if the table can't be made, or the object is no element of it.
#[unsafe(no_mangle)]
extern "C" fn wasm_table_new(
    store: &StoreRef,
    ty: &CExternType,
    init: Option<&Object>,
) -> Option<Box<Object>> {
    let ty = ty.table_type();
    let table = guarded(|| {
        scoped(store, |context| {
            let init = element(context, &Ref::null(ty.element().heap_type()), init)?;
            Table::new(context, ty.clone(), init)
        })
    });
    Some(Box::new(Object::new(Thing::Extern(Extern::Table(table.ok()?)), store.clone())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_table_type(table: &Object) -> Box<CExternType> {
    let (table, store) = item!(table, Table, "wasm_table_type");
    Box::new(ExternType::Table(table.ty(store)).into())
}

/// Null if the element is, or if there is none.
#[unsafe(no_mangle)]
extern "C" fn wasm_table_get(table: &Object, index: u32) -> Option<Box<Object>> {
    let store = table.store.as_ref()?;
    let (table, _) = item!(table, Table, "wasm_table_get");
    scoped(store, |context| {
        let element = table.get(&mut *context, index.into())?;
        object(store, context, element.into()).ok()?
    })
}

/// Runs something with a table and the element that an object is.
fn with_element(
    table: &Object,
    value: Option<&Object>,
    run: impl FnOnce(Table, &mut ContextMut<'_>, Ref) -> Result<()>,
) -> bool {
    let Some(store) = &table.store else { return false };
    let (table, _) = item!(table, Table, "wasm_table_t");
    let done = guarded(|| {
        scoped(store, |context| {
            let of = Ref::null(table.ty(&*context).element().heap_type());
            let value = element(context, &of, value)?;
            run(table, context, value)
        })
    });
    done.is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasm_table_set(table: &Object, index: u32, value: Option<&Object>) -> bool {
    with_element(table, value, |table, context, value| table.set(context, index.into(), value))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_table_size(table: &Object) -> u32 {
    let (table, store) = item!(table, Table, "wasm_table_size");
    u32::try_from(table.size(store)).unwrap_or(u32::MAX)
}

#[unsafe(no_mangle)]
extern "C" fn wasm_table_grow(table: &Object, delta: u32, init: Option<&Object>) -> bool {
    with_element(table, init, |table, context, init| {
        table.grow(context, delta.into(), init).map(|_| ())
    })
}

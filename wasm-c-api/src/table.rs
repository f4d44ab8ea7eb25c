//! `wasmtime/table.h`: tables.

#![allow(unsafe_code)]

use wasm_runtime::{AsContextMut, ExternType, Ref, Result, RootScope, Table, Val, format_err};

use crate::border::{Out, guarded};
use crate::error::{Failure, failure};
use crate::handles::{Handle, handles};
use crate::store::{Context, ContextMut};
use crate::types::CExternType;
use crate::val::{CVal, with_val};

/// A value as an element.
fn element(val: Val) -> Result<Ref> {
    val.ref_()
        .ok_or_else(|| format_err!("an element of a table is a reference, and {val:?} is none"))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_new(
    mut store: ContextMut<'_>,
    ty: &CExternType,
    init: &CVal,
    out: Out<'_, Handle>,
) -> Failure {
    let table = with_val(&mut store, init, |store, init| {
        guarded(|| Table::new(store, ty.table_type().clone(), element(init)?))
    });
    failure(table, |table| {
        out.write(store.data_mut().handles.new_table(table));
    })
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_type(store: Context<'_>, table: &Handle) -> Box<CExternType> {
    Box::new(ExternType::Table(handles(&store).table(table).ty(store)).into())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_get(
    mut store: ContextMut<'_>,
    table: &Handle,
    index: u64,
    out: Out<'_, CVal>,
) -> bool {
    let table = store.data().handles.table(table);
    let mut scope = RootScope::new(store.as_context_mut());
    let Some(element) = table.get(&mut scope, index) else { return false };
    // A reference to a continuation has no kind in C, and is as good as not there.
    CVal::new(&mut scope, element.into()).map(|val| out.write(val)).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_set(
    mut store: ContextMut<'_>,
    table: &Handle,
    index: u64,
    val: &CVal,
) -> Failure {
    let table = store.data().handles.table(table);
    let set = with_val(&mut store, val, |store, val| table.set(store, index, element(val)?));
    failure(set, |()| ())
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_size(store: Context<'_>, table: &Handle) -> u64 {
    handles(&store).table(table).size(store)
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_table_grow(
    mut store: ContextMut<'_>,
    table: &Handle,
    delta: u64,
    init: &CVal,
    before: Out<'_, u64>,
) -> Failure {
    let table = store.data().handles.table(table);
    let grown = with_val(&mut store, init, |store, init| {
        guarded(|| table.grow(store, delta, element(init)?))
    });
    failure(grown, |size| {
        before.write(size);
    })
}

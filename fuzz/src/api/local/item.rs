//! New items, globals, segments, and the limits of items.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{
    Global, GlobalType, Memory, MemoryTypeBuilder, Mutability, Ref, RefType, Store,
    StoreLimitsBuilder, Table, TableType, ValType,
};

use super::check::{call, element, pick, pick_instance};
use crate::api::host::{self, Data};
use crate::api::model::{self, Value};
use crate::api::side::{Side, attempt};
use crate::api::trace;

pub(super) fn global(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    if let (true, Some(i)) = (u.arbitrary()?, pick_instance(u, store, side)?) {
        let place = side.model.instances[i].global;
        if u.arbitrary()? {
            let value = Value::I64(u.arbitrary()?);
            side.model.globals[place] = value;
            call(store, side, i, "gset", &[value], Ok(vec![]));
        } else {
            call(store, side, i, "gget", &[], Ok(vec![side.model.globals[place]]));
        }
        return Ok(());
    }
    let Some(g) = pick(u, side.globals.len())? else { return Ok(()) };
    let value = match side.model.globals[g] {
        // This number identifies the instance.
        Value::I32(_) => return Ok(()),
        Value::I64(_) => Value::I64(u.arbitrary()?),
        Value::F64(_) => Value::F64(f64::from(u.arbitrary::<i16>()?)),
        Value::Func(_) => element(u, side, true)?,
        Value::Extern(_) => element(u, side, false)?,
    };
    trace::step(|| format!("set global {g} to {value:?}"));
    let val = side.val(store, value);
    side.globals[g].set(&mut *store, val).expect("the value is of the type");
    side.model.globals[g] = value;
    Ok(())
}

/// Items that the host makes.
pub(super) fn make(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    match u.int_in_range(0..=3_u32)? {
        0 => {
            let kind = u.choose_index(4)?;
            trace::step(|| format!("make a function of kind {kind}"));
            let place = side.funcs.len();
            side.funcs.push(host::function(store, kind, place));
            side.model.funcs.push(kind);
        }
        1 => {
            let (pages, more) = (u.int_in_range(0..=2_u64)?, u.int_in_range(0..=2_u64)?);
            trace::step(|| format!("make a memory of {pages} pages, {more} more at most"));
            let ty = MemoryTypeBuilder::new().min(pages).max(Some(pages + more)).build();
            let made = attempt(|| Memory::new(&mut *store, ty?));
            assert_eq!(made.is_ok(), pages <= side.model.most_pages, "{made:?}");
            let Ok(made) = made else { return Ok(()) };
            side.memories.push(made);
            side.model.memories.push(model::Memory {
                pages,
                max: pages + more,
                bytes: Default::default(),
            });
        }
        2 => {
            let funcs: bool = u.arbitrary()?;
            let value = element(u, side, funcs)?;
            let (size, more) = (u.int_in_range(1..=5_u32)?, u.int_in_range(0..=3_u32)?);
            trace::step(|| format!("make a table of {size} {value:?}, {more} more at most"));
            let element = if funcs { RefType::FUNCREF } else { RefType::EXTERNREF };
            let init: Ref = side.ref_(store, value);
            let ty = TableType::new(element, size, Some(size + more));
            let made = attempt(|| Table::new(&mut *store, ty, init));
            assert_eq!(made.is_ok(), u64::from(size) <= side.model.most_elements, "{made:?}");
            let Ok(made) = made else { return Ok(()) };
            side.tables.push(made);
            side.model.tables.push(model::Table {
                max: u64::from(size + more),
                elements: vec![value; size as usize],
            });
        }
        _ => {
            let value = match u.int_in_range(0..=3_u32)? {
                0 => Value::I64(u.arbitrary()?),
                1 => Value::F64(f64::from(u.arbitrary::<i16>()?)),
                2 => element(u, side, true)?,
                _ => element(u, side, false)?,
            };
            trace::step(|| format!("make a global with {value:?}"));
            let ty = match value {
                Value::I32(_) => ValType::I32,
                Value::I64(_) => ValType::I64,
                Value::F64(_) => ValType::F64,
                Value::Func(_) => ValType::FUNCREF,
                Value::Extern(_) => ValType::EXTERNREF,
            };
            let val = side.val(store, value);
            let ty = GlobalType::new(ty, Mutability::Var);
            side.globals.push(Global::new(&mut *store, ty, val).expect("the value is of the type"));
            side.model.globals.push(value);
        }
    }
    Ok(())
}

pub(super) fn segments(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    if u.arbitrary()? {
        side.model.instances[i].data_dropped = true;
        call(store, side, i, "drop", &[], Ok(vec![]));
    } else {
        side.model.instances[i].elements_dropped = true;
        call(store, side, i, "tdrop", &[], Ok(vec![]));
    }
    Ok(())
}

pub(super) fn limits(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let mut limits = StoreLimitsBuilder::new();
    let (pages, elements) = (u.int_in_range(1..=5_u64)?, u.int_in_range(4..=9_u64)?);
    trace::step(|| format!("limits: {pages} pages and {elements} elements"));
    limits = limits.memory_size((pages << 16) as usize).table_elements(elements as usize);
    store.data_mut().limits = limits.build();
    store.limiter(|data| &mut data.limits);
    (side.model.most_pages, side.model.most_elements) = (pages, elements);
    Ok(())
}

/// Makes all items of an instance grow to their largest sizes, which some modules require.
pub(super) fn fill_up(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    let of = side.model.instances[i].clone();
    let model = &mut side.model;
    let memory = &model.memories[of.memory];
    let delta = memory.max - memory.pages;
    let old = model.grow_memory(of.memory, delta).map_or(-1, |old| old as i32);
    let delta = Value::I32(delta as i32);
    call(store, side, i, "grow", &[delta], Ok(vec![Value::I32(old)]));
    for (table, null, name) in
        [(of.funcs, Value::Func(None), "tgrow"), (of.values, Value::Extern(None), "xgrow")]
    {
        let delta = side.model.tables[table].max - side.model.tables[table].elements.len() as u64;
        let old = side.model.grow_table(table, delta, null).map_or(-1, |old| old as i32);
        let args = [null, Value::I32(delta as i32)];
        call(store, side, i, name, &args, Ok(vec![Value::I32(old)]));
    }
    Ok(())
}

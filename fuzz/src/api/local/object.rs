//! Steps with objects of Wasm and with exceptions.

use arbitrary::{Result, Unstructured};
use wasm_runtime::Store;

use super::check::{call, pick_instance};
use crate::api::host::Data;
use crate::api::model::Value;
use crate::api::side::Side;
use crate::api::trace;

/// Changes an instance's list of objects, and compares it.
pub(super) fn object(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    if u.ratio(1, 6)? {
        trace::step(|| "collect".to_owned());
        store.gc(None).expect("there is room");
    }
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    for _ in 0..u.int_in_range(1..=4_u32)? {
        let list = &mut side.model.instances[i].list;
        let value = u.int_in_range(0..=99)?;
        match u.int_in_range(0..=7_u32)? {
            0..=2 => {
                list.insert(0, value);
                call(store, side, i, "push", &[Value::I32(value)], Ok(vec![]));
            }
            3 => {
                let last = if list.is_empty() { -1 } else { list.remove(0) };
                call(store, side, i, "pop", &[], Ok(vec![Value::I32(last)]));
            }
            4 => {
                list.reverse();
                // The heap never needs more than the smallest limit that memories get.
                let litter = *u.choose(&[0, 1, 50])?;
                call(store, side, i, "reverse", &[Value::I32(litter)], Ok(vec![]));
            }
            5 => {
                let count = u.int_in_range(0..=30_usize)?;
                list.truncate(count);
                call(store, side, i, "keep", &[Value::I32(count as i32)], Ok(vec![]));
            }
            place => {
                list.insert(0, value);
                let args = [Value::I32(u.int_in_range(0..=12)?), Value::I32(value)];
                let name = if place == 6 { "catch" } else { "again" };
                call(store, side, i, name, &args, Ok(vec![Value::I32(value)]));
            }
        }
    }
    compare(store, side, i);
    Ok(())
}

/// Compares an instance's list of objects with the model.
fn compare(store: &mut Store<Data>, side: &Side, i: usize) {
    let add = |sum: i32, value: &i32| sum.wrapping_mul(31).wrapping_add(*value);
    let sum = side.model.instances[i].list.iter().fold(0, add);
    call(store, side, i, "sum", &[], Ok(vec![Value::I32(sum)]));
}

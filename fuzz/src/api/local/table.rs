//! Steps with tables.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Store, Table, Trap};

use super::check::{call, element, pick, pick_instance};
use crate::api::host::Data;
use crate::api::model::{Func, Outcome, Stop, Value};
use crate::api::side::Side;
use crate::api::trace;

pub(super) fn table(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    if let (true, Some(i)) = (u.ratio(2, 3)?, pick_instance(u, store, side)?) {
        return guest_table(u, store, side, i);
    }
    let Some(t) = pick(u, side.tables.len())? else { return Ok(()) };
    let real = side.tables[t];
    let value = element(u, side, side.model.tables[t].is_func())?;
    let index = u.int_in_range(0..=9_usize)?;
    let reference = side.ref_(store, value);
    let size = side.model.tables[t].elements.len();
    match u.int_in_range(0..=4_u32)? {
        0 => {
            trace::step(|| format!("get {index} of table {t}"));
            match (real.get(&mut *store, index as u64), side.model.tables[t].elements.get(index)) {
                (Some(found), Some(expected)) => side.assert_same(store, &found.into(), *expected),
                (found, expected) => assert_eq!(found.is_none(), expected.is_none()),
            }
        }
        1 => {
            trace::step(|| format!("set {index} of table {t} to {value:?}"));
            let found = real.set(&mut *store, index as u64, reference).is_ok();
            assert_eq!(found, index < size);
            if found {
                side.model.tables[t].elements[index] = value;
            }
        }
        2 => {
            let delta = u.int_in_range(0..=3)?;
            trace::step(|| format!("grow table {t} by {delta} with {value:?}"));
            let found = real.grow(&mut *store, delta, reference).ok();
            assert_eq!(found, side.model.grow_table(t, delta, value));
        }
        3 => {
            let len = u.int_in_range(0..=4_usize)?;
            trace::step(|| format!("fill {len} from {index} of table {t} with {value:?}"));
            let found = real.fill(&mut *store, index as u64, reference, len as u64).is_ok();
            assert_eq!(found, index + len <= size);
            if found {
                side.model.tables[t].elements[index..index + len].fill(value);
            }
        }
        _ => {
            let Some(other) = pick(u, side.tables.len())? else { return Ok(()) };
            let (from, len) = (u.int_in_range(0..=6_usize)?, u.int_in_range(0..=4_usize)?);
            trace::step(|| {
                format!("copy {len} from {from} of table {other} to {index} of table {t}")
            });
            let (to, len64) = (index as u64, len as u64);
            let found =
                Table::copy(&mut *store, &real, to, &side.tables[other], from as u64, len64)
                    .is_ok();
            let model = &mut side.model;
            let fits = model.tables[t].is_func() == model.tables[other].is_func();
            let source = model.tables[other].elements.get(from..from + len).map(<[_]>::to_vec);
            let place = model.tables[t].elements.get_mut(index..index + len);
            match (fits, source, place) {
                (true, Some(source), Some(place)) => {
                    assert!(found, "the copy is within both");
                    place.copy_from_slice(&source);
                }
                _ => assert!(!found, "the copy is not within both"),
            }
        }
    }
    Ok(())
}

fn guest_table(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
    i: usize,
) -> Result<()> {
    const OUT: Stop = Stop::Trap(Trap::TableOutOfBounds);
    let funcs: bool = u.ratio(2, 3)?;
    let instance = side.model.instances[i].clone();
    let t = if funcs { instance.funcs } else { instance.values };
    let index = u.int_in_range(0..=9_usize)?;
    let len = u.int_in_range(0..=4_usize)?;
    let value = element(u, side, funcs)?;
    let int = |x: usize| Value::I32(x as i32);
    let name = |with_funcs: &'static str, with_values: &'static str| {
        if funcs { with_funcs } else { with_values }
    };
    let elements = &mut side.model.tables[t].elements;
    let (name, args, expected): (_, Vec<Value>, Outcome<Vec<Value>>) = match u
        .int_in_range(0..=10_u32)?
    {
        0 => {
            let element = elements.get(index).copied().ok_or(OUT);
            (name("tget", "xget"), vec![int(index)], element.map(|value| vec![value]))
        }
        1 | 2 => {
            let done = elements.get_mut(index).ok_or(OUT).map(|place| *place = value);
            (name("tset", "xset"), vec![int(index), value], done.map(|()| vec![]))
        }
        3 => {
            let delta = len.min(2);
            let old = side.model.grow_table(t, delta as u64, value).map_or(-1, |old| old as i32);
            (name("tgrow", "xgrow"), vec![value, int(delta)], Ok(vec![Value::I32(old)]))
        }
        4 => (name("tsize", "xsize"), vec![], Ok(vec![int(elements.len())])),
        5 => {
            let place = elements.get_mut(index..index + len).ok_or(OUT);
            let done = place.map(|place| place.fill(value));
            (name("tfill", "xfill"), vec![int(index), value, int(len)], done.map(|()| vec![]))
        }
        6 if funcs => {
            let from = u.int_in_range(0..=6_usize)?;
            let source = elements.get(from..from + len).map(<[_]>::to_vec).ok_or(OUT);
            let done = source.and_then(|source| {
                let place = elements.get_mut(index..index + len).ok_or(OUT)?;
                place.copy_from_slice(&source);
                Ok(())
            });
            ("tcopy", vec![int(index), int(from), int(len)], done.map(|()| vec![]))
        }
        7 if funcs => {
            let from = u.int_in_range(0..=3_usize)?;
            let segment = [2, 0].map(|kind| Value::Func(Some(Func::Guest { instance: i, kind })));
            let segment = if instance.elements_dropped { &[] } else { &segment[..] };
            let source = segment.get(from..from + len).ok_or(OUT);
            let done = source.and_then(|source| {
                elements.get_mut(index..index + len).ok_or(OUT)?.copy_from_slice(source);
                Ok(())
            });
            ("tinit", vec![int(index), int(from), int(len)], done.map(|()| vec![]))
        }
        kind => {
            let kind = kind as usize % 3;
            let (name, arg) = match kind {
                0 => ("c0", None),
                1 => ("c1", Some(Value::I64(11))),
                _ => ("c2", Some(Value::F64(11.0))),
            };
            let args = [int(index)].into_iter().chain(arg).collect();
            let t = instance.funcs;
            let func = side.model.indirect(t, index as u32, kind);
            let result = func.map(|func| vec![result_of(kind, side.model.function(func).1)]);
            (name, args, result)
        }
    };
    call(store, side, i, name, &args, expected);
    Ok(())
}

/// What the function with this kind and number returns for 11.
fn result_of(kind: usize, number: i32) -> Value {
    match kind {
        0 => Value::I32(number),
        1 => Value::F64(11.0 + f64::from(number)),
        _ => Value::I64(11 + i64::from(number)),
    }
}

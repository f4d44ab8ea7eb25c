//! What all steps need: a choice of what they work on, and the comparison with the model.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Store, Val};

use crate::api::host::Data;
use crate::api::model::{Func, Outcome, Stop, Value};
use crate::api::side::Side;
use crate::api::trace;

/// The index of one of so many things, if there are any.
pub(in crate::api) fn pick(u: &mut Unstructured<'_>, count: usize) -> Result<Option<usize>> {
    if count == 0 { Ok(None) } else { u.choose_index(count).map(Some) }
}

/// The index of one of the instances, if it can run. If it can't, this checks that it can't.
pub(super) fn pick_instance(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &Side,
) -> Result<Option<usize>> {
    let Some(i) = pick(u, side.instances.len())? else { return Ok(None) };
    if side.model.is_halted(i) {
        let name = *u.choose(&["size", "spin", "unreachable", "drop", "k0"])?;
        call(store, side, i, name, &[], Err(Stop::Error));
        return Ok(None);
    }
    Ok(Some(i))
}

/// A value for a table of functions or of host values.
pub(super) fn element(u: &mut Unstructured<'_>, side: &Side, funcs: bool) -> Result<Value> {
    if !funcs {
        return Ok(Value::Extern(if u.ratio(1, 3)? {
            None
        } else {
            Some(u.int_in_range(1..=99)?)
        }));
    }
    Ok(Value::Func(match u.int_in_range(0..=4_u32)? {
        0 => None,
        1 => pick(u, side.funcs.len())?.map(Func::Host),
        _ => match pick(u, side.instances.len())? {
            Some(instance) => Some(Func::Guest { instance, kind: u.choose_index(4)? }),
            None => None,
        },
    }))
}

/// Compares how something ended, but not what it returned.
#[track_caller]
pub(super) fn same<T: PartialEq + std::fmt::Debug>(found: Outcome<T>, expected: Outcome<T>) {
    assert_eq!(found, expected, "found first, expected second");
}

/// Compares what a call returned, or how it ended.
#[track_caller]
fn returned(
    store: &mut Store<Data>,
    side: &Side,
    found: &Outcome<Vec<Val>>,
    expected: Outcome<Vec<Value>>,
) {
    match (found, expected) {
        (Ok(found), Ok(expected)) => {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(expected) {
                side.assert_same(store, found, expected);
            }
        }
        (Err(found), Err(expected)) => assert_eq!(*found, expected, "found first, expected second"),
        (found, expected) => panic!("found {found:?}, expected {expected:?}"),
    }
}

/// Calls an export and compares.
#[track_caller]
pub(super) fn call(
    store: &mut Store<Data>,
    side: &Side,
    i: usize,
    name: &str,
    args: &[Value],
    expected: Outcome<Vec<Value>>,
) {
    trace::step(|| format!("call {name} of instance {i} with {args:?}, expecting {expected:?}"));
    let results = match name {
        "load" | "grow" | "size" | "tget" | "tgrow" | "tsize" | "xget" | "xgrow" | "xsize"
        | "c0" | "c1" | "c2" | "own" | "gget" | "deep" | "host" | "late" | "k0" | "k1" | "k2"
        | "pop" | "sum" | "catch" | "again" => 1,
        "k3" => 2,
        _ => 0,
    };
    let found = side.call(store, i, name, args, results);
    returned(store, side, &found, expected);
}

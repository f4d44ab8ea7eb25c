//! Calls of functions, calls to the host and back, and calls that must be ended from outside.

use arbitrary::{Result, Unstructured};
use wasm_runtime::{Store, Trap, Val};

use super::check::{call, element, pick_instance};
use crate::api::host::Data;
use crate::api::model::{Func, Stop, Value};
use crate::api::side::Side;
use crate::api::{guest, trace};

/// More fuel than any sequence uses.
pub(in crate::api) const FUEL: u64 = 1 << 60;
/// More ticks than any sequence makes.
pub(in crate::api) const TICKS: u64 = 1 << 40;

/// Calls of functions by reference, and through tables that nothing changes.
pub(super) fn function(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Value::Func(Some(func)) = element(u, side, true)? else { return Ok(()) };
    trace::step(|| format!("call {func:?}"));
    let real = side.func(store, func);
    side.assert_same(store, &Val::FuncRef(Some(real)), Value::Func(Some(func)));
    if let Func::Guest { instance, .. } = func
        && side.model.can_be_called(func)
    {
        let index = u.int_in_range(0..=5_u32)?;
        let number = side.model.function(func).1;
        let expected = match index {
            0 | 2 => Ok(vec![Value::I32(number)]),
            1 => Err(Stop::Trap(Trap::BadSignature)),
            3 => Err(Stop::Trap(Trap::IndirectCallToNull)),
            _ => Err(Stop::Trap(Trap::TableOutOfBounds)),
        };
        call(store, side, instance, "own", &[Value::I32(index as i32)], expected);
    }
    Ok(())
}

/// Calls that go to the host and back.
pub(super) fn back_and_forth(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    let mut arg = 0;
    for _ in 0..u.int_in_range(1..=4_u32)? {
        arg = arg << 4 | u.int_in_range(0..=13_i32)?;
    }
    if u.ratio(1, 3)? {
        let m = side.model.instances[i].memory;
        let before = side.model.load(m, 40);
        let result = side.model.host_call(i, arg).and_then(|_| {
            let after = side.model.load(m, 40)?;
            let bytes = i32::from(before?) << 8 | i32::from(after);
            Ok(vec![Value::I32((side.model.memories[m].pages as i32) << 16 | bytes)])
        });
        call(store, side, i, "late", &[Value::I32(arg)], result);
    } else {
        let result = side.model.host_call(i, arg).map(|x| vec![Value::I32(x)]);
        call(store, side, i, "host", &[Value::I32(arg)], result);
    }
    Ok(())
}

/// Calls that would not end by themselves.
pub(super) fn ended(
    u: &mut Unstructured<'_>,
    store: &mut Store<Data>,
    side: &mut Side,
) -> Result<()> {
    let Some(i) = pick_instance(u, store, side)? else { return Ok(()) };
    match u.int_in_range(0..=5_u32)? {
        0 => call(store, side, i, "deep", &[], Err(Stop::Trap(Trap::StackOverflow))),
        1 => {
            call(store, side, i, "unreachable", &[], Err(Stop::Trap(Trap::UnreachableCodeReached)))
        }
        2 if guest::fuel(side.settings) => {
            trace::step(|| "with little fuel".to_owned());
            store.set_fuel(u.int_in_range(0..=1000)?).expect("fuel is counted");
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::OutOfFuel)));
            store.set_fuel(FUEL).expect("fuel is counted");
        }
        3 if guest::epochs(side.settings) => {
            trace::step(|| "with a near deadline".to_owned());
            store.set_epoch_deadline(1);
            store.engine().increment_epoch();
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
            store.set_epoch_deadline(TICKS);
        }
        // Rarely: on busy cores, the other thread may take long to arrive.
        4 if guest::interruptible(side.settings) && u.ratio(1, 16)? => {
            trace::step(|| "interrupted by another thread".to_owned());
            let handle = store.interrupt_handle().expect("calls can be interrupted");
            std::thread::scope(|scope| {
                scope.spawn(move || handle.interrupt());
                call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
            });
        }
        _ if guest::interruptible(side.settings) => {
            trace::step(|| "interrupted".to_owned());
            store.interrupt_handle().expect("calls can be interrupted").interrupt();
            call(store, side, i, "spin", &[], Err(Stop::Trap(Trap::Interrupt)));
        }
        _ => {
            trace::step(|| "no handle to interrupt with".to_owned());
            assert!(store.interrupt_handle().is_err());
        }
    }
    Ok(())
}

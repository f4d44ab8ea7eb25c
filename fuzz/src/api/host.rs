//! The host's side: the data of stores, and the function that guests call, which calls back into
//! them.

use std::panic::resume_unwind;

use wasm_runtime::{
    Caller, Error, Extern, Func, Linker, Memory, Ref, Result, Snapshot, Store, StoreLimits, Trap,
    Val,
};

use super::model::{code, host_number};

/// The data of a store.
pub(super) struct Data {
    pub(super) limits: StoreLimits,
}

/// The payload of the host's panics. No message is printed for them.
pub(super) struct HostPanic;

/// Defines the function `call` in a linker.
pub(super) fn define(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap("host", "call", call)?;
    Ok(())
}

fn call(mut caller: Caller<'_, Data>, arg: i32) -> Result<i32> {
    let rest = arg >> 4;
    match arg & 15 {
        code::RETURN => Ok(rest),
        code::PANIC => resume_unwind(Box::new(HostPanic)),
        code::ERROR => Err(Error::msg("the host's error")),
        code::WRITE => {
            memory(&mut caller)?.write(&mut caller, 40, &[rest as u8])?;
            Ok(3)
        }
        code::GROW => {
            let memory = memory(&mut caller)?;
            Ok(memory.grow(&mut caller, 1).map_or(-1, |old| old as i32))
        }
        code::NUMBER => call_export(&mut caller, "k0", &[]),
        code::AGAIN => call_export(&mut caller, "host", &[Val::I32(rest)]),
        code::TRAP_INSIDE => {
            let func = func(&mut caller, "unreachable")?;
            match func.call(&mut caller, &[], &mut []).map_err(|e| e.downcast_ref().copied()) {
                Err(Some(Trap::UnreachableCodeReached)) => Ok(77),
                other => panic!("an `unreachable` in a call in a call came to {other:?}"),
            }
        }
        code::SNAPSHOT => {
            assert!(Snapshot::of_store(&mut caller).is_err(), "code of the store is running");
            Ok(8)
        }
        code::CLEAR => {
            let table = caller.get_export("t").and_then(Extern::into_table);
            table.expect("all export it").set(&mut caller, 0, Ref::Func(None))?;
            Ok(9)
        }
        code::TRAP => Err(Trap::IntegerOverflow.into()),
        code::DEEP => {
            let error = call_export(&mut caller, "deep", &[]).expect_err("it has no end");
            assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
            Ok(11)
        }
        code::SWALLOW => Ok(call_export(&mut caller, "host", &[Val::I32(rest)]).unwrap_or(-12)),
        code::INDIRECT => Ok(call_export(&mut caller, "c0", &[Val::I32(rest & 7)]).unwrap_or(-13)),
        _ => Ok(rest),
    }
}

fn memory(caller: &mut Caller<'_, Data>) -> Result<Memory> {
    caller.get_export("m").and_then(Extern::into_memory).ok_or_else(|| Error::msg("no memory"))
}

fn func(caller: &mut Caller<'_, Data>, name: &str) -> Result<Func> {
    caller.get_export(name).and_then(Extern::into_func).ok_or_else(|| Error::msg("no function"))
}

fn call_export(caller: &mut Caller<'_, Data>, name: &str, args: &[Val]) -> Result<i32> {
    let mut results = [Val::I32(0)];
    func(caller, name)?.call(caller, args, &mut results)?;
    Ok(results[0].unwrap_i32())
}

/// A function of the host with the type of one of the guest's `k0` to `k3`. `place` is its index in
/// the store.
pub(super) fn function(store: &mut Store<Data>, kind: usize, place: usize) -> Func {
    let number = host_number(place);
    match kind {
        0 => Func::wrap(store, move || number),
        1 => Func::wrap(store, move |x: i64| x as f64 + f64::from(number)),
        2 => Func::wrap(store, move |x: f64| x as i64 + i64::from(number)),
        _ => Func::wrap(
            store,
            move |a: i32,
                  _: i32,
                  _: i32,
                  _: i32,
                  _: i32,
                  _: i32,
                  _: i32,
                  b: i32,
                  c: i64,
                  _: f64| { (c + i64::from(number), a + b) },
        ),
    }
}

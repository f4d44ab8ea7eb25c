//! Other threads: what was made on one thread is used on another, or on several at once.

use std::panic::resume_unwind;
use std::thread;

use arbitrary::{Result, Unstructured};
use wasm_runtime::Trap;

use super::guest::Kind;
use super::local::pick;
use super::world::{self, World};
use super::{sequence, trace};

/// Continues for a few steps on another thread.
pub(super) fn elsewhere(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    trace::step(|| "on another thread:".to_owned());
    let steps = trace::take();
    let count = u.int_in_range(1..=5_u32)?;
    let (result, steps) = thread::scope(|scope| {
        let run = || {
            trace::put(steps);
            let run = || (0..count).try_for_each(|_| sequence::step(world, u));
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            (result, trace::take())
        };
        scope.spawn(run).join().expect("panics are caught")
    });
    trace::put(steps);
    trace::step(|| "back again".to_owned());
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

/// Several threads at once make stores of one engine, use the same modules, and are interrupted.
pub(super) fn at_once(u: &mut Unstructured<'_>, world: &mut World<'_>) -> Result<()> {
    let Some(e) = pick(u, world.engines.len())? else { return Ok(()) };
    trace::step(|| format!("two threads in engine {e}"));
    let module = world.engines[e].module(u, world.artifacts, Kind::Owner)?;
    let engine = &world.engines[e];
    let pre = engine.base.instantiate_pre(&module).expect("the linker has what it imports");
    let rounds = u.int_in_range(1..=3_u32)?;
    // Rarely: until the other thread arrives, which takes long on busy cores, this one spins.
    let during_a_call = u.ratio(1, 32)?;
    let run = || {
        for round in 0..rounds {
            let mut store = world::new_store(engine);
            let instance = if round % 2 == 0 {
                pre.instantiate(&mut store)
            } else {
                engine.base.instantiate(&mut store, &module)
            };
            let instance = instance.expect("there is room");
            let load =
                instance.get_typed_func::<i32, i32>(&mut store, "load").expect("it is there");
            assert_eq!(load.call(&mut store, 8).expect("it is within"), i32::from(b'i'));
            assert_eq!(load.call(&mut store, 40).expect("it is within"), 0, "of another instance");
            let store_byte = instance.get_typed_func::<(i32, i32), ()>(&mut store, "store");
            store_byte.expect("it is there").call(&mut store, (40, 77)).expect("it is within");
            let grow =
                instance.get_typed_func::<i32, i32>(&mut store, "grow").expect("it is there");
            assert_eq!(grow.call(&mut store, 1).expect("it does not trap"), 1);
            let error = load.call(&mut store, 0x20000).expect_err("it is outside");
            assert_eq!(error.downcast_ref(), Some(&Trap::MemoryOutOfBounds));
            let call = instance.get_typed_func::<i32, i32>(&mut store, "c0").expect("it is there");
            let error = call.call(&mut store, 1).expect_err("it is of another type");
            assert_eq!(error.downcast_ref(), Some(&Trap::BadSignature));
            assert_eq!(call.call(&mut store, 0).expect("it is a function"), 0);
            let snapshot = wasm_runtime::Snapshot::of_store(&mut store).expect("nothing runs");
            let mut other = world::new_store(engine);
            let forked =
                snapshot.fork(&mut other, &engine.base).expect("all values have counterparts");
            let memory = forked[0].get_memory(&mut other, "m").expect("it is there");
            assert_eq!((memory.data(&other)[40], memory.size(&other)), (77, 2));
            if let Ok(handle) = store.interrupt_handle() {
                let spin =
                    instance.get_typed_func::<(), ()>(&mut store, "spin").expect("it is there");
                thread::scope(|scope| {
                    if during_a_call {
                        scope.spawn(move || handle.interrupt());
                    } else {
                        handle.interrupt();
                    }
                    let error = spin.call(&mut store, ()).expect_err("it has no end");
                    assert_eq!(error.downcast_ref(), Some(&Trap::Interrupt));
                });
            }
        }
    };
    thread::scope(|scope| {
        let other = scope.spawn(run);
        run();
        other.join().unwrap_or_else(|payload| resume_unwind(payload));
    });
    Ok(())
}

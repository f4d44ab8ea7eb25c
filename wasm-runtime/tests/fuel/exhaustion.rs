//! Where code ends that runs out of fuel.

use wasm_runtime::{
    Caller, Config, Engine, Func, Instance, Module, Store, Trap, TypedFunc, Val, WasmBacktrace,
};

use crate::host::HOST;
use crate::support::{PLENTY, metered, settings, watched};

#[test]
fn a_loop_without_end_ends() {
    for (name, config) in settings() {
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance) = watched(&engine, HOST);
        let forever = instance.get_typed_func::<(), ()>(&mut store, "forever").unwrap();
        for fuel in [0, 1, 2, 1000, 123_457] {
            store.set_fuel(fuel).unwrap();
            let error = forever.call(&mut store, ()).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel), "{name}");
            assert_eq!(store.get_fuel().unwrap(), 0, "{name}");
            let trace = error.downcast_ref::<WasmBacktrace>().unwrap();
            assert_eq!(trace.frames().len(), 1, "{name}");
            assert_eq!(trace.frames()[0].func_index(), 6, "{name}");
        }
    }
}

/// A module of everything, whose globals show how far it got.
const STEPS: &str = r#"(module
    (import "" "see" (func $see))
    (memory 1)
    (global $g (export "g") (mut i32) (i32.const 0))
    (func $step (global.set $g (i32.add (global.get $g) (i32.const 1))))
    (func $leaf (param i32) (result i32) (i32.add (local.get 0) (i32.const 3)))
    (func $down (param i32) (call $step) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (local i32)
        (call $step)
        (local.set 0 (i32.const 3))
        (loop $again
            (call $step)
            (i32.store (local.get 0) (call $leaf (local.get 0)))
            (if (i32.and (local.get 0) (i32.const 1)) (then (call $see)) (else (call $step)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.set 0 (i32.const 9))
        (loop $quiet
            (global.set $g (i32.add (global.get $g) (i32.const 1)))
            (i32.store (local.get 0) (i32.mul (local.get 0) (local.get 0)))
            (br_if $quiet (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (memory.fill (i32.const 0) (i32.const 1) (global.get $g))
        (call $down (i32.const 4))
        (call $see)
        (call $step)))"#;

#[test]
fn any_amount_ends_at_the_same_place() {
    type Outcome = (bool, i32, Vec<u64>, u64);
    let run = |config: &Config, amounts: &[u64]| -> Vec<Outcome> {
        let engine = Engine::new(config).unwrap();
        let (mut store, instance) = watched(&engine, STEPS);
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let progress = instance.get_global(&mut store, "g").unwrap();
        let outcome = |fuel: &u64| {
            progress.set(&mut store, Val::I32(0)).unwrap();
            store.set_fuel(*fuel).unwrap();
            let result = run.call(&mut store, ());
            if let Err(error) = &result {
                assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
            }
            let seen = std::mem::take(store.data_mut());
            let left = store.get_fuel().unwrap();
            (result.is_ok(), progress.get(&mut store).unwrap_i32(), seen, left)
        };
        amounts.iter().map(outcome).collect()
    };
    let all = settings();
    let whole = PLENTY - run(&all[0].1, &[PLENTY])[0].3;
    assert!((200..400).contains(&whole), "{whole}");
    let amounts: Vec<u64> = (0..=whole + 1).collect();
    let expected = run(&all[0].1, &amounts);
    // The fuel that a complete run uses is enough, and leaves nothing. Without what the last step
    // costs, the run still passes the last check, and returns as well.
    assert_eq!((expected[whole as usize].0, expected[whole as usize].3), (true, 0));
    assert_eq!((expected[whole as usize + 1].0, expected[whole as usize + 1].3), (true, 1));
    assert!(!expected[whole as usize / 2].0);
    assert!(!expected[0].0 && expected[0].1 == 0);
    // With more fuel the code never gets less far.
    assert!(expected.is_sorted_by_key(|outcome| outcome.1));
    for (name, config) in &all[1..] {
        let found = run(config, &amounts);
        for (amount, (expected, found)) in expected.iter().zip(&found).enumerate() {
            assert_eq!(found, expected, "{name}, with {amount}");
        }
    }
}

#[test]
fn an_entry_is_looked_at_before_anything_else() {
    // The call takes the fuel for everything before it.
    let wat = r#"(module (import "" "see" (func $see)) (memory 1)
        (func (export "run") (param i32) (i32.store (local.get 0) (i32.const 1)) (call $see)))"#;
    for (name, config) in settings() {
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance) = watched(&engine, wat);
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        for (fuel, trap) in
            [(0, Trap::OutOfFuel), (1, Trap::MemoryOutOfBounds), (4, Trap::MemoryOutOfBounds)]
        {
            store.set_fuel(fuel).unwrap();
            let error = run.call(&mut store, -1).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&trap), "{name}, {fuel}");
        }
        for (fuel, calls) in [(4, false), (5, true)] {
            store.set_fuel(fuel).unwrap();
            assert_eq!(run.call(&mut store, 8).is_ok(), calls, "{name}, {fuel}");
            assert_eq!(store.data().len(), usize::from(calls), "{name}, {fuel}");
        }
    }
}

#[test]
fn a_store_starts_with_none() {
    let engine = metered();
    let wat = r#"(module (global $g (mut i32) (i32.const 0)) (func $start (global.set $g (i32.const 1)))
        (start $start) (func (export "leaf") (result i32) (global.get $g)))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let error = Instance::new(&mut store, &module, &[]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
    // The start function's call and what has made it, its entry, and two operators.
    store.set_fuel(2).unwrap();
    assert!(Instance::new(&mut store, &module, &[]).is_err());
    store.set_fuel(5).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 0);
    let leaf: TypedFunc<(), i32> = instance.get_typed_func(&mut store, "leaf").unwrap();
    let error = leaf.call(&mut store, ()).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel));
    // Once a call was allowed to enter, it runs to its end. What it used beyond its fuel is
    // remembered.
    store.set_fuel(1).unwrap();
    assert_eq!(leaf.call(&mut store, ()).unwrap(), 1);
    assert_eq!(store.get_fuel().unwrap(), 0);
    assert!(leaf.call(&mut store, ()).is_err());
}

#[test]
fn a_start_function_of_the_host_is_not_called_without_fuel() {
    let engine = metered();
    let module = Module::new(&engine, r#"(module (import "" "f" (func $f)) (start $f))"#).unwrap();
    for (fuel, calls) in [(0, 0), (1, 0), (2, 1)] {
        let mut store = Store::new(&engine, 0);
        store.set_fuel(fuel).unwrap();
        let func = Func::wrap(&mut store, |mut caller: Caller<'_, i32>| *caller.data_mut() += 1);
        let made = Instance::new(&mut store, &module, &[func.into()]);
        assert_eq!(*store.data(), calls, "{fuel}");
        match made {
            Ok(_) => assert_eq!(calls, 1, "{fuel}"),
            Err(error) => assert_eq!(error.downcast_ref(), Some(&Trap::OutOfFuel), "{fuel}"),
        }
        assert_eq!(store.get_fuel().unwrap(), 0);
    }
}

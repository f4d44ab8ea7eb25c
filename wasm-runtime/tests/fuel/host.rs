//! What the host sees of the fuel that was used, where it sees it, and what it sets.

use std::sync::{Arc, Mutex};

use wasm_runtime::{
    Caller, Config, Engine, Instance, Linker, Module, OptLevel, Store, Trap, UpdateDeadline,
};

use crate::support::{PLENTY, metered, settings, watched};

/// Calls to the host from several places.
pub(crate) const HOST: &str = r#"(module
    (import "" "see" (func $see))
    (import "" "set" (func $set (param i64)))
    (import "" "fail" (func $fail))
    (memory 1)
    (table funcref (elem $see))
    (func (export "run") (param i32)
        (drop (i32.const 1))
        (call $see)
        (loop $again
            (if (i32.and (local.get 0) (i32.const 1)) (then (call $see)))
            (drop (i32.load (local.get 0)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (call_indirect (i32.const 0))
        (drop (i32.const 1)))
    (func (export "refuel") (param i64)
        (drop (i32.const 1))
        (call $set (local.get 0))
        (drop (i32.const 1))
        (drop (i32.const 1))
        (call $see))
    (func (export "broken") (drop (i32.const 1)) (call $fail) (drop (i32.const 1)))
    (func (export "forever") (loop (br 0))))"#;

#[test]
fn the_host_sees_what_was_used_up_to_its_call() {
    for (name, config) in settings() {
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance) = watched(&engine, HOST);
        store.set_fuel(PLENTY).unwrap();
        instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap().call(&mut store, 3).unwrap();
        let seen: Vec<u64> = store.data().iter().map(|left| PLENTY - left).collect();
        // Before the first call: the entry, a constant, and the call. The loop runs three times. In
        // the first and the third iteration there is a call after 4 operators. What follows the
        // call, or takes its place, is 2 + 5.
        let first = 1 + 1 + 1;
        let in_first = first + 4 + 1;
        let in_third = in_first + 7 + (4 + 7) + 4 + 1;
        assert_eq!(seen, [first, in_first, in_third, in_third + 7 + 2], "{name}");
        assert_eq!(PLENTY - store.get_fuel().unwrap(), in_third + 7 + 2 + 1, "{name}");
    }
}

#[test]
fn code_goes_on_with_what_the_host_sets() {
    for (name, config) in settings() {
        let engine = Engine::new(&config).unwrap();
        let (mut store, instance) = watched(&engine, HOST);
        let refuel = instance.get_typed_func::<u64, ()>(&mut store, "refuel").unwrap();
        store.set_fuel(100).unwrap();
        refuel.call(&mut store, 50).unwrap();
        assert_eq!(*store.data(), [47], "{name}");
        assert_eq!(store.get_fuel().unwrap(), 47, "{name}");
        // Nothing is called that is not paid for.
        let error = refuel.call(&mut store, 2).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::OutOfFuel), "{name}");
        assert_eq!((store.data().len(), store.get_fuel().unwrap()), (1, 0), "{name}");
        store.set_fuel(100).unwrap();
        refuel.call(&mut store, 3).unwrap();
        assert_eq!(*store.data(), [47, 0], "{name}");
    }
}

#[test]
fn an_error_of_the_host_is_at_its_call() {
    let engine = metered();
    let (mut store, instance) = watched(&engine, HOST);
    store.set_fuel(100).unwrap();
    let broken = instance.get_typed_func::<(), ()>(&mut store, "broken").unwrap();
    broken.call(&mut store, ()).unwrap_err();
    assert_eq!(store.get_fuel().unwrap(), 97);
}

/// A callback that interrupts code sees what the code has used. The code goes on with what the
/// callback sets.
#[test]
fn an_interruption_sees_what_was_used() {
    let wat = r#"(module (memory 1) (func (export "run") (param i32)
        (drop (i32.const 1))
        (loop $again
            (i32.store (local.get 0) (i32.const 1))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"#;
    for level in [OptLevel::None, OptLevel::Speed] {
        let mut config = Config::new();
        config.consume_fuel(true).epoch_interruption(true).cranelift_opt_level(level);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(&engine, wat).unwrap();
        let mut store = Store::new(&engine, Vec::new());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
        // The deadline has passed at the start, and passes again three times.
        store.epoch_deadline_callback(|mut context| {
            let left = context.get_fuel()?;
            context.data_mut().push(left);
            context.set_fuel(1000)?;
            Ok(UpdateDeadline::Continue(u64::from(context.data().len() > 3)))
        });
        store.set_fuel(100).unwrap();
        run.call(&mut store, 10).unwrap();
        // The entry and a constant; then, for each iteration, what it contains.
        assert_eq!(*store.data(), [98, 992, 992, 992]);
        assert_eq!(store.get_fuel().unwrap(), 1000 - 7 * 8);
        // If the interruption ends the call, the count is exact, too.
        store.epoch_deadline_trap();
        store.set_epoch_deadline(0);
        store.set_fuel(100).unwrap();
        let error = run.call(&mut store, 10).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        assert_eq!(store.get_fuel().unwrap(), 98);
    }
}

#[cfg(feature = "function-hook")]
#[test]
fn a_function_hook_sees_what_was_used() {
    use wasm_runtime::{AsContext as _, NamePattern};
    let wat = r#"(module
        (func $f (export "f") (param i32) (result i32)
            (if (local.get 0) (then (return (call $f (i32.sub (local.get 0) (i32.const 1))))))
            (drop (i32.const 1)) (i32.const 1)))"#;
    let mut config = Config::new();
    config.consume_fuel(true).function_hooks([NamePattern::new("*").unwrap()]);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, Vec::new());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    store.function_hook(|mut context| {
        let left = context.as_context().get_fuel()?;
        context.data_mut().push(100 - left);
        Ok(())
    });
    store.set_fuel(100).unwrap();
    let f = instance.get_typed_func::<i32, i32>(&mut store, "f").unwrap();
    assert_eq!(f.call(&mut store, 1).unwrap(), 1);
    // Entered; after 6 more, entered again; then left twice, after 4 each.
    assert_eq!(*store.data(), [1, 8, 12, 12]);
    assert_eq!(store.get_fuel().unwrap(), 88);
}

#[test]
fn instances_of_a_store_share_what_is_left() {
    let engine = metered();
    let mut store = Store::new(&engine, ());
    store.set_fuel(100).unwrap();
    let callee =
        Module::new(&engine, r#"(module (func (export "f") (drop (i32.const 1))))"#).unwrap();
    let callee = Instance::new(&mut store, &callee, &[]).unwrap();
    let f = callee.get_func(&mut store, "f").unwrap();
    let caller = r#"(module (import "" "f" (func $f)) (table funcref (elem $f))
        (func (export "run") (call $f) (call_indirect (i32.const 0))))"#;
    let caller = Module::new(&engine, caller).unwrap();
    let caller = Instance::new(&mut store, &caller, &[f.into()]).unwrap();
    caller.get_typed_func::<(), ()>(&mut store, "run").unwrap().call(&mut store, ()).unwrap();
    assert_eq!(store.get_fuel().unwrap(), 100 - (1 + (1 + 2) + (2 + 2)));
}

#[test]
fn nested_calls_see_each_others_use() {
    let engine = metered();
    let wat = r#"(module (import "" "in" (func $in))
        (func (export "outer") (drop (i32.const 1)) (call $in) (drop (i32.const 1)))
        (func (export "inner") (drop (i32.const 1)) (unreachable) (drop (i32.const 1))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut linker: Linker<()> = Linker::new(&engine);
    let noted = seen.clone();
    linker
        .func_wrap("", "in", move |mut caller: Caller<'_, ()>| {
            let inner = caller.get_export("inner").unwrap().into_func().unwrap();
            let error = inner.call(&mut caller, &[], &mut []).unwrap_err();
            assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
            noted.lock().unwrap().push(caller.get_fuel().unwrap());
        })
        .unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(100).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    instance.get_typed_func::<(), ()>(&mut store, "outer").unwrap().call(&mut store, ()).unwrap();
    // An entry, a constant and a call. Then an entry and a constant.
    assert_eq!(*seen.lock().unwrap(), [100 - 3 - 2]);
    assert_eq!(store.get_fuel().unwrap(), 100 - 3 - 2 - 1);
}

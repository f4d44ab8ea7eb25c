//! Time limits for calls.

use std::time::{Duration, Instant};

use wasm_runtime::{
    AsContextMut as _, Caller, Engine, Instance, Linker, Module, Result, Store, Trap, TypedFunc,
};

use crate::support::{engine, trap};

/// Much longer than a test takes.
const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(5);

struct Guest {
    store: Store<()>,
    endless: TypedFunc<(), ()>,
    once: TypedFunc<(), i32>,
    sleep: TypedFunc<i32, i32>,
    spin: TypedFunc<i32, i32>,
    nested: TypedFunc<i32, i32>,
}

impl Guest {
    /// `nested` hands its number to the host. The host calls `endless`, after setting a timeout of
    /// so many milliseconds if the number is not 0.
    fn new(engine: &Engine) -> Self {
        let module = Module::new(
            engine,
            r#"(module
                (import "" "sleep" (func $sleep (param i32)))
                (import "" "spin" (func $spin (param i32)))
                (import "" "nested" (func $nested (param i32) (result i32)))
                (memory 1)
                (func (export "endless") (loop (br 0)))
                (func (export "once") (result i32) (loop (nop)) (i32.const 1))
                (func (export "sleep") (param i32) (result i32)
                    (call $sleep (local.get 0)) (loop (nop)) (i32.const 2))
                (func (export "spin") (param i32) (result i32)
                    (call $spin (local.get 0)) (loop (nop)) (i32.const 3))
                (func (export "nested") (param i32) (result i32)
                    (call $nested (local.get 0)) (loop (nop))))"#,
        )
        .unwrap();
        let mut linker = Linker::<()>::new(engine);
        let time = |milliseconds: i32| Duration::from_millis(milliseconds as u64);
        linker.func_wrap("", "sleep", move |for_: i32| std::thread::sleep(time(for_))).unwrap();
        linker
            .func_wrap("", "spin", move |for_: i32| {
                let start = Instant::now();
                while start.elapsed() < time(for_) {
                    std::hint::spin_loop();
                }
            })
            .unwrap();
        linker
            .func_wrap("", "nested", move |mut caller: Caller<'_, ()>, for_: i32| -> Result<i32> {
                if for_ != 0 {
                    caller.as_context_mut().set_timeout(time(for_))?;
                }
                let endless = caller.get_export("endless").unwrap().into_func().unwrap();
                let endless = endless.typed::<(), ()>(&caller)?;
                assert_eq!(trap(endless.call(&mut caller, ())), Trap::Interrupt);
                Ok(4)
            })
            .unwrap();
        let mut store = Store::new(engine, ());
        let instance = linker.instantiate(&mut store, &module).unwrap();
        Self {
            endless: instance.get_typed_func(&mut store, "endless").unwrap(),
            once: instance.get_typed_func(&mut store, "once").unwrap(),
            sleep: instance.get_typed_func(&mut store, "sleep").unwrap(),
            spin: instance.get_typed_func(&mut store, "spin").unwrap(),
            nested: instance.get_typed_func(&mut store, "nested").unwrap(),
            store,
        }
    }
}

#[test]
fn each_call_has_its_time() {
    let engine = engine(|config| config);
    let mut guest = Guest::new(&engine);
    guest.store.set_timeout(SHORT).unwrap();
    for _ in 0..3 {
        assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
        // The host may take as long as it likes.
        std::thread::sleep(2 * SHORT);
    }
    guest.store.set_timeout(LONG).unwrap();
    for _ in 0..1000 {
        assert_eq!(guest.once.call(&mut guest.store, ()).unwrap(), 1);
    }
    guest.store.set_timeout(SHORT).unwrap();
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
    guest.store.set_timeout(None).unwrap();
    assert_eq!(guest.sleep.call(&mut guest.store, 20).unwrap(), 2);
    // Other stores are not affected.
    let mut other = Guest::new(&engine);
    guest.store.set_timeout(SHORT).unwrap();
    assert_eq!(other.sleep.call(&mut other.store, 20).unwrap(), 2);
    assert_eq!(trap(guest.sleep.call(&mut guest.store, 50)), Trap::Interrupt);
}

#[test]
fn no_time_and_endless_time_are_valid_timeouts() {
    let engine = engine(|config| config);
    let mut guest = Guest::new(&engine);
    guest.store.set_timeout(Duration::ZERO).unwrap();
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
    guest.store.set_timeout(Duration::MAX).unwrap();
    assert_eq!(guest.once.call(&mut guest.store, ()).unwrap(), 1);
    guest.store.set_cpu_timeout(Duration::MAX).unwrap();
    assert_eq!(guest.once.call(&mut guest.store, ()).unwrap(), 1);
    guest.store.set_cpu_timeout(Duration::ZERO).unwrap();
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
}

#[test]
fn sleep_takes_no_time_of_a_processor() {
    let engine = engine(|config| config);
    let mut guest = Guest::new(&engine);
    guest.store.set_cpu_timeout(Duration::from_millis(20)).unwrap();
    for _ in 0..3 {
        assert_eq!(guest.sleep.call(&mut guest.store, 60).unwrap(), 2);
    }
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
    guest.store.set_cpu_timeout(SHORT).unwrap();
    let work = move || {
        let mut guest = guest;
        // What this thread has done before does not count.
        assert_eq!(guest.once.call(&mut guest.store, ()).unwrap(), 1);
        assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
        guest
    };
    let mut guest = std::thread::spawn(work).join().unwrap();
    guest.store.set_timeout(LONG).unwrap();
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
    guest.store.set_cpu_timeout(None).unwrap();
    guest.store.set_timeout(SHORT).unwrap();
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
}

#[test]
fn work_of_host_functions_takes_time_of_a_processor() {
    let mut guest = Guest::new(&engine(|config| config));
    // Work that ends before anybody measures it does not count, so there is enough of it.
    guest.store.set_cpu_timeout(Duration::from_millis(2)).unwrap();
    assert_eq!(trap(guest.spin.call(&mut guest.store, 400)), Trap::Interrupt);
}

#[test]
fn calls_in_calls_are_part_of_them() {
    let mut guest = Guest::new(&engine(|config| config));
    guest.store.set_timeout(SHORT).unwrap();
    // The inner call ends. Its time is part of the outer call's time, so the outer call ends too.
    assert_eq!(trap(guest.nested.call(&mut guest.store, 0)), Trap::Interrupt);
    assert_eq!(guest.once.call(&mut guest.store, ()).unwrap(), 1);
}

#[test]
fn a_host_function_limits_the_call_it_is_in() {
    let mut guest = Guest::new(&engine(|config| config));
    assert_eq!(trap(guest.nested.call(&mut guest.store, 5)), Trap::Interrupt);
    // The limit also holds for the calls that follow.
    assert_eq!(trap(guest.endless.call(&mut guest.store, ())), Trap::Interrupt);
    guest.store.set_timeout(None).unwrap();
    assert_eq!(guest.sleep.call(&mut guest.store, 20).unwrap(), 2);
}

#[test]
fn start_functions_have_their_time_too() {
    let engine = engine(|config| config);
    let module =
        Module::new(&engine, "(module (memory 1) (func $start (loop (br 0))) (start $start))")
            .unwrap();
    let mut store = Store::new(&engine, ());
    store.set_timeout(SHORT).unwrap();
    assert_eq!(trap(Instance::new(&mut store, &module, &[])), Trap::Interrupt);
}

#[test]
fn failures_leave_timed_stores_as_they_were() {
    let engine = engine(|config| config);
    let module = Module::new(
        &engine,
        r#"(module (memory 1)
            (func $deep (export "deep") (result i32) (i32.add (call $deep) (i32.const 1)))
            (func (export "trap") unreachable)
            (func (export "once") (result i32) (loop (nop)) (i32.const 1)))"#,
    )
    .unwrap();
    let mut store = Store::new(&engine, ());
    store.set_timeout(LONG).unwrap();
    store.set_cpu_timeout(LONG).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let deep = instance.get_typed_func::<(), i32>(&mut store, "deep").unwrap();
    let fails = instance.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
    let once = instance.get_typed_func::<(), i32>(&mut store, "once").unwrap();
    for _ in 0..3 {
        assert_eq!(trap(deep.call(&mut store, ())), Trap::StackOverflow);
        assert_eq!(trap(fails.call(&mut store, ())), Trap::UnreachableCodeReached);
        assert_eq!(once.call(&mut store, ()).unwrap(), 1);
    }
    store.set_timeout(SHORT).unwrap();
    let handle = store.interrupt_handle().unwrap();
    handle.interrupt();
    assert_eq!(trap(once.call(&mut store, ())), Trap::Interrupt);
    assert_eq!(once.call(&mut store, ()).unwrap(), 1);
}

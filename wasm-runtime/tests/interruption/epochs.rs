//! Deadlines in epochs, and the callbacks that are called when they are reached.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasm_runtime::{
    AsContextMut as _, Caller, Config, Engine, Error, ExternRef, Instance, Linker, Module, Ref,
    Result, Store, Trap, TypedFunc, UpdateDeadline, Val, WasmBacktrace,
};

use crate::support::{engine, trap};

const WAT: &str = r#"(module
    (memory 1)
    (func $endless (export "endless") (loop (br 0)))
    (func (export "leaf") (result i32) (i32.const 3))
    (func $count (export "count") (param $n i32) (result i32) (local $sum i32)
        (loop $again
            (local.set $sum (i32.add (local.get $sum) (local.get $n)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $sum)))"#;

struct Guest<T: 'static> {
    store: Store<T>,
    endless: TypedFunc<(), ()>,
    count: TypedFunc<i32, i32>,
    leaf: TypedFunc<(), i32>,
}

impl<T: 'static> Guest<T> {
    fn new(engine: &Engine, data: T) -> Self {
        let module = Module::new(engine, WAT).unwrap();
        let mut store = Store::new(engine, data);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Self {
            endless: instance.get_typed_func(&mut store, "endless").unwrap(),
            count: instance.get_typed_func(&mut store, "count").unwrap(),
            leaf: instance.get_typed_func(&mut store, "leaf").unwrap(),
            store,
        }
    }

    fn count(&mut self) -> Result<i32> {
        self.count.call(&mut self.store, 10)
    }

    #[track_caller]
    fn is_interrupted(&mut self) {
        assert_eq!(trap(self.count()), Trap::Interrupt);
        assert_eq!(trap(self.endless.call(&mut self.store, ())), Trap::Interrupt);
    }

    #[track_caller]
    fn is_not_interrupted(&mut self) {
        assert_eq!(self.count().unwrap(), 55);
    }
}

#[test]
fn a_new_store_is_at_its_deadline() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, ());
    guest.is_interrupted();
    assert_eq!(guest.leaf.call(&mut guest.store, ()).unwrap(), 3);
    engine.increment_epoch();
    guest.is_interrupted();
    // The other kinds of interruption need no deadline.
    let engine = Engine::new(Config::new().interruption(true)).unwrap();
    let mut guest = Guest::new(&engine, ());
    (0..3).for_each(|_| engine.increment_epoch());
    guest.is_not_interrupted();
    guest.store.set_epoch_deadline(1);
    guest.is_not_interrupted();
    engine.increment_epoch();
    guest.is_interrupted();
}

#[test]
fn deadlines_count_from_when_they_are_set() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, ());
    guest.store.set_epoch_deadline(2);
    guest.is_not_interrupted();
    engine.increment_epoch();
    guest.is_not_interrupted();
    guest.store.set_epoch_deadline(2);
    engine.increment_epoch();
    guest.is_not_interrupted();
    engine.increment_epoch();
    guest.is_interrupted();
    guest.is_interrupted();
    guest.store.set_epoch_deadline(1);
    guest.is_not_interrupted();
    // So late that no number can represent it.
    guest.store.set_epoch_deadline(u64::MAX);
    (0..5).for_each(|_| engine.increment_epoch());
    guest.is_not_interrupted();
    guest.store.set_epoch_deadline(0);
    guest.is_interrupted();
}

#[test]
fn a_running_call_is_ended_by_a_tick() {
    let engine = engine(|config| config.epoch_interruption(true));
    let is_over = Arc::new(AtomicBool::new(false));
    let ticker = std::thread::spawn({
        let (engine, is_over) = (engine.clone(), is_over.clone());
        move || {
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_micros(200));
                engine.increment_epoch();
            }
        }
    });
    let mut guest = Guest::new(&engine, ());
    for ticks in [0, 1, 2, 5] {
        guest.store.set_epoch_deadline(ticks);
        let error = guest.endless.call(&mut guest.store, ()).unwrap_err();
        assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::Interrupt));
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        assert_eq!(
            frames.iter().map(|frame| frame.func_name()).collect::<Vec<_>>(),
            [Some("endless")]
        );
    }
    is_over.store(true, Ordering::Relaxed);
    ticker.join().unwrap();
}

#[test]
fn stores_have_deadlines_of_their_own() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guests: Vec<_> = (0..6).map(|_| Guest::new(&engine, ())).collect();
    for (ticks, guest) in guests.iter_mut().enumerate() {
        guest.store.set_epoch_deadline(ticks as u64 + 1);
    }
    // A store that is gone takes its deadline with it.
    drop(guests.remove(3));
    let deadlines = [1, 2, 3, 5, 6];
    for epoch in 0..8 {
        for (guest, deadline) in guests.iter_mut().zip(deadlines) {
            if epoch < deadline { guest.is_not_interrupted() } else { guest.is_interrupted() }
        }
        engine.increment_epoch();
    }
}

#[test]
fn a_callback_says_how_the_code_goes_on() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, Vec::new());
    guest.store.epoch_deadline_callback(|mut store| {
        let calls = store.data().len();
        let update = match calls {
            0 => UpdateDeadline::Continue(0),
            1 => UpdateDeadline::Continue(0),
            2 => UpdateDeadline::Continue(1),
            _ => UpdateDeadline::Interrupt,
        };
        store.data_mut().push(format!("{update:?}"));
        Ok(update)
    });
    guest.is_not_interrupted();
    assert_eq!(guest.store.data().len(), 3);
    guest.is_not_interrupted();
    engine.increment_epoch();
    guest.is_interrupted();
    assert_eq!(guest.store.data().len(), 5);
    guest.store.epoch_deadline_trap();
    guest.is_interrupted();
    assert_eq!(guest.store.data().len(), 5);
    assert_eq!(guest.store.into_data()[1], "Continue(0)");
}

/// Nobody else could run meanwhile.
#[test]
fn a_call_that_can_not_wait_does_not_yield() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, ());
    guest.store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
    let error = guest.count().unwrap_err();
    assert!(format!("{error:?}").contains("call_async"), "{error:?}");
}

#[test]
fn an_error_of_a_callback_ends_the_call() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, 0);
    guest.store.epoch_deadline_callback(|mut store| {
        *store.data_mut() += 1;
        let frames = WasmBacktrace::force_capture(&store).frames().len();
        Err(Error::msg(format!("enough, in {frames} function")))
    });
    for calls in 1..3 {
        let error = guest.count().unwrap_err();
        assert_eq!(error.root_cause().to_string(), "enough, in 1 function");
        let frames = error.downcast_ref::<WasmBacktrace>().unwrap().frames();
        assert_eq!(frames[0].func_name(), Some("count"));
        assert_eq!(*guest.store.data(), calls);
    }
    guest.store.set_epoch_deadline(1);
    guest.is_not_interrupted();
}

#[test]
fn a_panic_of_a_callback_goes_on_in_the_caller() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, ());
    guest.store.epoch_deadline_callback(|_| panic!("no more"));
    for _ in 0..2 {
        let payload = catch_unwind(AssertUnwindSafe(|| guest.count())).unwrap_err();
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"no more"));
    }
    guest.store.epoch_deadline_trap();
    guest.is_interrupted();
    guest.store.set_epoch_deadline(1);
    guest.is_not_interrupted();
}

#[test]
fn a_callback_may_call_wasm_and_change_settings() {
    let engine = engine(|config| config.epoch_interruption(true));
    let mut guest = Guest::new(&engine, Vec::new());
    let count = guest.count;
    guest.store.epoch_deadline_callback(move |mut store| {
        // While the deadline has passed, no callback is called.
        assert_eq!(trap(count.call(&mut store, 10)), Trap::Interrupt);
        store.set_epoch_deadline(1);
        let sum = count.call(&mut store, 10)?;
        store.data_mut().push(sum);
        Ok(UpdateDeadline::Continue(0))
    });
    guest.is_not_interrupted();
    assert_eq!(*guest.store.data(), [55; 10]);
    // A callback may make all further deadlines trap, in code and in host functions.
    guest.store.epoch_deadline_callback(|mut store| {
        store.epoch_deadline_trap();
        store.data_mut().push(0);
        Ok(UpdateDeadline::Continue(0))
    });
    guest.is_interrupted();
    assert_eq!(trap(guest.store.as_context_mut().check_interruption()), Trap::Interrupt);
    assert_eq!(guest.store.data().len(), 11);
}

#[test]
fn a_host_function_gives_its_caller_time() {
    let engine = engine(|config| config.epoch_interruption(true));
    let module = Module::new(
        &engine,
        r#"(module (import "" "more" (func $more)) (memory 1)
            (func (export "run") (param $n i32)
                (loop $again
                    (call $more)
                    (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#,
    )
    .unwrap();
    let mut linker = Linker::<u32>::new(&engine);
    linker
        .func_wrap("", "more", |mut caller: Caller<'_, u32>| {
            caller.engine().increment_epoch();
            *caller.data_mut() += 1;
            if *caller.data() < 8 {
                caller.as_context_mut().set_epoch_deadline(1);
            }
        })
        .unwrap();
    let mut store = Store::new(&engine, 0);
    store.set_epoch_deadline(1);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    run.call(&mut store, 7).unwrap();
    assert_eq!(trap(run.call(&mut store, 7)), Trap::Interrupt);
    assert_eq!(*store.data(), 8);
}

#[test]
fn a_start_function_has_the_deadline_of_its_store() {
    let engine = engine(|config| config.epoch_interruption(true));
    let module =
        Module::new(&engine, "(module (memory 1) (func $start (loop (nop))) (start $start))")
            .unwrap();
    let mut store = Store::new(&engine, ());
    assert_eq!(trap(Instance::new(&mut store, &module, &[])), Trap::Interrupt);
    store.set_epoch_deadline(1);
    Instance::new(&mut store, &module, &[]).unwrap();
}

/// The code sees what a callback has changed: it keeps no values that it read before the head of a
/// loop.
#[test]
fn code_sees_what_a_callback_has_changed() {
    let mut config = Config::new();
    config.epoch_interruption(true);
    for reservation in [4 << 30, 0] {
        config.memory_reservation(reservation);
        let engine = Engine::new(&config).unwrap();
        let module = Module::new(
            &engine,
            r#"(module
                (memory (export "memory") 1)
                (table $t (export "table") 8 externref)
                (global $g (export "global") (mut i32) (i32.const 0))
                (func (export "memory_is_0") (if (i32.eqz (i32.load (i32.const 0)))
                    (then (loop $l (br_if $l (i32.eqz (i32.load (i32.const 0))))))))
                (func (export "global_is_0") (if (i32.eqz (global.get $g))
                    (then (loop $l (br_if $l (i32.eqz (global.get $g)))))))
                (func (export "size_is_1") (if (i32.eq (memory.size) (i32.const 1))
                    (then (loop $l (br_if $l (i32.eq (memory.size) (i32.const 1)))))))
                (func (export "table_is_null") (if (ref.is_null (table.get $t (i32.const 7)))
                    (then (loop $l (br_if $l (ref.is_null (table.get $t (i32.const 7)))))))))"#,
        )
        .unwrap();
        for name in ["memory_is_0", "global_is_0", "size_is_1", "table_is_null"] {
            let mut store = Store::new(&engine, 0);
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let memory = instance.get_memory(&mut store, "memory").unwrap();
            let global = instance.get_global(&mut store, "global").unwrap();
            let table = instance.get_table(&mut store, "table").unwrap();
            let run = instance.get_typed_func::<(), ()>(&mut store, name).unwrap();
            store.set_epoch_deadline(0);
            store.epoch_deadline_callback(move |mut store| {
                *store.data_mut() += 1;
                assert!(*store.data() < 100, "the code still sees what was there before");
                if *store.data() == 3 {
                    // Both move when they grow; the memory does only if it is not reserved whole.
                    table.grow(&mut store, 1_000_000, Ref::Extern(None))?;
                    memory.grow(&mut store, 100)?;
                    let something = ExternRef::new(&mut store, 5)?;
                    table.set(&mut store, 7, Ref::Extern(Some(something)))?;
                    memory.write(&mut store, 0, &[1])?;
                    global.set(&mut store, Val::I32(1))?;
                }
                Ok(UpdateDeadline::Continue(0))
            });
            run.call(&mut store, ()).unwrap();
            assert_eq!(*store.data(), 3, "{name}");
        }
    }
}

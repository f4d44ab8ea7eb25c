//! Traps, errors, exceptions and deadlines.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    AsContextMut, DebugEvent, Error, ExnRef, ExnRefPre, ExnType, Func, Module, ModulePC, Trap, Val,
};

use super::session::{
    Debugger, Seen, block_on, call, debugger, describe, engine, engine_with,
    for_the_first_exception, innermost, poll_once, start,
};

/// Notes each event, with the innermost frame.
fn notes() -> Debugger {
    debugger(|store, event| {
        let what = match event {
            DebugEvent::Trap(trap) => format!("{trap:?}"),
            DebugEvent::HostcallError(error) => format!("{:#}", error.root_cause()),
            DebugEvent::Exception(exception) => {
                let value = exception.field(&mut *store, 0).unwrap().unwrap_i32();
                format!("exception {value}")
            }
            DebugEvent::EpochYield => "deadline".to_owned(),
            DebugEvent::Breakpoint => "stop".to_owned(),
        };
        let frame = innermost(&mut *store);
        let words = describe(&mut *store, &frame);
        let values = words.split_once(": ").unwrap().1;
        store.data_mut().push(format!("{what} {values}"));
    })
}

#[test]
fn traps_are_told_of_with_their_frames() {
    let cases = [
        ("local.get 0 i32.const 0 i32.div_s drop", "IntegerDivisionByZero [5] [5 0]"),
        ("i64.const 9 unreachable", "UnreachableCodeReached [5] [9L]"),
        ("i32.const 65536 i32.load drop", "MemoryOutOfBounds [5] [65536]"),
        ("i32.const 65536 local.get 0 i32.store", "MemoryOutOfBounds [5] [65536 5]"),
        ("i32.const 1 call_indirect", "IndirectCallToNull [5] [1]"),
        ("i32.const 2 call_indirect", "TableOutOfBounds [5] [2]"),
        ("f32.const nan i32.trunc_f32_s drop", "BadConversionToInteger [5] [NaNf]"),
        ("ref.null func ref.as_non_null drop", "NullReference [5] [null]"),
        (
            "i32.const 0 i32.const 0 i32.const 65537 memory.fill",
            "MemoryOutOfBounds [5] [0 0 65537]",
        ),
    ];
    for (code, expected) in cases {
        for waits in [0, 1] {
            let wat = format!(
                r#"(module
                    (memory 1 1) (table 2 funcref) (elem (i32.const 0) $f) (func $f)
                    (func $inner (param i32) {code})
                    (func (export "run") (i32.const 5) (call $inner)))"#
            );
            let (mut store, _, instance) = start(&engine(), &wat, |_| vec![]);
            store.set_debug_handler(notes().waiting(waits));
            let error = call(&mut store, instance, "run", &[]).unwrap_err();
            let seen = store.data()[0].clone();
            assert_eq!(seen, expected);
            let trap = error.downcast_ref::<Trap>().unwrap();
            assert!(seen.starts_with(&format!("{trap:?}")), "{trap:?} {seen}");
            let backtrace = error.downcast_ref::<wasm_runtime::WasmBacktrace>().unwrap();
            assert_eq!(backtrace.frames().len(), 2);
            assert_eq!(store.data().len(), 1);
            // The store is as good as before.
            call(&mut store, instance, "run", &[]).unwrap_err();
            assert_eq!(store.data().len(), 2);
        }
    }
}

#[test]
fn a_stack_that_is_used_up_is_a_trap_as_ever() {
    let wat = r#"(module (func $f (export "run") (param i32) (call $f (local.get 0))))"#;
    let (mut store, _, instance) = start(&engine(), wat, |_| vec![]);
    store.set_debug_handler(notes());
    let error = call(&mut store, instance, "run", &[Val::I32(1)]).unwrap_err();
    assert_eq!(error.downcast_ref::<Trap>(), Some(&Trap::StackOverflow));
    assert!(store.data().is_empty());
}

#[test]
fn errors_of_the_host_are_told_of() {
    let wat = r#"(module
        (import "" "fail" (func $fail (param i32)))
        (func (export "run") (param i64) (i32.const 3) (call $fail (i32.const 4)) drop))"#;
    for waits in [0, 1] {
        let (mut store, _, instance) = start(&engine(), wat, |store| {
            let fail = |_: i32| -> wasm_runtime::Result<()> { Err(Error::msg("out of paper")) };
            vec![Func::wrap(store, fail)]
        });
        store.set_debug_handler(notes().waiting(waits));
        let error = call(&mut store, instance, "run", &[Val::I64(1)]).unwrap_err();
        assert_eq!(error.root_cause().to_string(), "out of paper");
        assert_eq!(*store.data(), ["out of paper [1L] [3 4]"]);
    }
}

#[test]
fn functions_of_the_host_that_wait_fail_as_well() {
    let wat = r#"(module (import "" "fail" (func $fail)) (func (export "run") call $fail))"#;
    let (mut store, _, instance) = start(&engine(), wat, |store| {
        vec![Func::wrap_async(store, |_, ()| {
            Box::new(async {
                super::session::Once(false).await;
                Err::<(), _>(Error::msg("late"))
            })
        })]
    });
    store.set_debug_handler(notes().waiting(1));
    call(&mut store, instance, "run", &[]).unwrap_err();
    assert_eq!(*store.data(), ["late [] []"]);
}

const THROWS: &str = r#"(module
    (tag $t (export "t") (param i32))
    (func $inner (local i32)
        (local.set 0 (i32.const 100))
        (throw $t (i32.const 42)))
    (func (export "uncaught") call $inner)
    (func (export "caught") (result i32)
        (block $b (result i32)
            (try_table (catch $t $b) call $inner)
            i32.const 0)))"#;

#[test]
fn exceptions_are_told_of_before_they_are_caught() {
    for waits in [0, 1] {
        let (mut store, _, instance) = start(&engine(), THROWS, |_| vec![]);
        store.set_debug_handler(notes().waiting(waits));
        let caught = call(&mut store, instance, "caught", &[]).unwrap();
        assert_eq!(caught.unwrap().unwrap_i32(), 42);
        let error = call(&mut store, instance, "uncaught", &[]).unwrap_err();
        assert!(error.is::<wasm_runtime::ThrownException>());
        assert_eq!(*store.data(), ["exception 42 [100] [42]"; 2]);
        let pending = store.take_pending_exception().unwrap();
        assert_eq!(pending.field(&mut store, 0).unwrap().unwrap_i32(), 42);
    }
}

#[test]
fn a_debugger_throws_another_exception_or_takes_it() {
    for (takes, waits) in [(false, 0), (false, 1), (true, 0), (true, 1)] {
        let (mut store, _, instance) = start(&engine(), THROWS, |_| vec![]);
        let debugger = debugger(move |store, event| {
            assert!(matches!(event, DebugEvent::Exception(_)));
            let taken = store.take_pending_exception().unwrap();
            if takes {
                return;
            }
            let tag = taken.tag(&mut *store).unwrap();
            let ty = ExnType::from_tag_type(&tag.ty(&*store)).unwrap();
            let allocator = ExnRefPre::new(&mut *store, ty);
            let other = ExnRef::new(&mut *store, &allocator, &tag, &[Val::I32(7)]).unwrap();
            store.as_context_mut().throw::<()>(other).unwrap_err();
        });
        store.set_debug_handler(debugger.waiting(waits));
        let caught = call(&mut store, instance, "caught", &[]);
        match takes {
            true => assert!(caught.unwrap_err().is::<wasm_runtime::ThrownException>()),
            false => assert_eq!(caught.unwrap().unwrap().unwrap_i32(), 7),
        }
    }
}

#[test]
fn what_a_debugger_throws_and_catches_elsewhere_leaves_the_exception_alone() {
    let (debugger, count) = for_the_first_exception(|mut store| {
        Box::pin(async move {
            let instance = innermost(&mut store).instance(&mut store).unwrap();
            let caught = instance.get_typed_func::<(), i32>(&mut store, "caught").unwrap();
            assert_eq!(caught.call_async(&mut store, ()).await.unwrap(), 42);
            store.as_context_mut().gc(None).unwrap();
        })
    });
    let (mut store, _, instance) = start(&engine(), THROWS, |_| vec![]);
    store.set_debug_handler(debugger);
    let caught = call(&mut store, instance, "caught", &[]).unwrap();
    assert_eq!(caught.unwrap().unwrap_i32(), 42);
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

/// As [`THROWS`], but what is not caught is another exception.
fn throws_another() -> String {
    let wat = THROWS.replace(
        "(func (export \"uncaught\") call $inner)",
        "(func (export \"uncaught\") (throw $t (i32.const 7)))",
    );
    assert_ne!(wat, THROWS);
    wat
}

#[test]
fn a_debugger_that_takes_another_exception_keeps_its_own() {
    for also_its_own in [false, true] {
        let (debugger, count) = for_the_first_exception(move |mut store| {
            Box::pin(async move {
                if also_its_own {
                    let own = store.take_pending_exception().unwrap();
                    assert_eq!(own.field(&mut store, 0).unwrap().unwrap_i32(), 42);
                }
                let instance = innermost(&mut store).instance(&mut store).unwrap();
                let throws = instance.get_typed_func::<(), ()>(&mut store, "uncaught").unwrap();
                throws.call_async(&mut store, ()).await.unwrap_err();
                store.as_context_mut().gc(None).unwrap();
                let other = store.take_pending_exception().unwrap();
                assert_eq!(other.field(&mut store, 0).unwrap().unwrap_i32(), 7);
            })
        });
        let (mut store, _, instance) = start(&engine(), &throws_another(), |_| vec![]);
        store.set_debug_handler(debugger);
        let caught = call(&mut store, instance, "caught", &[]);
        match also_its_own {
            true => assert!(caught.unwrap_err().is::<wasm_runtime::ThrownException>()),
            false => assert_eq!(caught.unwrap().unwrap().unwrap_i32(), 42),
        }
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn a_debugger_that_panics_leaves_what_another_has_taken_alone() {
    #[derive(Clone)]
    struct Panics(Arc<AtomicUsize>);
    impl wasm_runtime::DebugHandler for Panics {
        type Data = Seen;

        async fn handle(
            &self,
            mut store: wasm_runtime::StoreContextMut<'_, Seen>,
            _: DebugEvent<'_>,
        ) {
            if self.0.fetch_add(1, Ordering::Relaxed) > 0 {
                std::panic::panic_any(17_i32);
            }
            store.take_pending_exception().unwrap();
            let instance = innermost(&mut store).instance(&mut store).unwrap();
            let throws = instance.get_typed_func::<(), ()>(&mut store, "uncaught").unwrap();
            let mut call = Box::pin(throws.call_async(&mut store, ()));
            let caught = std::future::poll_fn(|context| {
                let poll = std::panic::AssertUnwindSafe(|| call.as_mut().poll(context));
                match std::panic::catch_unwind(poll) {
                    Ok(polled) => polled.map(|_| false),
                    Err(_) => std::task::Poll::Ready(true),
                }
            });
            assert!(caught.await);
            drop(call);
            store.take_pending_exception();
        }
    }

    let (mut store, _, instance) = start(&engine(), &throws_another(), |_| vec![]);
    store.set_debug_handler(Panics(Arc::default()));
    let error = call(&mut store, instance, "caught", &[]).unwrap_err();
    assert!(error.is::<wasm_runtime::ThrownException>());
}

#[test]
fn deadlines_are_told_of_before_it_is_decided() {
    let wat = r#"(module (func $f (export "run") (param i32) (result i32)
        loop
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
        end
        local.get 0))"#;
    for waits in [0, 1] {
        let engine = engine_with(|config| _ = config.epoch_interruption(true));
        let (mut store, _, instance) = start(&engine, wat, |_| vec![]);
        store.set_debug_handler(notes().waiting(waits));
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store.engine().increment_epoch();
        call(&mut store, instance, "run", &[Val::I32(3)]).unwrap();
        assert_eq!(*store.data(), ["deadline [3] []"]);
        // Where it ends the code, that is a trap, which is told of, too.
        store.epoch_deadline_trap();
        store.set_epoch_deadline(0);
        call(&mut store, instance, "run", &[Val::I32(3)]).unwrap_err();
        assert_eq!(store.data()[1], "Interrupt [3] []");
    }
}

#[test]
fn a_debugger_calls_functions_and_is_told_of_what_they_do() {
    let wat = r#"(module
        (global $g (mut i32) (i32.const 0))
        (func (export "run") (result i32) (i32.const 1) drop global.get $g)
        (func (export "fails") unreachable))"#;
    let depth = Arc::new(AtomicUsize::new(0));
    let (mut store, module, instance) = start(&engine(), wat, |_| vec![]);

    #[derive(Clone)]
    struct Calls(Arc<AtomicUsize>);
    impl wasm_runtime::DebugHandler for Calls {
        type Data = Seen;

        async fn handle(
            &self,
            mut store: wasm_runtime::StoreContextMut<'_, Seen>,
            event: DebugEvent<'_>,
        ) {
            let depth = self.0.fetch_add(1, Ordering::Relaxed);
            store.data_mut().push(format!("{depth} {event:?}"));
            if depth == 0 {
                let instance = innermost(&mut store).instance(&mut store).unwrap();
                let global = instance.debug_global(&mut store, 0).unwrap();
                global.set(&mut store, Val::I32(5)).unwrap();
                let fails = instance.get_func(&mut store, "fails").unwrap();
                let error = fails.call_async(&mut store, &[], &mut []).await.unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
            }
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    store.set_debug_handler(Calls(depth));
    let start = module.debug_bytecode().unwrap().windows(2).position(|code| code == [0x41, 1]);
    let start = ModulePC::new(start.unwrap() as u32);
    store.edit_breakpoints().unwrap().add_breakpoint(&module, start).unwrap();
    let result = call(&mut store, instance, "run", &[]).unwrap();
    assert_eq!(result.unwrap().unwrap_i32(), 5, "what the debugger has written");
    assert_eq!(*store.data(), ["0 Breakpoint", "1 Trap(UnreachableCodeReached)"]);
}

#[test]
fn a_call_that_is_dropped_while_its_debugger_waits_is_over() {
    let wat = r#"(module (func (export "run") (result i32) i32.const 6))"#;
    let (mut store, _, instance) = start(&engine(), wat, |_| vec![]);
    store.set_debug_handler(notes().waiting(3));
    store.edit_breakpoints().unwrap().single_step(true).unwrap();
    for polls in 1..4 {
        let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
        let mut future = pin!(run.call_async(&mut store, ()));
        for _ in 0..polls {
            assert!(poll_once(future.as_mut()).is_pending());
        }
    }
    assert_eq!(store.debug_exit_frames().count(), 0);
    store.edit_breakpoints().unwrap().single_step(false).unwrap();
    assert_eq!(call(&mut store, instance, "run", &[]).unwrap().unwrap().unwrap_i32(), 6);
}

#[test]
fn a_panic_of_the_debugger_goes_through_the_code() {
    let wat = r#"(module
        (func (export "run") (result i32) i32.const 6)
        (func (export "fails") unreachable))"#;
    for (name, waits) in [("run", 0), ("run", 1), ("fails", 0), ("fails", 1)] {
        let (mut store, _, instance) = start(&engine(), wat, |_| vec![]);
        store.set_debug_handler(debugger(|_, _| std::panic::panic_any(17_i32)).waiting(waits));
        store.edit_breakpoints().unwrap().single_step(true).unwrap();
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            call(&mut store, instance, name, &[])
        }));
        assert_eq!(*panic.unwrap_err().downcast::<i32>().unwrap(), 17);
        store.clear_debug_handler();
        assert_eq!(call(&mut store, instance, "run", &[]).unwrap().unwrap().unwrap_i32(), 6);
    }
}

#[test]
fn code_of_artifacts_is_debugged() {
    let engine = engine();
    let artifact = engine.precompile_module(THROWS.as_bytes()).unwrap();
    // SAFETY: the artifact was just made.
    #[allow(unsafe_code)]
    let module = unsafe { Module::deserialize(&engine, &artifact) }.unwrap();
    let mut store = wasm_runtime::Store::new(&engine, Seen::new());
    store.set_debug_handler(notes());
    let instance = block_on(wasm_runtime::Instance::new_async(&mut store, &module, &[])).unwrap();
    call(&mut store, instance, "caught", &[]).unwrap();
    assert_eq!(*store.data(), ["exception 42 [100] [42]"]);
}

//! Traps, errors and panics, which end several functions at once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasm_runtime::{
    Caller, Extern, Func, FunctionEvent, Instance, Result, Store, Trap, Val, WasmBacktrace, bail,
};

use crate::support::{FACTORIAL, Log, call, engine, line, log, logged, logging, set_up};

#[test]
fn a_trap_is_reported_for_each_function_that_it_ends() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    let error = call(&mut store, instance, "main", &[Val::I32(13)]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
    logged(
        &mut store,
        &[
            "> main(13)",
            "  > check(13)",
            "  ! check: UnreachableCodeReached",
            "! main: UnreachableCodeReached",
        ],
    );
    // No state of the call that trapped is left over.
    call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
    assert_eq!(store.data()[0], "> main(1)");
}

#[test]
fn traps_of_every_kind_are_reported() {
    let wat = r#"(module
        (memory 1)
        (table 1 funcref)
        (func $divide (export "divide") (drop (i32.div_u (i32.const 1) (i32.const 0))))
        (func $load (export "load") (drop (i32.load (i32.const -1))))
        (func $fill (export "fill") (memory.fill (i32.const -1) (i32.const 0) (i32.const 2)))
        (func $null (export "null") (call_indirect (i32.const 0)))
        (func $deep (export "deep") (call $deep)))"#;
    let (mut store, instance) = logging(&["*"], wat);
    for (name, trap) in [
        ("divide", Trap::IntegerDivisionByZero),
        ("load", Trap::MemoryOutOfBounds),
        ("fill", Trap::MemoryOutOfBounds),
        ("null", Trap::IndirectCallToNull),
    ] {
        let error = call(&mut store, instance, name, &[]).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&trap));
        logged(&mut store, &[&format!("> {name}()"), &format!("! {name}: {trap:?}")]);
    }
    let error = call(&mut store, instance, "deep", &[]).unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&Trap::StackOverflow));
    let lines = std::mem::take(store.data_mut());
    let (entries, exits) = lines.split_at(lines.len() / 2);
    assert!(entries.len() > 1000);
    assert!(entries.iter().all(|line| line.ends_with("> deep()")));
    assert!(exits.iter().all(|line| line.ends_with("! deep: StackOverflow")));
    assert_eq!(exits.last().unwrap(), "! deep: StackOverflow");
}

const BETWEEN: &str = r#"(module
    (import "" "host" (func $host (param i32) (result i32)))
    (func $outer (export "outer") (param i32) (result i32) (call $middle (local.get 0)))
    (func $middle (param i32) (result i32) (call $host (local.get 0)))
    (func $inner (export "inner") (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then unreachable))
        (local.get 0)))"#;

/// `outer` calls the host through `middle`, and the host calls `inner`. What the host returns after
/// that is decided by `after`.
fn between(after: fn(Result<i32>) -> Result<i32>) -> (Store<Log>, Instance) {
    let engine = engine(&["*"]);
    let mut store = Store::new(&engine, Log::new());
    let host = Func::wrap(&mut store, move |mut caller: Caller<'_, Log>, value: i32| {
        let inner = caller.get_export("inner").and_then(Extern::into_func).unwrap();
        let inner = inner.typed::<i32, i32>(&caller)?;
        after(inner.call(&mut caller, value))
    });
    let instance = set_up(&engine, BETWEEN, &[host.into()], &mut store);
    log(&mut store);
    (store, instance)
}

const ENTRIES: [&str; 3] = ["> outer(0)", "  > middle(0)", "    > inner(0)"];

#[test]
fn calls_that_go_through_the_host_nest() {
    let (mut store, instance) = between(|result| result);
    call(&mut store, instance, "outer", &[Val::I32(4)]).unwrap();
    logged(
        &mut store,
        &[
            "> outer(4)",
            "  > middle(4)",
            "    > inner(4)",
            "    < inner = 4",
            "  < middle = 4",
            "< outer = 4",
        ],
    );
}

#[test]
fn only_functions_that_a_trap_ends_are_reported() {
    // The host continues after the trap.
    let (mut store, instance) = between(|result| Ok(result.map_or(-1, |value| value)));
    call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap();
    let exits = ["    ! inner: UnreachableCodeReached", "  < middle = -1", "< outer = -1"];
    logged(&mut store, &[ENTRIES, exits].concat());
    // The host passes the trap on.
    let (mut store, instance) = between(|result| result);
    call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap_err();
    let exits = [
        "    ! inner: UnreachableCodeReached",
        "  ! middle: UnreachableCodeReached",
        "! outer: UnreachableCodeReached",
    ];
    logged(&mut store, &[ENTRIES, exits].concat());
}

#[test]
fn errors_of_the_host_are_reported() {
    let (mut store, instance) = between(|_| bail!("no more"));
    let error = call(&mut store, instance, "outer", &[Val::I32(0)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "no more");
    let exits = ["    ! inner: UnreachableCodeReached", "  ! middle: no more", "! outer: no more"];
    logged(&mut store, &[ENTRIES, exits].concat());
}

#[test]
fn panics_of_the_host_are_reported_and_propagate() {
    let (mut store, instance) = between(|_| panic!("all is lost"));
    let payload =
        catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "outer", &[Val::I32(0)])))
            .unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"all is lost"));
    let exits = ["    ! inner: UnreachableCodeReached", "  ! middle: a panic", "! outer: a panic"];
    logged(&mut store, &[ENTRIES, exits].concat());
    // The hook still works for the next call.
    call(&mut store, instance, "inner", &[Val::I32(1)]).unwrap();
    logged(&mut store, &["> inner(1)", "< inner = 1"]);
}

/// Sets a hook that logs, and fails at this event of this function.
fn fail_at(store: &mut Store<Log>, name: &'static str, at: FunctionEvent) {
    store.function_hook(move |mut call| {
        let line = line(&call);
        call.data_mut().push(line);
        if call.event() == at && call.display_name() == name {
            bail!("not {name}");
        }
        Ok(())
    });
}

#[test]
fn an_error_at_an_entry_ends_the_call() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "factorial", FunctionEvent::Entered);
    let error = call(&mut store, instance, "main", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not factorial");
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_name()).collect();
    assert_eq!(names, [Some("factorial"), Some("main")]);
    // A function that the hook refused to enter is not left.
    logged(
        &mut store,
        &["> main(2)", "  > check(2)", "  < check = ", "  > factorial(2)", "! main: not factorial"],
    );
}

#[test]
fn an_error_at_an_exit_ends_the_call() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "check", FunctionEvent::Returned);
    let error = call(&mut store, instance, "main", &[Val::I32(2)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not check");
    logged(&mut store, &["> main(2)", "  > check(2)", "  < check = ", "! main: not check"]);
    fail_at(&mut store, "main", FunctionEvent::Returned);
    let error = call(&mut store, instance, "main", &[Val::I32(1)]).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "not main");
}

#[test]
fn an_error_while_others_are_reported_takes_precedence() {
    let (mut store, instance) = logging(&["*"], FACTORIAL);
    fail_at(&mut store, "check", FunctionEvent::Unwound);
    let error = call(&mut store, instance, "main", &[Val::I32(13)]).unwrap_err();
    assert_eq!(error.to_string(), "not check");
    logged(
        &mut store,
        &["> main(13)", "  > check(13)", "  ! check: UnreachableCodeReached", "! main: not check"],
    );
}

#[test]
fn a_panic_of_the_hook_reaches_the_caller() {
    for at in [FunctionEvent::Entered, FunctionEvent::Returned, FunctionEvent::Unwound] {
        let (mut store, instance) = logging(&["*"], FACTORIAL);
        let armed = Arc::new(AtomicUsize::new(1));
        store.function_hook(move |mut call| {
            let line = line(&call);
            call.data_mut().push(line);
            if call.event() == at
                && call.display_name() == "check"
                && armed.swap(0, Ordering::Relaxed) == 1
            {
                panic!("checked");
            }
            Ok(())
        });
        let payload = catch_unwind(AssertUnwindSafe(|| {
            call(
                &mut store,
                instance,
                "main",
                &[Val::I32(13 * i32::from(at == FunctionEvent::Unwound))],
            )
        }))
        .unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"checked"), "{at:?}");
        store.data_mut().clear();
        call(&mut store, instance, "main", &[Val::I32(1)]).unwrap();
        assert_eq!(store.data().len(), 6, "{:?}", store.data());
        assert_eq!(store.data()[0], "> main(1)");
    }
}

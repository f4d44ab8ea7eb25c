//! Several hooks: their order, and what the others observe if one of them fails, panics, makes
//! calls, is added or is removed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::CallHook::{CallingHost, CallingWasm, ReturningFromHost, ReturningFromWasm};
use wasm_runtime::{
    CallFilter, CallHook, CallOutcome, Engine, Error, Instance, Linker, Result, Store,
};

use crate::support::{Log, TWO, call, line, log, logged, module, taken, two};

/// A store with three hooks `a`, `b` and `c`. Hook `b`, in the middle, does something at one event.
fn stacked(
    at: CallHook,
    what: impl Fn() -> Result<()> + Send + Sync + 'static,
) -> (Store<Log>, Instance) {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("env", "f", || ()).unwrap();
    let mut store = Store::new(&engine, Log::new());
    log(&mut store, "a", CallFilter::all());
    store.add_call_hook(CallFilter::all(), move |mut call| {
        let line = line("b", &call);
        call.data_mut().push(line);
        if call.event() == at { what() } else { Ok(()) }
    });
    log(&mut store, "c", CallFilter::all());
    let wat = r#"(module (import "env" "f" (func $f)) (func (export "run") (call $f)))"#;
    let instance = linker.instantiate(&mut store, &module(&engine, wat)).unwrap();
    (store, instance)
}

/// What the others observe if the hook in the middle ends a call, for each of the four events.
fn ended(ending: &str) -> [(CallHook, Vec<String>); 4] {
    let begun = ["a> wasm run()", "b> wasm run()", "c> wasm run()"].map(String::from).to_vec();
    let host = ["a>> host env.f()", "b>> host env.f()", "c>> host env.f()"].map(String::from);
    let ret = |hook: &str, end: &str| format!("{hook}<< host env.f {end}");
    let over = |hook: &str, end: &str| format!("{hook}< wasm run {end}");
    let all_over = ["c", "b", "a"].map(|hook| over(hook, ending)).to_vec();
    [
        (CallingWasm, [&begun[..2], &[over("a", ending)]].concat()),
        (CallingHost, [&begun[..], &host[..2], &[ret("a", ending)], &all_over[..]].concat()),
        (
            ReturningFromHost,
            [
                &begun[..],
                &host[..],
                &[ret("c", "= ()"), ret("b", "= ()"), ret("a", ending)],
                &all_over[..],
            ]
            .concat(),
        ),
        (
            ReturningFromWasm,
            [
                &begun[..],
                &host[..],
                &["c", "b", "a"].map(|hook| ret(hook, "= ()")),
                &[over("c", "= ()"), over("b", "= ()"), over("a", ending)],
            ]
            .concat(),
        ),
    ]
}

#[test]
fn a_hook_that_fails_in_the_middle_of_others() {
    for (event, expected) in ended("failed: stop") {
        let (mut store, instance) = stacked(event, || Err(Error::msg("stop")));
        for _ in 0..2 {
            let error = call(&mut store, instance, "run").unwrap_err();
            assert_eq!(error.root_cause().to_string(), "stop");
            assert_eq!(taken(&mut store), expected, "{event:?}");
        }
    }
}

#[test]
fn a_hook_that_panics_in_the_middle_of_others() {
    for (event, expected) in ended("panicked") {
        let (mut store, instance) = stacked(event, || panic!("stop"));
        for _ in 0..2 {
            let run = AssertUnwindSafe(|| call(&mut store, instance, "run"));
            let panic = catch_unwind(run).unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"stop"));
            assert_eq!(taken(&mut store), expected, "{event:?}");
        }
    }
}

#[test]
fn one_hook_that_fails_at_each_event() {
    for (number, event) in CallHook::ALL.into_iter().enumerate() {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        linker.func_wrap("env", "f", || ()).unwrap();
        let mut store: Store<Vec<CallHook>> = Store::new(&engine, Vec::new());
        store.call_hook(move |mut store, observed| {
            store.data_mut().push(observed);
            if observed == event { Err(Error::msg(format!("at {event:?}"))) } else { Ok(()) }
        });
        let wat = r#"(module (import "env" "f" (func $f)) (func (export "run") (call $f)))"#;
        let instance = linker.instantiate(&mut store, &module(&engine, wat)).unwrap();
        let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
        let error = run.call(&mut store, ()).unwrap_err();
        assert_eq!(error.root_cause().to_string(), format!("at {event:?}"));
        // As in Wasmtime's documentation: no return is reported for a call that was not allowed to
        // begin.
        let expected: &[CallHook] = match number {
            0 => &[CallingWasm],
            1 => &[CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm],
            2 => &[CallingWasm, CallingHost, ReturningFromWasm],
            _ => &[CallingWasm, CallingHost, ReturningFromHost, ReturningFromWasm],
        };
        assert_eq!(*store.data(), expected, "{event:?}");
        assert!(store.unset_call_hook());
        run.call(&mut store, ()).unwrap();
    }
}

#[test]
fn an_error_at_a_return_replaces_another() {
    let wat = r#"(module (func (export "run") unreachable))"#;
    let (mut store, instance) = logged(wat, |_| {});
    store.add_call_hook(CallFilter::all(), |call| match call.outcome() {
        Some(CallOutcome::Failed(_)) => Err(Error::msg("instead")),
        _ => Ok(()),
    });
    let error = call(&mut store, instance, "run").unwrap_err();
    assert_eq!(error.to_string(), "instead");
    assert_eq!(taken(&mut store), ["> wasm run()", "< wasm run failed: instead"]);
}

#[test]
fn a_panic_is_not_replaced_by_an_error() {
    let wat = r#"(module (import "env" "f" (func $f)) (func (export "run") (call $f)))"#;
    let (mut store, instance) = logged(wat, |linker| {
        linker.func_wrap("env", "f", || -> () { panic!("first") }).unwrap();
    });
    store.add_call_hook(CallFilter::all(), |call| match call.outcome() {
        Some(CallOutcome::Panicked) => Err(Error::msg("instead")),
        _ => Ok(()),
    });
    let panic = catch_unwind(AssertUnwindSafe(|| call(&mut store, instance, "run")));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"first"));
    assert!(taken(&mut store).iter().skip(2).all(|line| line.ends_with("panicked")));
}

#[test]
fn hooks_that_call() -> Result<()> {
    let wat = r#"(module
        (import "env" "f" (func $f))
        (global $n (mut i32) (i32.const 0))
        (func (export "count") (result i32)
            (global.set $n (i32.add (global.get $n) (i32.const 1))) (global.get $n))
        (func (export "run") (call $f)))"#;
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("env", "f", || ())?;
    let mut store = Store::new(&engine, Log::new());
    let instance = linker.instantiate(&mut store, &module(&engine, wat))?;
    log(&mut store, "a", CallFilter::all());
    store.add_call_hook(CallFilter::all(), move |mut call| {
        let count = instance.get_typed_func::<(), i32>(&mut call, "count")?;
        let number = count.call(&mut call, ())?;
        // The arguments are still the original ones.
        let line = format!("{} {number}", line("b", &call));
        call.data_mut().push(line);
        Ok(())
    });
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    run.call(&mut store, ())?;
    // The other hook observes the calls that this one makes. This one does not observe them.
    let expected = [
        "a> wasm run()",
        "a>> wasm count()",
        "a<< wasm count = (1)",
        "b> wasm run() 1",
        "a>> host env.f()",
        "a>>> wasm count()",
        "a<<< wasm count = (2)",
        "b>> host env.f() 2",
        "a>>> wasm count()",
        "a<<< wasm count = (3)",
        "b<< host env.f = () 3",
        "a<< host env.f = ()",
        "a>> wasm count()",
        "a<< wasm count = (4)",
        "b< wasm run = () 4",
        "a< wasm run = ()",
    ];
    assert_eq!(taken(&mut store), expected);
    Ok(())
}

#[test]
fn hooks_come_and_go_while_instances_live() -> Result<()> {
    let engine = Engine::default();
    let linker = two(&engine);
    let mut store = Store::new(&engine, Log::new());
    let instance = linker.instantiate(&mut store, &module(&engine, TWO))?;
    let events = |store: &mut Store<Log>| -> Result<String> {
        call(store, instance, "run")?;
        let log = taken(store);
        Ok(log.iter().filter(|line| line.contains("one(")).map(|line| &line[..1]).collect())
    };
    assert_eq!(events(&mut store)?, "");
    let a = log(&mut store, "a", CallFilter::all());
    assert_eq!(events(&mut store)?, "a");
    let b = log(&mut store, "b", CallFilter::to_host());
    assert_eq!(events(&mut store)?, "ab");
    assert!(store.remove_call_hook(a));
    assert!(!store.remove_call_hook(a));
    assert_eq!(events(&mut store)?, "b");
    log(&mut store, "c", CallFilter::none().import("env", "one"));
    assert_eq!(events(&mut store)?, "bc");
    // A function that is set with `call_hook` keeps the position it was first given.
    let single = |store: &mut Store<Log>, tag: &'static str| {
        store.call_hook(move |mut store, event| {
            if event == CallingHost {
                store.data_mut().push(format!("{tag} one("));
            }
            Ok(())
        });
    };
    single(&mut store, "x");
    log(&mut store, "d", CallFilter::all());
    let seen = "bcxd";
    // It observes both imports.
    assert_eq!(events(&mut store)?, format!("{seen}x"));
    single(&mut store, "y");
    assert_eq!(events(&mut store)?, "bcydy");
    assert!(store.unset_call_hook());
    assert!(!store.unset_call_hook());
    assert_eq!(events(&mut store)?, "bcd");
    assert!(store.remove_call_hook(b));
    assert_eq!(events(&mut store)?, "cd");
    Ok(())
}

//! What is left to the host: exceptions that nothing catches, and errors, traps and panics, which
//! no handler sees.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    Caller, Config, Engine, Error, ExternRef, Func, Instance, Linker, Module, NamePattern,
    RootScope, Rooted, Store, ThrownException, Trap, Val, WasmBacktrace, bail,
};

use super::{engine, instantiate};

#[test]
fn an_exception_that_nothing_catches_is_an_error_that_says_which() {
    let (mut store, instance) = instantiate(
        r#"(module
            (tag $named (export "cpp_exception") (param i32 i64))
            (tag $unnamed)
            (func $inner (throw $named (i32.const 1) (i64.const 2)))
            (func (export "named") (call $inner))
            (func (export "unnamed") (throw $unnamed))
            (func (export "caught")
                (block $h (try_table (catch_all $h) (call $inner)))))"#,
    )
    .unwrap();
    for (func, message, frames) in [
        ("named", "uncaught exception of the tag `cpp_exception`: `(tag (param i32 i64))`", 2),
        ("unnamed", "uncaught exception of a tag of type `(tag)`", 1),
    ] {
        assert!(!store.has_pending_exception());
        let func = instance.get_typed_func::<(), ()>(&mut store, func).unwrap();
        let error = func.call(&mut store, ()).unwrap_err();
        assert!(error.is::<ThrownException>());
        assert_eq!(error.root_cause().to_string(), "thrown Wasm exception");
        assert!(error.chain().any(|part| part.to_string() == message), "{error:?}");
        let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
        assert_eq!(backtrace.frames().len(), frames, "{backtrace}");
        assert!(store.has_pending_exception());
        // What is caught later takes its place.
        let caught = instance.get_typed_func::<(), ()>(&mut store, "caught").unwrap();
        caught.call(&mut store, ()).unwrap();
    }
}

/// Calls functions that call the host within a construct that catches everything.
const CALLS: &str = r#"(module
    (import "host" "f" (func $f (param i32)))
    (import "host" "v" (func $v (param i32) (result i32 i64 f32 f64 i32 i64)))
    (tag $t (param i32))
    (func (export "throw") (param i32) (throw $t (local.get 0)))
    (func (export "unreachable") (param i32) (unreachable))
    (func (export "new") (param i32) (result i32)
        (block $h (try_table (catch_all $h) (call $f (local.get 0))) (return (i32.const 0)))
        (i32.const 1))
    (func (export "legacy") (param i32) (result i32)
        try (result i32)
            (call $f (local.get 0))
            i32.const 0
        catch_all
            i32.const 1
        end)
    (func (export "by array") (param i32) (result i32)
        (block $h
            (try_table (catch_all $h)
                (call $v (local.get 0))
                drop drop drop drop drop drop)
            (return (i32.const 0)))
        (i32.const 1)))"#;

type Wide = (i32, i64, f32, f64, i32, i64);

/// What the host does, by its argument.
fn host(caller: &mut Caller<'_, Option<Instance>>, what: i32) -> Result<(), Error> {
    let instance = caller.data().unwrap();
    let mut call = |name: &str| {
        instance.get_typed_func::<i32, ()>(&mut *caller, name)?.call(&mut *caller, what)
    };
    match what {
        0 => Ok(()),
        1 => call("throw"),
        2 => call("throw").map_err(|error| error.context("with context")),
        3 => Err(Error::msg("an error of the host")),
        4 => call("unreachable"),
        // It is about no exception that is pending.
        5 => Err(ThrownException.into()),
        6 => panic!("a panic of the host"),
        _ => unreachable!(),
    }
}

#[test]
fn handlers_see_exceptions_and_nothing_else() {
    let engine = engine();
    let module = Module::new(&engine, CALLS).unwrap();
    for name in ["new", "legacy", "by array"] {
        for what in 0..=6 {
            let mut linker = Linker::new(&engine);
            let f = |mut caller: Caller<'_, Option<Instance>>, what: i32| host(&mut caller, what);
            let v = |mut caller: Caller<'_, Option<Instance>>, what: i32| {
                host(&mut caller, what).map(|()| -> Wide { (1, 2, 3.0, 4.0, 5, 6) })
            };
            linker.func_wrap("host", "f", f).unwrap();
            linker.func_wrap("host", "v", v).unwrap();
            let mut store = Store::new(&engine, None);
            let instance = linker.instantiate(&mut store, &module).unwrap();
            *store.data_mut() = Some(instance);
            let func = instance.get_typed_func::<i32, i32>(&mut store, name).unwrap();
            let result = catch_unwind(AssertUnwindSafe(|| func.call(&mut store, what)));
            match (what, result) {
                (0, Ok(Ok(0))) | (1 | 2, Ok(Ok(1))) => assert!(!store.has_pending_exception()),
                (3, Ok(Err(error))) => assert!(format!("{error:?}").contains("error of the host")),
                (4, Ok(Err(error))) => {
                    assert_eq!(error.downcast_ref(), Some(&Trap::UnreachableCodeReached));
                }
                (5, Ok(Err(error))) => assert!(error.is::<ThrownException>()),
                (6, Err(_)) => {}
                (_, result) => panic!("{name} {what}: {:?}", result.map_err(|_| "a panic")),
            }
            // The store is as good as before.
            assert_eq!(func.call(&mut store, 1).unwrap(), 1);
        }
    }
}

#[test]
fn the_error_of_a_nested_call_stays_the_same_on_its_way() {
    let engine = engine();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "f" (func $f))
            (tag $t)
            (func (export "throw") (throw $t))
            (func (export "outer") (call $f)))"#,
    )
    .unwrap();
    let mut linker = Linker::<Option<Instance>>::new(&engine);
    linker
        .func_wrap("host", "f", |mut caller: Caller<'_, Option<Instance>>| {
            let instance = caller.data().unwrap();
            let throw = instance.get_typed_func::<(), ()>(&mut caller, "throw")?;
            throw.call(&mut caller, ()).map_err(|error| error.context("said by the host"))
        })
        .unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = Some(instance);
    let outer = instance.get_typed_func::<(), ()>(&mut store, "outer").unwrap();
    let error = outer.call(&mut store, ()).unwrap_err();
    assert_eq!(error.to_string(), "said by the host");
    assert!(error.is::<ThrownException>() && store.has_pending_exception());
    let backtrace = error.downcast_ref::<WasmBacktrace>().unwrap();
    let names: Vec<_> = backtrace.frames().iter().map(|frame| frame.func_index()).collect();
    assert_eq!(names, [1, 2]);
}

#[test]
fn host_functions_called_by_the_host_hand_exceptions_on() {
    let (mut store, instance) =
        instantiate(r#"(module (tag $t) (func (export "throw") (throw $t)))"#).unwrap();
    let throw = instance.get_typed_func::<(), ()>(&mut store, "throw").unwrap();
    let func =
        Func::wrap(&mut store, move |mut caller: Caller<'_, ()>| throw.call(&mut caller, ()));
    let error = func.call(&mut store, &[], &mut []).unwrap_err();
    assert!(error.is::<ThrownException>());
}

#[test]
fn references_that_exceptions_carry_are_found_by_the_collector() {
    let engine = engine();
    let module = Module::new(
        &engine,
        r#"(module
            (import "host" "collect" (func $collect))
            (import "host" "nested" (func $nested (param externref)))
            (tag $t (param i32 externref))
            (func (export "throw") (param externref)
                (throw $t (i32.const 1) (local.get 0)))
            (func (export "new") (param externref) (result externref)
                (block $t (result i32 externref)
                    (try_table (catch $t $t) (call $nested (local.get 0)))
                    (unreachable))
                (call $collect)
                (return))
            (func $again (param externref)
                try
                    (call $nested (local.get 0))
                catch_all
                    call $collect
                    rethrow 0
                end)
            (func (export "legacy") (param externref) (result externref)
                try (result i32 externref)
                    (call $again (local.get 0))
                    unreachable
                catch $t
                    call $collect
                end
                return))"#,
    )
    .unwrap();
    type Data = Option<Instance>;
    let mut linker = Linker::<Data>::new(&engine);
    let collect = |caller: &mut Caller<'_, Data>| {
        for number in 0..100_u32 {
            ExternRef::new(&mut *caller, number).unwrap();
        }
        caller.gc(None).unwrap();
    };
    linker.func_wrap("host", "collect", move |mut c: Caller<'_, Data>| collect(&mut c)).unwrap();
    linker
        .func_wrap(
            "host",
            "nested",
            move |mut caller: Caller<'_, Data>, value: Option<Rooted<ExternRef>>| {
                let instance = caller.data().unwrap();
                let throw = instance.get_func(&mut caller, "throw").unwrap();
                let throw = throw.typed::<Option<Rooted<ExternRef>>, ()>(&caller)?;
                let result = throw.call(&mut caller, value);
                collect(&mut caller);
                result
            },
        )
        .unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = Some(instance);
    for name in ["new", "legacy"] {
        let mut scope = RootScope::new(&mut store);
        let value = ExternRef::new(&mut scope, name.to_string()).unwrap();
        let func = instance.get_func(&mut scope, name).unwrap();
        let mut results = [Val::I32(0)];
        func.call(&mut scope, &[value.into()], &mut results).unwrap();
        let Val::ExternRef(Some(found)) = results[0] else { panic!("{results:?}") };
        let data = found.data(&scope).unwrap().unwrap().downcast_ref::<String>();
        assert_eq!(data.map(String::as_str), Some(name));
    }
}

#[test]
fn an_exception_that_a_failing_hook_replaces_is_not_pending() {
    let mut config = Config::new();
    config.wasm_exceptions(true).function_hooks([NamePattern::new("thrower").unwrap()]);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
        (tag $t (param i32))
        (func $thrower (throw $t (i32.const 1)))
        (func (export "run")
            (block $h (try_table (catch_all $h) (call $thrower)) (unreachable))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, true);
    store.function_hook(|call| {
        if call.event().is_exit() && *call.data() {
            bail!("the hook fails");
        }
        Ok(())
    });
    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    let error = run.call(&mut store, ()).unwrap_err();
    assert_eq!(error.root_cause().to_string(), "the hook fails");
    assert!(!store.has_pending_exception());
    *store.data_mut() = false;
    run.call(&mut store, ()).unwrap();
}

#[test]
fn an_exception_stays_pending_while_a_hook_throws_and_catches_others() {
    let mut config = Config::new();
    config.wasm_exceptions(true).function_hooks([NamePattern::new("thrower").unwrap()]);
    let engine = Engine::new(&config).unwrap();
    let text = r#"(module
        (tag $t (export "tag") (param i32))
        (tag $other)
        (func $thrower (export "run") (param i32) (throw $t (local.get 0)))
        (func (export "other") (throw $other)))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut store = Store::new(&engine, None::<Instance>);
    store.function_hook(|mut call| {
        if !call.event().is_exit() {
            return Ok(());
        }
        let instance = call.data().unwrap();
        let other = instance.get_typed_func::<(), ()>(&mut call, "other")?;
        assert!(other.call(&mut call, ()).is_err());
        Ok(())
    });
    let instance = Linker::new(&engine).instantiate(&mut store, &module).unwrap();
    *store.data_mut() = Some(instance);
    let run = instance.get_typed_func::<i32, ()>(&mut store, "run").unwrap();
    // The host hands on what is pending, so that Wasm around it can tell.
    let text = r#"(module
        (import "host" "run" (func $run (param i32)))
        (import "host" "tag" (tag $t (param i32)))
        (func (export "outer") (param i32) (result i32)
            (block $h (result i32)
                (try_table (catch $t $h) (call $run (local.get 0)))
                (unreachable))))"#;
    let module = Module::new(&engine, text).unwrap();
    let mut linker = Linker::new(&engine);
    let tag = instance.get_tag(&mut store, "tag").unwrap();
    linker.define(&store, "host", "tag", tag).unwrap();
    linker
        .func_wrap("host", "run", move |mut caller: Caller<'_, _>, number: i32| {
            run.call(&mut caller, number)
        })
        .unwrap();
    let outer = linker.instantiate(&mut store, &module).unwrap();
    let outer = outer.get_typed_func::<i32, i32>(&mut store, "outer").unwrap();
    assert_eq!(outer.call(&mut store, 7).unwrap(), 7);
    assert!(!store.has_pending_exception());
}

#[test]
fn a_panic_of_a_destructor_takes_the_place_of_an_exception() {
    #[derive(Debug)]
    struct Bomb;

    impl std::fmt::Display for Bomb {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a bomb")
        }
    }

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a panic of a destructor");
        }
    }

    let engine = engine();
    let module = Module::new(&engine, CALLS).unwrap();
    let mut linker = Linker::new(&engine);
    linker
        .func_wrap("host", "f", |mut caller: Caller<'_, Option<Instance>>, what: i32| {
            let thrown = host(&mut caller, 1).unwrap_err();
            Err::<(), _>(if what == 1 { thrown.context(Bomb) } else { thrown })
        })
        .unwrap();
    linker.func_wrap("host", "v", |_: i32| -> Wide { unreachable!() }).unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    *store.data_mut() = Some(instance);
    let func = instance.get_typed_func::<i32, i32>(&mut store, "new").unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| func.call(&mut store, 1))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a panic of a destructor"));
    assert!(!store.has_pending_exception());
    assert_eq!(func.call(&mut store, 2).unwrap(), 1);
}

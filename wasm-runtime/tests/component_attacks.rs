//! Attacks on components: hosts that use what is not theirs, guests that trap in the middle of
//! something, plans that are damaged, components that are small and ask for much.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::component::{Component, Func, Linker, Resource, ResourceAny, ResourceType, Val};
use wasm_runtime::{AsContextMut, Engine, Result, Store, Trap};

fn one(func: Func, mut store: impl AsContextMut, params: &[Val]) -> Result<Val> {
    let mut results = [Val::Bool(false)];
    func.call(store.as_context_mut(), params, &mut results)?;
    let [result] = results;
    Ok(result)
}

fn resource(val: &Val) -> ResourceAny {
    match val {
        Val::Resource(resource) => *resource,
        other => panic!("{other:?} is no resource"),
    }
}

struct File;

/// Lends a resource that it owns to the host, and drops it then.
const LENDS: &str = r#"(component
    (import "file" (type $file (sub resource)))
    (import "host" (func $host (param "x" (borrow $file))))
    (core func $host (canon lower (func $host)))
    (core func $drop (canon resource.drop $file))
    (core module $m
        (import "" "host" (func $host (param i32)))
        (import "" "drop" (func $drop (param i32)))
        (func (export "run") (param i32)
            (call $host (local.get 0))
            (call $drop (local.get 0))))
    (core instance $i (instantiate $m (with "" (instance
        (export "host" (func $host)) (export "drop" (func $drop))))))
    (func (export "run") (param "x" (own $file)) (canon lift (core func $i "run"))))"#;

/// Lends a resource to a host function that fails, when it starts or when it is called.
const FAILS: &str = r#"(component
    (import "file" (type $file (sub resource)))
    (import "make" (func $make (result (own $file))))
    (import "fail" (func $fail (param "x" (borrow $file))))
    (core func $make (canon lower (func $make)))
    (core func $fail (canon lower (func $fail)))
    (core module $m
        (import "" "make" (func $make (result i32)))
        (import "" "fail" (func $fail (param i32)))
        (func $run (export "run") (call $fail (call $make)))
        START)
    (core instance $i (instantiate $m (with "" (instance
        (export "make" (func $make)) (export "fail" (func $fail))))))
    (func (export "run") (canon lift (core func $i "run"))))"#;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Inner {
    Start,
    Error,
    Panic,
}

/// What is done in a call that something is lent to does not change what is lent, also if it fails.
fn failing_within_a_loan(inner: Inner) -> Result<()> {
    let engine = Engine::default();
    let start = if inner == Inner::Start { "(start $run)" } else { "" };
    let fails = Component::new(&engine, FAILS.replace("START", start))?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    linker.root().resource("file", ResourceType::host::<File>(), |mut store, rep| {
        store.data_mut().push(rep);
        Ok(())
    })?;
    linker.root().func_wrap("make", |_, ()| Ok((Resource::<File>::new_own(2),)))?;
    linker.root().func_wrap("fail", move |_, (_,): (Resource<File>,)| {
        if inner == Inner::Panic {
            panic!("a host function panics");
        }
        Err::<(), _>(wasm_runtime::Error::msg("no"))
    })?;
    let pre = linker.instantiate_pre(&fails)?;
    linker.root().func_wrap("host", move |mut store, (_,): (Resource<File>,)| {
        if inner == Inner::Start {
            assert!(pre.instantiate(&mut store).is_err());
            return Ok(());
        }
        let func = pre.instantiate(&mut store)?.get_func(&mut store, "run").unwrap();
        let call = AssertUnwindSafe(|| func.call(&mut store, &[], &mut []));
        match catch_unwind(call) {
            Ok(result) => assert!(result.is_err()),
            Err(_) => assert_eq!(inner, Inner::Panic),
        }
        let error = func.call(&mut store, &[], &mut []).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Trap::CannotEnterComponent));
        Ok(())
    })?;
    let lends = Component::new(&engine, LENDS)?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &lends)?;
    let run = instance.get_func(&mut store, "run").unwrap();
    for _ in 0..2 {
        let file = Resource::<File>::new_own(1).try_into_resource_any(&mut store)?;
        run.call(&mut store, &[Val::Resource(file)], &mut [])?;
    }
    assert_eq!(store.data(), &[1, 1]);
    Ok(())
}

#[test]
fn a_start_that_fails_ends_no_loan_of_others() -> Result<()> {
    failing_within_a_loan(Inner::Start)
}

#[test]
fn a_call_that_fails_ends_no_loan_of_others() -> Result<()> {
    failing_within_a_loan(Inner::Error)
}

#[test]
fn a_panic_ends_no_loan_of_others() -> Result<()> {
    failing_within_a_loan(Inner::Panic)
}

/// Defines a resource whose destructor lends something to a host function that fails.
const DESTROYS: &str = r#"(component
    (import "file" (type $file (sub resource)))
    (import "make" (func $make (result (own $file))))
    (import "fail" (func $fail (param "x" (borrow $file))))
    (core func $make (canon lower (func $make)))
    (core func $fail (canon lower (func $fail)))
    (core module $d
        (import "" "make" (func $make (result i32)))
        (import "" "fail" (func $fail (param i32)))
        (func (export "drop") (param i32) (call $fail (call $make))))
    (core instance $d (instantiate $d (with "" (instance
        (export "make" (func $make)) (export "fail" (func $fail))))))
    (type $r' (resource (rep i32) (dtor (core func $d "drop"))))
    (export $r "r" (type $r'))
    (core func $new (canon resource.new $r'))
    (core module $m
        (import "" "new" (func $new (param i32) (result i32)))
        (func (export "new") (result i32) (call $new (i32.const 5))))
    (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
    (func (export "new") (result (own $r)) (canon lift (core func $i "new"))))"#;

#[test]
fn a_destructor_that_fails_ends_no_loan_of_others() -> Result<()> {
    let engine = Engine::default();
    let destroys = Component::new(&engine, DESTROYS)?;
    let mut linker = Linker::<Vec<u32>>::new(&engine);
    linker.root().resource("file", ResourceType::host::<File>(), |mut store, rep| {
        store.data_mut().push(rep);
        Ok(())
    })?;
    linker.root().func_wrap("make", |_, ()| Ok((Resource::<File>::new_own(2),)))?;
    linker.root().func_wrap("fail", |_, (_,): (Resource<File>,)| {
        Err::<(), _>(wasm_runtime::Error::msg("no"))
    })?;
    let pre = linker.instantiate_pre(&destroys)?;
    linker.root().func_wrap("host", move |mut store, (_,): (Resource<File>,)| {
        let new = pre.instantiate(&mut store)?.get_func(&mut store, "new").unwrap();
        let made = one(new, &mut store, &[])?;
        assert!(resource(&made).resource_drop(&mut store).is_err());
        Ok(())
    })?;
    let lends = Component::new(&engine, LENDS)?;
    let mut store = Store::new(&engine, Vec::new());
    let instance = linker.instantiate(&mut store, &lends)?;
    let run = instance.get_func(&mut store, "run").unwrap();
    let file = Resource::<File>::new_own(1).try_into_resource_any(&mut store)?;
    run.call(&mut store, &[Val::Resource(file)], &mut [])?;
    assert_eq!(store.data(), &[1]);
    Ok(())
}

#[test]
fn handles_of_another_store_are_noticed() -> Result<()> {
    let engine = Engine::default();
    let (mut one, mut other) = (Store::new(&engine, ()), Store::new(&engine, ()));
    let mine = Resource::<File>::new_own(1).try_into_resource_any(&mut one)?;
    let theirs = Resource::<u8>::new_own(2).try_into_resource_any(&mut other)?;
    assert!(mine.resource_drop(&mut other).is_err());
    assert!(mine.try_into_resource::<File>(&mut other).is_err());
    assert_eq!(theirs.try_into_resource::<u8>(&mut other)?.rep(), 2);
    assert_eq!(mine.try_into_resource::<File>(&mut one)?.rep(), 1);
    Ok(())
}

/// A few bytes ask for more instances, types or items than there is memory for.
#[test]
fn small_components_that_ask_for_much() {
    let engine = Engine::default();
    let refused = |text: String, why: &str| {
        let error = Component::new(&engine, &text).map(drop).unwrap_err();
        assert!(format!("{error:#}").contains(why), "{error:#}");
    };
    // Each component has two instances of the one before it.
    let mut text = String::from("(component (component $c0)");
    for n in 1..40 {
        let before = n - 1;
        text += &format!(
            "(component $c{n} (alias outer 1 $c{before} (component $x))
                (instance (instantiate $x)) (instance (instantiate $x)))"
        );
    }
    refused(text + "(instance (instantiate $c39)))", "component instances");
    // Each type has two of the one before it.
    let mut text = String::from("(component (type $t0 (tuple u64 u64))");
    for n in 1..60 {
        let before = n - 1;
        text += &format!("(type $t{n} (tuple $t{before} $t{before}))");
    }
    refused(text + "(import \"f\" (func (param \"x\" (list $t59)))))", "type size");
    let mut text = String::from("(component (type $t0 (instance (export \"f\" (func))))");
    for n in 1..25 {
        let before = n - 1;
        text += &format!(
            "(type $t{n} (instance (alias outer 1 $t{before} (type $x))
                (export \"a\" (instance (type $x))) (export \"b\" (instance (type $x)))))"
        );
    }
    refused(text + "(import \"f\" (instance (type $t24))))", "type size");
}

/// How many values of flags a guest returns.
const FLAGS: usize = 1000;

/// A list of flags has few bytes in a guest, and many strings in the host.
#[test]
fn lifted_flags_and_names_are_paid_for() -> Result<()> {
    let engine = Engine::default();
    let labels: String = (0..32).map(|n| format!("\"f{n}\" ")).collect();
    let text = format!(
        r#"(component (type $f' (flags {labels})) (export $f "f" (type $f'))
        (core module $m (memory (export "m") 1)
            (func (export "get") (result i32)
                (memory.fill (i32.const 0) (i32.const 0xff) (i32.const 16000))
                (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const {FLAGS}))
                (i32.const 0)))
        (core instance $i (instantiate $m))
        (func (export "get") (result (list $f)) (canon lift (core func $i "get") (memory (core memory $i "m")))))"#
    );
    let component = Component::new(&engine, text)?;
    let mut store = Store::new(&engine, ());
    // As many bytes as the values have in the host, but for what its allocator needs.
    store.set_hostcall_fuel(FLAGS * (size_of::<Val>() + 32 * size_of::<String>()));
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let get = instance.get_func(&mut store, "get").unwrap();
    let error = one(get, &mut store, &[]).unwrap_err();
    assert!(error.to_string().contains("fuel allocated for hostcalls"), "{error}");
    Ok(())
}

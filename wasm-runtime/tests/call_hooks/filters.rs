//! Which calls hooks are notified of, and what the other imports are bound to.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{
    CallDirection, CallFilter, Engine, Func, Instance, Linker, Module, Result, Store,
};

use crate::support::{Log, TWO, call, log, module, taken, two};

#[test]
fn filters_choose_imports_and_exports() -> Result<()> {
    let engine = Engine::default();
    let linker = two(&engine);
    let module = module(&engine, TWO);
    let one = ["> host env.one()", "< host env.one = ()"];
    let two = ["> host env.two()", "< host env.two = ()"];
    let both = [one, two].concat();
    let run = ["> wasm run()", "< wasm run = ()"];
    let indirect = ["> wasm indirect()", "< wasm indirect = ()"];
    let name_is_two = |target: &wasm_runtime::CallTarget<'_>| target.name == Some("two");
    // Each filter, with the events it lets through for `run` and for `indirect`.
    let cases: [(CallFilter, &[&str], &[&str]); 8] = [
        (CallFilter::none(), &[], &[]),
        (CallFilter::to_wasm(), &run, &indirect),
        (CallFilter::to_host(), &both, &both),
        (CallFilter::none().import("env", "one"), &one, &one),
        (CallFilter::none().imports_of("env"), &both, &both),
        (CallFilter::none().imports_of("other"), &[], &[]),
        (CallFilter::none().export("run"), &run, &[]),
        (CallFilter::none().matching(name_is_two), &two, &two),
    ];
    for (filter, of_run, of_indirect) in cases {
        // The hook is set before the instance is made, after it, and after calls.
        for when in 0..3 {
            let mut store = Store::new(&engine, Log::new());
            if when == 0 {
                log(&mut store, "", filter.clone());
            }
            let instance = linker.instantiate(&mut store, &module)?;
            if when == 2 {
                call(&mut store, instance, "indirect")?;
            }
            if when > 0 {
                log(&mut store, "", filter.clone());
            }
            for _ in 0..2 {
                call(&mut store, instance, "run")?;
                assert_eq!(taken(&mut store), of_run, "{filter:?} {when}");
                call(&mut store, instance, "indirect")?;
                assert_eq!(taken(&mut store), of_indirect, "{filter:?} {when}");
            }
        }
    }
    Ok(())
}

#[test]
fn several_hooks_with_filters_of_their_own() -> Result<()> {
    let engine = Engine::default();
    let linker = two(&engine);
    let mut store = Store::new(&engine, Log::new());
    let module = module(&engine, TWO);
    let before = linker.instantiate(&mut store, &module)?;
    log(&mut store, "a", CallFilter::none().import("env", "one").export("run"));
    let b = log(&mut store, "b", CallFilter::to_host());
    log(&mut store, "c", CallFilter::none().import("env", "two"));
    let after = linker.instantiate(&mut store, &module)?;
    for instance in [before, after] {
        call(&mut store, instance, "run")?;
        let expected = [
            "a> wasm run()",
            "a>> host env.one()",
            "b> host env.one()",
            "b< host env.one = ()",
            "a<< host env.one = ()",
            "b> host env.two()",
            "c> host env.two()",
            "c< host env.two = ()",
            "b< host env.two = ()",
            "a< wasm run = ()",
        ];
        assert_eq!(taken(&mut store), expected);
        call(&mut store, instance, "indirect")?;
        let expected = [
            "a> host env.one()",
            "b> host env.one()",
            "b< host env.one = ()",
            "a< host env.one = ()",
            "b> host env.two()",
            "c> host env.two()",
            "c< host env.two = ()",
            "b< host env.two = ()",
        ];
        assert_eq!(taken(&mut store), expected);
    }
    assert!(store.remove_call_hook(b));
    for instance in [before, after] {
        call(&mut store, instance, "indirect")?;
        let expected = [
            "a> host env.one()",
            "a< host env.one = ()",
            "c> host env.two()",
            "c< host env.two = ()",
        ];
        assert_eq!(taken(&mut store), expected);
    }
    Ok(())
}

#[test]
fn a_reference_goes_by_the_imports_that_are_bound_to_it() -> Result<()> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, Log::new());
    log(&mut store, "", CallFilter::none().import("env", "late"));
    let func = Func::wrap(&mut store, || ());
    let calls = module(
        &engine,
        r#"(module (table (export "table") 1 funcref)
            (func (export "run") (call_indirect (i32.const 0))))"#,
    );
    let calls = Instance::new(&mut store, &calls, &[])?;
    let table = calls.get_table(&mut store, "table").unwrap();
    table.set(&mut store, 0, func.into())?;
    call(&mut store, calls, "run")?;
    assert_eq!(taken(&mut store), [""; 0]);
    let imports = module(&engine, r#"(module (import "env" "late" (func)))"#);
    Instance::new(&mut store, &imports, &[func.into()])?;
    call(&mut store, calls, "run")?;
    assert_eq!(taken(&mut store), ["> host env.late()", "< host env.late = ()"]);
    Ok(())
}

#[test]
fn a_filter_is_queried_when_imports_are_bound_and_not_for_calls() -> Result<()> {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    let engine = Engine::default();
    let linker = two(&engine);
    let mut store = Store::new(&engine, Log::new());
    let queries = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&queries);
    let filter = CallFilter::none().matching(move |target| {
        counter.fetch_add(1, Relaxed);
        target.direction == CallDirection::ToHost
    });
    log(&mut store, "", filter);
    assert_eq!(queries.load(Relaxed), 0);
    let instance = linker.instantiate(&mut store, &module(&engine, TWO))?;
    assert_eq!(queries.load(Relaxed), 2);
    let run = instance.get_typed_func::<(), ()>(&mut store, "run")?;
    for _ in 0..10 {
        run.call(&mut store, ())?;
    }
    // One query for each import, and one for the function that the host calls.
    assert_eq!(queries.load(Relaxed), 3);
    assert_eq!(taken(&mut store).len(), 40);
    Ok(())
}

#[test]
fn a_filter_that_panics_sets_no_hook() -> Result<()> {
    let engine = Engine::default();
    let linker = two(&engine);
    let mut store = Store::new(&engine, Log::new());
    let instance = linker.instantiate(&mut store, &module(&engine, TWO))?;
    let plain = store.import_shims(instance);
    let filter = CallFilter::none().matching(|target| {
        assert!(target.name != Some("two"), "not this one");
        true
    });
    let set = AssertUnwindSafe(|| log(&mut store, "", filter));
    assert!(catch_unwind(set).is_err());
    assert_eq!(store.import_shims(instance), plain);
    call(&mut store, instance, "run")?;
    assert_eq!(taken(&mut store), [""; 0]);
    Ok(())
}

#[test]
fn an_instance_without_hooks_has_the_same_code() -> Result<()> {
    let engine = Engine::default();
    let linker = two(&engine);
    let module = module(&engine, TWO);
    let mut never = Store::new(&engine, Log::new());
    let instance = linker.instantiate(&mut never, &module)?;
    let plain = never.import_shims(instance);
    assert_eq!(plain.len(), 2);

    // A hook that is only notified of calls to Wasm leaves imports alone. A filter leaves alone all
    // imports that do not match.
    let none = CallFilter::none();
    let one = none.clone().import("env", "one");
    let cases = [
        (none.clone(), [false, false]),
        (CallFilter::to_wasm(), [false, false]),
        (none.clone().export("run"), [false, false]),
        (none.import("env", "three"), [false, false]),
        (one, [true, false]),
        (CallFilter::to_host(), [true, true]),
    ];
    for (filter, changed) in cases {
        let mut store = Store::new(&engine, Log::new());
        let early = linker.instantiate(&mut store, &module)?;
        assert_eq!(store.import_shims(early), plain);
        let id = log(&mut store, "", filter.clone());
        let late = linker.instantiate(&mut store, &module)?;
        for instance in [early, late] {
            let shims = store.import_shims(instance);
            let differ = [0, 1].map(|import| shims[import] != plain[import]);
            assert_eq!(differ, changed, "{filter:?}");
        }
        store.remove_call_hook(id);
        for instance in [early, late] {
            assert_eq!(store.import_shims(instance), plain, "{filter:?}");
        }
    }
    // Hooks do not concern the compiler: nothing about them is in an artifact.
    let again = Engine::default();
    let mut hooked = Store::new(&again, Log::new());
    log(&mut hooked, "", CallFilter::all());
    assert_eq!(Module::new(&again, TWO)?.serialize()?, module.serialize()?);
    Ok(())
}

#[test]
fn instances_that_fail_half_way_have_hooks_too() -> Result<()> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    linker.func_wrap("env", "f", || ())?;
    let mut store = Store::new(&engine, Log::new());
    let owner = module(
        &engine,
        r#"(module (table (export "table") 1 funcref)
            (func (export "run") (call_indirect (i32.const 0))))"#,
    );
    let owner = linker.instantiate(&mut store, &owner)?;
    linker.instance(&mut store, "owner", owner)?;
    log(&mut store, "", CallFilter::none().import("env", "f"));
    let fails = module(
        &engine,
        r#"(module (import "owner" "table" (table 1 funcref)) (import "env" "f" (func $f))
            (memory 1)
            (elem (i32.const 0) $left)
            (func $left (call $f))
            (data (i32.const 100000) "x"))"#,
    );
    assert!(linker.instantiate(&mut store, &fails).is_err());
    call(&mut store, owner, "run")?;
    assert_eq!(taken(&mut store), ["> host env.f()", "< host env.f = ()"]);
    Ok(())
}

#[test]
fn instances_of_snapshots_have_hooks_too() -> Result<()> {
    use wasm_runtime::Snapshot;

    let engine = Engine::default();
    let linker = two(&engine);
    let mut store = Store::new(&engine, Log::new());
    let instance = linker.instantiate(&mut store, &module(&engine, TWO))?;
    let snapshot = Snapshot::take(&mut store, &[instance])?;
    let pre = snapshot.fork_pre(&linker)?;
    let mut store = Store::new(&engine, Log::new());
    log(&mut store, "", CallFilter::none().import("env", "two"));
    let instance = pre.fork(&mut store)?[0];
    for name in ["run", "indirect"] {
        call(&mut store, instance, name)?;
        assert_eq!(taken(&mut store), ["> host env.two()", "< host env.two = ()"]);
    }
    Ok(())
}

//! Exceptions in snapshots, restores and forks.

use wasm_runtime::{Instance, Linker, Module, Result, Snapshot, Store};

use crate::graph::engines;

const GUEST: &str = r#"(module
    (type $box (struct (field (mut i32))))
    (tag $other (param i64))
    (tag $t (export "t") (param i32 (ref $box)))
    (global $kept (mut exnref) (ref.null exn))
    (func (export "keep") (param i32)
        (global.set $kept (block $h (result exnref)
            (try_table (catch_all_ref $h)
                (throw $t (local.get 0) (struct.new $box (local.get 0))))
            (unreachable))))
    (func $open (result i32 (ref $box))
        (block $h (result i32 (ref $box))
            (try_table (catch $t $h) (throw_ref (global.get $kept)))
            (unreachable)))
    (func (export "get") (result i32) (i32.add (call $open) (struct.get $box 0)))
    (func (export "set") (param i32) (local $box (ref null $box))
        (call $open) (local.set $box) (drop)
        (struct.set $box 0 (local.get $box) (local.get 0))))"#;

/// Has the exceptions of another instance, and its own before them.
const IMPORTING: &str = r#"(module
    (type $box (struct (field (mut i32))))
    (tag $own)
    (func (export "throw") (throw $own)))"#;

fn call(store: &mut Store<()>, instance: Instance, name: &str, value: i32) -> Result<()> {
    instance.get_typed_func::<i32, ()>(&mut *store, name)?.call(store, value)
}

fn get(store: &mut Store<()>, instance: Instance) -> Result<i32> {
    instance.get_typed_func::<(), i32>(&mut *store, "get")?.call(store, ())
}

#[test]
fn exceptions_are_part_of_snapshots() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let linker = Linker::new(&engine);
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module)?;
        call(&mut store, instance, "keep", 3)?;
        assert_eq!(get(&mut store, instance)?, 6);
        let snapshot = Snapshot::of_store(&mut store)?;
        call(&mut store, instance, "set", 10)?;
        assert_eq!(get(&mut store, instance)?, 13);
        snapshot.restore(&mut store)?;
        assert_eq!(get(&mut store, instance)?, 6);
        call(&mut store, instance, "keep", 50)?;
        assert_eq!(get(&mut store, instance)?, 100);
        snapshot.restore(&mut store)?;
        store.gc(None)?;
        assert_eq!(get(&mut store, instance)?, 6);
        // In another store, whose tags have other numbers, and beside the instance itself.
        let mut other = Store::new(&engine, ());
        let first = linker.instantiate(&mut other, &module)?;
        linker.instantiate(&mut other, &Module::new(&engine, IMPORTING)?)?;
        call(&mut other, first, "keep", 1)?;
        for (store, untouched, expected) in [(&mut other, first, 2), (&mut store, instance, 6)] {
            let forked = snapshot.fork(&mut *store, &linker)?[0];
            assert_eq!(get(store, forked)?, 6);
            call(store, forked, "set", 20)?;
            store.gc(None)?;
            assert_eq!((get(store, forked)?, get(store, untouched)?), (23, expected));
        }
    }
    Ok(())
}

#[test]
fn an_exception_has_no_place_in_a_module() -> Result<()> {
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let instance =
            Linker::new(&engine).instantiate(&mut store, &Module::new(&engine, GUEST)?)?;
        assert!(Snapshot::of_store(&mut store)?.state(instance).is_ok());
        call(&mut store, instance, "keep", 3)?;
        let error = Snapshot::of_store(&mut store)?.state(instance).unwrap_err().to_string();
        assert!(error.starts_with("global 0 refers to") && error.contains("exception"), "{error}");
    }
    Ok(())
}

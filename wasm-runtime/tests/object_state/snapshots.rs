//! Who refers to what before and after a state was put back.

use wasm_runtime::{
    Engine, Extern, Instance, Linker, Module, OwnedRooted, PoolingAllocationConfig, Ref, Result,
    RootScope, Snapshot, Store, StructRef, Table, TypedFunc, Val,
};

use crate::graph::{GUEST, Kind, World, config, engines};

#[test]
fn a_restored_object_is_the_same_to_everybody() -> Result<()> {
    const READER: &str = r#"(module
        (type $node (struct (field $id (mut i32))))
        (global $seen (mut (ref null $node)) (ref.null $node))
        (func (export "see") (param (ref null $node)) (global.set $seen (local.get 0)))
        (func (export "id") (result i32) (struct.get $node $id (global.get $seen)))
        (func (export "set") (param i32)
            (struct.set $node $id (global.get $seen) (local.get 0))))"#;
    const MAKER: &str = r#"(module
        (type $node (struct (field $id (mut i32))))
        (import "reader" "see" (func $see (param (ref null $node))))
        (global $made (mut (ref null $node)) (ref.null $node))
        (func (export "make") (param i32)
            (global.set $made (struct.new $node (local.get 0)))
            (call $see (global.get $made)))
        (func (export "set") (param i32)
            (struct.set $node $id (global.get $made) (local.get 0)))
        (func (export "id") (result i32) (struct.get $node $id (global.get $made))))"#;
    for engine in engines() {
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        let reader = linker.instantiate(&mut store, &Module::new(&engine, READER)?)?;
        linker.instance(&mut store, "reader", reader)?;
        let maker = linker.instantiate(&mut store, &Module::new(&engine, MAKER)?)?;
        let mut func = |instance: Instance, name| instance.get_func(&mut store, name).unwrap();
        let (make, set) = (func(maker, "make"), func(maker, "set"));
        let (own, seen, change) = (func(maker, "id"), func(reader, "id"), func(reader, "set"));
        let call = |store: &mut Store<()>, func: &wasm_runtime::Func, value: i32| {
            func.call(store, &[Val::I32(value)], &mut [])
        };
        let get = |store: &mut Store<()>, func: &wasm_runtime::Func| -> Result<i32> {
            let get: TypedFunc<(), i32> = func.typed(&mut *store)?;
            get.call(store, ())
        };
        call(&mut store, &make, 1)?;
        let snapshot = Snapshot::take(&mut store, &[maker])?;
        call(&mut store, &set, 2)?;
        assert_eq!((get(&mut store, &own)?, get(&mut store, &seen)?), (2, 2));
        snapshot.restore(&mut store)?;
        assert_eq!((get(&mut store, &own)?, get(&mut store, &seen)?), (1, 1));
        call(&mut store, &change, 3)?;
        assert_eq!(get(&mut store, &own)?, 3);
        // What was made since stays as it is to those who are not in the snapshot.
        call(&mut store, &make, 4)?;
        snapshot.restore(&mut store)?;
        assert_eq!((get(&mut store, &own)?, get(&mut store, &seen)?), (1, 4));
        store.gc(None)?;
        assert_eq!((get(&mut store, &own)?, get(&mut store, &seen)?), (1, 4));
    }
    Ok(())
}

/// The structure in a slot, as the host keeps it.
fn held(world: &mut World, slot: u64) -> Result<OwnedRooted<StructRef>> {
    let slots = world.instance.get_table(&mut world.store, "slots").unwrap();
    let mut scope = RootScope::new(&mut world.store);
    let Some(Ref::Any(Some(object))) = slots.get(&mut scope, slot) else { panic!("no object") };
    object.unwrap_struct(&scope)?.to_owned_rooted(&mut scope)
}

/// The first field of a structure.
fn id(world: &mut World, object: &OwnedRooted<StructRef>) -> Result<Option<i32>> {
    let mut scope = RootScope::new(&mut world.store);
    let object = object.to_rooted(&mut scope);
    Ok(object.field(&mut scope, 0)?.i32())
}

#[test]
fn handles_stay_valid_when_a_snapshot_is_restored() -> Result<()> {
    for engine in engines() {
        let mut world = World::new(&Module::new(&engine, GUEST)?)?;
        world.call("node", 0, 1)?;
        let before = held(&mut world, 0)?;
        let snapshot = Snapshot::of_store(&mut world.store)?;
        world.call("set", 0, 2)?;
        world.call("node", 1, 3)?;
        let since = held(&mut world, 1)?;
        assert_eq!((id(&mut world, &before)?, id(&mut world, &since)?), (Some(2), Some(3)));
        snapshot.restore(&mut world.store)?;
        world.store.gc(None)?;
        assert_eq!((id(&mut world, &before)?, id(&mut world, &since)?), (Some(1), Some(3)));
        // It is the object that the instance has.
        world.call("set", 0, 4)?;
        assert_eq!(id(&mut world, &before)?, Some(4));
    }
    Ok(())
}

#[test]
fn a_transaction_undoes_changes_of_objects() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.model.make(0, Kind::Node, 1);
        world.call("node", 0, 1)?;
        let instance = world.instance;
        let result: Result<()> = world.store.transaction(|store| {
            let set = instance.get_typed_func::<(i32, i32), ()>(&mut *store, "set")?;
            set.call(&mut *store, (0, 9))?;
            store.gc(None)?;
            wasm_runtime::bail!("given up")
        });
        assert_eq!(result.unwrap_err().to_string(), "given up");
        world.check()?;
    }
    Ok(())
}

#[test]
fn a_snapshot_that_is_dropped_keeps_nothing() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.call("node", 0, 1)?;
        world.call("clear", 0, 0)?;
        world.store.gc(None)?;
        let before = world.store.heap_summary()?.count();
        for id in 0..20 {
            world.call("list", 1, id)?;
            let snapshot = Snapshot::of_store(&mut world.store)?;
            world.call("clear", 1, 0)?;
            assert_eq!(world.store.heap_summary()?.count(), before + 1);
            drop(snapshot);
            assert_eq!(world.store.heap_summary()?.count(), before);
        }
    }
    Ok(())
}

#[test]
fn tables_and_segments_of_a_fork_are_its_own() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.model.segment(0);
        world.call("segment", 0, 0)?;
        world.model.set(0, 5);
        world.call("set", 0, 5)?;
        let snapshot = Snapshot::of_store(&mut world.store)?;
        let linker = Linker::new(&engine);
        // Beside the instance, so that the heap has two of everything.
        let forked = snapshot.fork(&mut world.store, &linker)?[0];
        let original = std::mem::replace(&mut world.instance, forked);
        world.check()?;
        let untouched = world.model.clone();
        // The segment has the same object as the table has.
        world.model.segment(1);
        world.call("segment", 1, 0)?;
        world.model.set(1, 6);
        world.call("set", 1, 6)?;
        world.check()?;
        world.instance = original;
        world.model = untouched;
        world.check()?;
    }
    Ok(())
}

#[test]
fn instances_are_used_again_without_what_they_held() -> Result<()> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(2).max_memory_size(1 << 20);
    let pooled = Engine::new(config().allocation_strategy(pool))?;
    for engine in engines().into_iter().chain([pooled]) {
        let module = Module::new(&engine, GUEST)?;
        for id in 0..10 {
            let mut world = World::new(&module)?;
            world.check()?;
            world.model.make(2, Kind::Leaf, id);
            world.call("leaf", 2, id)?;
            world.model.segment(3);
            world.call("segment", 3, 0)?;
            world.check()?;
        }
    }
    Ok(())
}

#[test]
fn a_table_of_the_host_is_part_of_a_snapshot() -> Result<()> {
    for engine in engines() {
        let module = Module::new(&engine, GUEST)?;
        let mut world = World::new(&module)?;
        world.call("node", 1, 8)?;
        let Some(Extern::Table(table)) = world.instance.get_export(&mut world.store, "slots")
        else {
            panic!("no table")
        };
        let table: Table = table;
        let hashes = world.hashes()?;
        let snapshot = Snapshot::of_store(&mut world.store)?;
        table.grow(&mut world.store, 3, wasm_runtime::Ref::Any(None))?;
        world.call("clear", 1, 0)?;
        snapshot.restore(&mut world.store)?;
        assert_eq!((world.hashes()?, table.size(&world.store)), (hashes, 6));
    }
    Ok(())
}

//! Instances that start in the state of others.

use std::sync::Arc;
use std::thread;

use wasm_runtime::{
    Caller, Config, Engine, Linker, Module, Outside, PoolingAllocationConfig, Ref, Snapshot, Store,
    StoreLimitsBuilder,
};

use crate::support::{EVERYTHING, Guest, check_pristine, disturb};

#[test]
fn forks_start_where_the_snapshot_was_taken_and_are_apart() {
    let mut guest = Guest::new();
    guest.set_g(5);
    guest.call("store", &[1, 11]).unwrap();
    guest.call("set_f", &[]).unwrap();
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    guest.call("store", &[1, 12]).unwrap();
    let mut forks: Vec<_> = (0..3).map(|_| Guest::fork(&snapshot).unwrap()).collect();
    drop(guest);
    for (number, fork) in (20..).zip(&mut forks) {
        assert_eq!(fork.call("load", &[1]).unwrap(), 11);
        assert_eq!(fork.call("hidden", &[]).unwrap(), 5);
        assert_eq!(fork.call("call_f", &[]).unwrap(), 2);
        fork.call("store", &[1, number]).unwrap();
        fork.call("grow", &[number]).unwrap();
        fork.set_g(number.into());
    }
    for (number, fork) in (20..).zip(&mut forks) {
        assert_eq!(fork.call("load", &[1]).unwrap(), number);
        assert_eq!(fork.call("hidden", &[]).unwrap(), number);
        assert_eq!(fork.memory("a").size(&fork.store), 2 + number as u64);
    }
    // A fork is an instance like any other: it can be in a snapshot and be forked again.
    let fork = &mut forks[0];
    let again = Snapshot::take(&mut fork.store, &[fork.instance]).unwrap();
    fork.call("store", &[1, 1]).unwrap();
    assert_eq!(Guest::fork(&again).unwrap().call("load", &[1]).unwrap(), 20);
    again.restore(&mut fork.store).unwrap();
    assert_eq!(fork.call("load", &[1]).unwrap(), 20);
}

#[test]
fn forks_leave_nothing_for_the_next_instance() {
    let mut pooling = PoolingAllocationConfig::new();
    pooling.total_memories(6).total_core_instances(4).total_stacks(4);
    pooling.max_memories_per_module(2).max_tables_per_module(2);
    let mut with_pool = Config::new();
    with_pool.allocation_strategy(pooling);
    // A module without a memory. If no code had run, its instance would be reused as it is.
    let wat = r#"(module (table (export "t") 2 funcref) (global (export "g") (mut i32) (i32.const 1))
        (data "passive") (func $f) (elem declare func $f)
        (func (export "set") (table.set (i32.const 0) (ref.func $f)) (global.set 0 (i32.const 2))
            (data.drop 0)))"#;
    for config in [Config::new(), with_pool] {
        let engine = Engine::new(&config).unwrap();
        let linker = Linker::new(&engine);
        let modules = [EVERYTHING, wat].map(|wat| Module::new(&engine, wat).unwrap());
        let mut store = Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &modules[0]).unwrap();
        let mut guest = Guest { store, instance };
        disturb(&mut guest);
        let externs = guest.instance.get_table(&mut guest.store, "x").unwrap();
        externs.set(&mut guest.store, 0, Ref::Extern(None)).unwrap();
        let small = linker.instantiate(&mut guest.store, &modules[1]).unwrap();
        small
            .get_typed_func::<(), ()>(&mut guest.store, "set")
            .unwrap()
            .call(&mut guest.store, ())
            .unwrap();
        let snapshot = Snapshot::take(&mut guest.store, &[guest.instance, small]).unwrap();
        // More often than the pool has slots.
        for _ in 0..20 {
            let mut store = Store::new(&engine, ());
            let small = snapshot.fork(&mut store, &linker).unwrap()[1];
            let table = small.get_table(&mut store, "t").unwrap();
            assert!(table.get(&mut store, 0).unwrap().is_non_null());
            drop(store);

            let mut store = Store::new(&engine, ());
            let instance = linker.instantiate(&mut store, &modules[0]).unwrap();
            let small = linker.instantiate(&mut store, &modules[1]).unwrap();
            let table = small.get_table(&mut store, "t").unwrap();
            assert!(table.get(&mut store, 0).unwrap().is_null());
            assert_eq!(small.get_global(&mut store, "g").unwrap().get(&mut store).i32(), Some(1));
            assert!(!small.data_segments(&store).unwrap()[0].item.is_dropped);
            check_pristine(&mut Guest { store, instance });
        }
    }
}

#[test]
fn a_hundred_forks_on_several_threads() {
    let mut guest = Guest::new();
    guest.call("grow", &[62]).unwrap();
    guest.call("fill", &[0, 3, 64 << 16]).unwrap();
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    let linker = Linker::<()>::new(snapshot.engine());
    let pre = Arc::new(snapshot.fork_pre(&linker).unwrap());
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let pre = Arc::clone(&pre);
            thread::spawn(move || {
                let mut alive = Vec::new();
                for number in 0..25 {
                    let mut store = Store::new(pre.snapshot().engine(), ());
                    let instance = pre.fork(&mut store).unwrap()[0];
                    let mut fork = Guest { store, instance };
                    let place = 4096 * number;
                    assert_eq!(fork.call("load", &[place]).unwrap(), 3);
                    fork.call("store", &[place, 100 + thread]).unwrap();
                    alive.push(fork);
                    if number % 3 == 0 {
                        alive.swap_remove(0);
                    }
                }
                for fork in &mut alive {
                    let written = (0..25)
                        .filter(|page| fork.call("load", &[4096 * page]).unwrap() == 100 + thread)
                        .count();
                    assert_eq!(written, 1);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(guest.call("load", &[0]).unwrap(), 3);
}

#[test]
fn linked_instances_are_taken_and_forked_together() {
    let engine = Engine::default();
    let owner = r#"(module
        (memory (export "memory") 1) (table (export "table") 2 funcref)
        (global (export "global") (mut i32) (i32.const 0))
        (func (export "get") (result i32) (i32.load (i32.const 0)))
        (func (export "call") (param i32) (result i32) (call_indirect (result i32) (local.get 0))))"#;
    let user = r#"(module
        (import "host" "number" (func $number (result i32)))
        (import "owner" "memory" (memory 1)) (import "owner" "table" (table 2 funcref))
        (import "owner" "global" (global $g (mut i32))) (import "owner" "get" (func $get (result i32)))
        (func $mine (result i32) (i32.add (call $get) (call $number)))
        (elem (i32.const 1) func $mine)
        (func (export "set") (param i32)
            (i32.store (i32.const 0) (local.get 0)) (global.set $g (local.get 0))
            (table.set (i32.const 0) (ref.func $mine)))
        (func (export "global") (result i32) (global.get $g)))"#;
    let (owner, user) = (Module::new(&engine, owner).unwrap(), Module::new(&engine, user).unwrap());
    let mut linker = Linker::<i32>::new(&engine);
    linker.func_wrap("host", "number", |caller: Caller<'_, i32>| *caller.data()).unwrap();
    let mut store = Store::new(&engine, 1000);
    let mut local = linker.clone();
    let one = local.instantiate(&mut store, &owner).unwrap();
    local.instance(&mut store, "owner", one).unwrap();
    let two = local.instantiate(&mut store, &user).unwrap();
    let set = two.get_typed_func::<i32, ()>(&mut store, "set").unwrap();
    let call = one.get_typed_func::<i32, i32>(&mut store, "call").unwrap();
    let global = two.get_typed_func::<(), i32>(&mut store, "global").unwrap();
    set.call(&mut store, 5).unwrap();

    let error = Snapshot::take(&mut store, &[two]).unwrap_err().to_string();
    assert!(
        error.contains("`owner::memory`") && error.contains("SnapshotBuilder::outside"),
        "{error}"
    );
    let both = Snapshot::take(&mut store, &[two, one]).unwrap();
    set.call(&mut store, 6).unwrap();
    both.restore(&mut store).unwrap();
    assert_eq!(
        (call.call(&mut store, 0).unwrap(), global.call(&mut store, ()).unwrap()),
        (1005, 5)
    );

    let error = both.fork_pre(&Linker::<i32>::new(&engine)).unwrap_err().to_string();
    assert!(error.contains("`host::number`"), "{error}");
    let pre = both.fork_pre(&linker).unwrap();
    for data in [2000, 3000] {
        let mut other = Store::new(&engine, data);
        let forks = pre.fork(&mut other).unwrap();
        assert_eq!(forks.len(), 2);
        let call = forks[1].get_typed_func::<i32, i32>(&mut other, "call").unwrap();
        let set = forks[0].get_typed_func::<i32, ()>(&mut other, "set").unwrap();
        let global = forks[0].get_typed_func::<(), i32>(&mut other, "global").unwrap();
        assert_eq!(call.call(&mut other, 0).unwrap(), data + 5);
        assert_eq!(call.call(&mut other, 1).unwrap(), data + 5);
        set.call(&mut other, 9).unwrap();
        assert_eq!(call.call(&mut other, 1).unwrap(), data + 9);
        assert_eq!(global.call(&mut other, ()).unwrap(), 9);
    }
    assert_eq!(call.call(&mut store, 1).unwrap(), 1005);

    // What is left out comes from the linker. Each fork has its own copy of what is included.
    let out =
        Snapshot::builder().instances(&[two]).outside(Outside::LeaveOut).take(&mut store).unwrap();
    set.call(&mut store, 7).unwrap();
    out.restore(&mut store).unwrap();
    assert_eq!(global.call(&mut store, ()).unwrap(), 7);
    let mut other = Store::new(&engine, 1);
    assert!(out.fork(&mut other, &linker).is_err());
    let mut local = linker.clone();
    let one = local.instantiate(&mut other, &owner).unwrap();
    local.instance(&mut other, "owner", one).unwrap();
    let fork = out.fork(&mut other, &local).unwrap()[0];
    assert_eq!(
        fork.get_typed_func::<(), i32>(&mut other, "global").unwrap().call(&mut other, ()).unwrap(),
        0
    );
    let included =
        Snapshot::builder().instances(&[two]).outside(Outside::Include).take(&mut store).unwrap();
    set.call(&mut store, 8).unwrap();
    included.restore(&mut store).unwrap();
    assert_eq!(global.call(&mut store, ()).unwrap(), 7);
}

#[test]
fn limits_hold_for_forks() {
    let mut guest = Guest::new();
    guest.call("grow", &[10]).unwrap();
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    let limits = StoreLimitsBuilder::new().memory_size(11 << 16).build();
    let mut store = Store::new(snapshot.engine(), limits);
    store.limiter(|limits| limits);
    let error = snapshot.fork(&mut store, &Linker::new(snapshot.engine())).unwrap_err().to_string();
    assert!(error.contains("exceeds memory limits"), "{error}");
}

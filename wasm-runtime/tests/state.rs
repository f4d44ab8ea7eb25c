//! The state of instances with compiled code behind it: snapshots, forks, transactions.

#![cfg(all(feature = "jit", feature = "wat"))]

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use wasm_runtime::{
    Caller, Config, Engine, ExternRef, Func, Global, GlobalType, HostState, Instance, Internals,
    Linker, Memory, MemoryType, Module, Mutability, Outside, PoolingAllocationConfig, Ref, Result,
    Snapshot, Store, StoreLimitsBuilder, Trap, Val, ValType,
};

/// A module with one of everything that calls can change.
const EVERYTHING: &str = r#"(module
    (memory $a (export "a") 2)
    (memory $b (export "b") 0)
    (table $t (export "t") 4 funcref)
    (table $x (export "x") 1 externref)
    (global $g (export "g") (mut i64) (i64.const 7))
    (global $f (export "f") (mut funcref) (ref.null func))
    (global $v (mut v128) (v128.const i64x2 1 2))
    (data $image (memory $a) (i32.const 65530) "hello, world")
    (data $passive "passive")
    (elem $one (table $t) (i32.const 1) func $one)
    (elem $later funcref (ref.func $two) (ref.func $one))
    (type $i (func (result i32)))
    (func $one (result i32) (i32.const 1))
    (func $two (result i32) (i32.const 2))
    (func $hidden (export "hidden") (result i64) (global.get $g))
    (func (export "store") (param i32 i32) (i32.store8 $a (local.get 0) (local.get 1)))
    (func (export "load") (param i32) (result i32) (i32.load8_u $a (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow $a (local.get 0)))
    (func (export "grow_b") (param i32) (result i32) (memory.grow $b (local.get 0)))
    (func (export "store_b") (param i32 i32) (i32.store8 $b (local.get 0) (local.get 1)))
    (func (export "load_b") (param i32) (result i32) (i32.load8_u $b (local.get 0)))
    (func (export "set_g") (param i64) (global.set $g (local.get 0)))
    (func (export "set_f") (global.set $f (ref.func $two)))
    (func (export "call_f") (result i32)
        (table.set $t (i32.const 0) (global.get $f)) (call_indirect $t (type $i) (i32.const 0)))
    (func (export "call_t") (param i32) (result i32) (call_indirect $t (type $i) (local.get 0)))
    (func (export "grow_t") (param i32) (result i32)
        (table.grow $t (ref.func $two) (local.get 0)))
    (func (export "init_t") (param i32)
        (table.init $t $later (local.get 0) (i32.const 0) (i32.const 2)))
    (func (export "drop_later") (elem.drop $later))
    (func (export "init_a") (param i32)
        (memory.init $a $passive (local.get 0) (i32.const 0) (i32.const 7)))
    (func (export "drop_passive") (data.drop $passive))
    (func (export "fill") (param i32 i32 i32)
        (memory.fill $a (local.get 0) (local.get 1) (local.get 2)))
    (func (export "fail") (call_indirect $t (type $i) (i32.const 3)) (unreachable))
)"#;

struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new() -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, EVERYTHING).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Self { store, instance }
    }

    fn fork(snapshot: &Snapshot) -> Result<Self> {
        let mut store = Store::new(snapshot.engine(), ());
        let instances = snapshot.fork(&mut store, &Linker::new(snapshot.engine()))?;
        Ok(Self { store, instance: instances[0] })
    }

    fn call(&mut self, name: &str, params: &[i32]) -> Result<i32> {
        let func = self.instance.get_func(&mut self.store, name).unwrap();
        let params: Vec<_> = params.iter().map(|param| Val::I32(*param)).collect();
        let count = func.ty(&self.store).results().len();
        let mut results = vec![Val::I32(0); count];
        func.call(&mut self.store, &params, &mut results)?;
        Ok(results.first().map_or(0, |value| match value {
            Val::I64(value) => *value as i32,
            value => value.unwrap_i32(),
        }))
    }

    fn memory(&mut self, name: &str) -> Memory {
        self.instance.get_memory(&mut self.store, name).unwrap()
    }

    fn set_g(&mut self, value: i64) {
        let global = self.instance.get_global(&mut self.store, "g").unwrap();
        global.set(&mut self.store, Val::I64(value)).unwrap();
    }
}

/// Changes everything that can be changed.
fn disturb(guest: &mut Guest) {
    guest.call("store", &[0, 99]).unwrap();
    guest.call("store", &[65_531, 99]).unwrap();
    assert_eq!(guest.call("grow", &[3]).unwrap(), 2);
    guest.call("fill", &[4 << 16, 0xaa, 1 << 16]).unwrap();
    assert_eq!(guest.call("grow_b", &[1]).unwrap(), 0);
    guest.call("store_b", &[65_535, 5]).unwrap();
    guest.set_g(-1);
    guest.call("set_f", &[]).unwrap();
    assert_eq!(guest.call("call_f", &[]).unwrap(), 2);
    assert_eq!(guest.call("grow_t", &[2]).unwrap(), 4);
    guest.call("init_t", &[0]).unwrap();
    guest.call("drop_later", &[]).unwrap();
    guest.call("drop_passive", &[]).unwrap();
    assert!(guest.call("fail", &[]).is_err());
    let value = ExternRef::new(&mut guest.store, 1u8).unwrap();
    let table = guest.instance.get_table(&mut guest.store, "x").unwrap();
    table.set(&mut guest.store, 0, value.into()).unwrap();
}

/// Checks that everything is as in a new instance.
fn check_pristine(guest: &mut Guest) {
    let a = guest.memory("a");
    let mut expected = vec![0; 2 << 16];
    expected[65_530..65_542].copy_from_slice(b"hello, world");
    assert!(a.data(&guest.store) == expected);
    assert_eq!(guest.memory("b").data_size(&guest.store), 0);
    assert!(guest.call("load", &[2 << 16]).is_err(), "beyond the memory");
    assert!(guest.call("load_b", &[0]).is_err());
    assert_eq!(guest.call("hidden", &[]).unwrap(), 7);
    let table = guest.instance.get_table(&mut guest.store, "t").unwrap();
    assert_eq!(table.size(&guest.store), 4);
    assert!(guest.call("call_t", &[0]).is_err());
    assert_eq!(guest.call("call_t", &[1]).unwrap(), 1);
    assert!(guest.call("call_t", &[4]).is_err());
    let externs = guest.instance.get_table(&mut guest.store, "x").unwrap();
    assert!(externs.get(&mut guest.store, 0).unwrap().is_null());
    let global = guest.instance.get_global(&mut guest.store, "f").unwrap();
    assert!(matches!(global.get(&mut guest.store), Val::FuncRef(None)));
    // Segments that were dropped are there again.
    let before = Snapshot::of_store(&mut guest.store).unwrap();
    guest.call("init_a", &[100]).unwrap();
    assert_eq!(&guest.memory("a").data(&guest.store)[100..107], b"passive");
    guest.call("init_t", &[2]).unwrap();
    assert_eq!(guest.call("call_t", &[2]).unwrap(), 2);
    before.restore(&mut guest.store).unwrap();
}

#[test]
fn restoring_brings_everything_back() {
    let mut guest = Guest::new();
    check_pristine(&mut guest);
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    assert_eq!(snapshot.memory_size(), 2 << 16);
    for _ in 0..3 {
        check_pristine(&mut guest);
        disturb(&mut guest);
        snapshot.restore(&mut guest.store).unwrap();
    }
    check_pristine(&mut guest);
}

#[test]
fn snapshots_are_gone_back_to_in_any_order() {
    let mut guest = Guest::new();
    let pristine = Snapshot::of_store(&mut guest.store).unwrap();
    disturb(&mut guest);
    let disturbed = Snapshot::of_store(&mut guest.store).unwrap();
    // So many pages that the next snapshot copies all.
    guest.call("grow", &[200]).unwrap();
    guest.call("fill", &[0, 1, 200 << 16]).unwrap();
    let full = Snapshot::of_store(&mut guest.store).unwrap();
    guest.call("store", &[5, 200]).unwrap();
    let one_more = Snapshot::of_store(&mut guest.store).unwrap();
    let check = |guest: &mut Guest, number: usize| match number {
        0 => check_pristine(guest),
        1 => {
            assert_eq!(guest.call("load", &[0]).unwrap(), 99);
            assert_eq!(guest.call("load", &[5]).unwrap(), 0);
            assert_eq!(guest.call("load", &[65_532]).unwrap(), i32::from(b'l'));
            assert_eq!(guest.call("load", &[4 << 16]).unwrap(), 0xaa);
            assert_eq!(guest.call("load_b", &[65_535]).unwrap(), 5);
            assert!(guest.call("load", &[5 << 16]).is_err());
            assert_eq!(guest.call("call_t", &[0]).unwrap(), 2);
            assert_eq!(guest.call("call_t", &[5]).unwrap(), 2);
            assert!(guest.call("init_a", &[0]).is_err(), "the segment is dropped");
            assert_eq!(guest.call("hidden", &[]).unwrap(), -1);
        }
        number => {
            assert_eq!(guest.call("load", &[4]).unwrap(), 1);
            assert_eq!(guest.call("load", &[5]).unwrap(), if number == 2 { 1 } else { 200 });
            assert_eq!(guest.call("load", &[(200 << 16) - 1]).unwrap(), 1);
            assert_eq!(guest.call("load", &[200 << 16]).unwrap(), 0);
            assert_eq!(guest.memory("a").size(&guest.store), 205);
        }
    };
    let all = [pristine, disturbed, full, one_more];
    for number in [3, 2, 3, 0, 3, 1, 2, 1, 0, 1, 3, 0, 2, 0] {
        all[number].restore(&mut guest.store).unwrap();
        check(&mut guest, number);
        let mut fork = Guest::fork(&all[number]);
        if number > 0 {
            // It has a reference to a value of the host.
            assert!(fork.is_err());
            let instance = guest.instance;
            let table = instance.get_table(&mut guest.store, "x").unwrap();
            table.set(&mut guest.store, 0, Ref::Extern(None)).unwrap();
            fork = Guest::fork(&Snapshot::take(&mut guest.store, &[instance]).unwrap());
        }
        check(&mut fork.unwrap(), number);
    }
}

#[test]
fn many_pages_and_then_few() {
    let mut guest = Guest::new();
    guest.call("grow", &[98]).unwrap();
    guest.call("fill", &[0, 7, 50 << 16]).unwrap();
    let snapshot = Snapshot::of_store(&mut guest.store).unwrap();
    // Pages that differ from the first copy, and stay so.
    guest.call("fill", &[1 << 16, 8, 1 << 16]).unwrap();
    let later = Snapshot::of_store(&mut guest.store).unwrap();
    let mut before = guest.memory("a").data(&guest.store).to_vec();
    guest.call("fill", &[0, 9, 100 << 16]).unwrap();
    // More and more of what was written is as it was, until it is given back to the system.
    for round in 0..6 {
        later.restore(&mut guest.store).unwrap();
        assert!(guest.memory("a").data(&guest.store) == before, "round {round}");
        if round % 2 == 1 {
            // Taking a snapshot gives them back too.
            guest.call("store", &[77, 77]).unwrap();
            let other = Snapshot::of_store(&mut guest.store).unwrap();
            guest.call("store", &[77, 78]).unwrap();
            assert_eq!(Guest::fork(&other).unwrap().call("load", &[77]).unwrap(), 77);
            assert_eq!(guest.call("load", &[77]).unwrap(), 78);
            other.restore(&mut guest.store).unwrap();
            assert_eq!(guest.call("load", &[77]).unwrap(), 77);
        }
        guest.call("store", &[round * 70_000, 1]).unwrap();
        guest.call("store", &[(99 << 16) + round, 1]).unwrap();
    }
    snapshot.restore(&mut guest.store).unwrap();
    before[1 << 16..2 << 16].fill(7);
    assert!(guest.memory("a").data(&guest.store) == before);
}

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
    // A fork is an instance like any other: it can be taken and forked.
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
    let mut with_pool = Config::new();
    with_pool.allocation_strategy(pooling);
    // A module with no memory, whose instance would be used again as it is if no code had run.
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
        // More often than there are places in the pool.
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

    // What is left out comes from the linker, what is included is each fork's own.
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

/// A memory that nobody has written to yet shows what its module says; whoever takes a snapshot of it need not have
/// the instance in the set whose module that is.
#[test]
fn initial_contents_of_an_included_memory_are_part_of_it() {
    let owner = r#"(module (memory (export "memory") 3)
        (data (i32.const 8) "first") (data (i32.const 70000) "second"))"#;
    let user = r#"(module (import "owner" "memory" (memory 1))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1))))"#;
    for reservation in [None, Some(0)] {
        let mut config = Config::new();
        reservation.map(|bytes| config.memory_reservation(bytes).memory_guard_size(64 << 10));
        let engine = Engine::new(&config).unwrap();
        let mut store = Store::new(&engine, ());
        let owner = Instance::new(&mut store, &Module::new(&engine, owner).unwrap(), &[]).unwrap();
        let mut linker = Linker::new(&engine);
        linker.instance(&mut store, "owner", owner).unwrap();
        let user = linker.instantiate(&mut store, &Module::new(&engine, user).unwrap()).unwrap();
        let snapshot = Snapshot::builder()
            .instances(&[user])
            .outside(Outside::Include)
            .take(&mut store)
            .unwrap();
        let check = |store: &mut Store<()>, user: Instance| {
            let load = user.get_typed_func::<i32, i32>(&mut *store, "load").unwrap();
            for (at, byte) in [(8, b'f'), (70000, b's'), (70001, b'e'), (4096, 0)] {
                assert_eq!(load.call(&mut *store, at).unwrap(), i32::from(byte), "at {at}");
            }
        };
        check(&mut store, user);
        let write = user.get_typed_func::<(i32, i32), ()>(&mut store, "store").unwrap();
        for at in [8, 4096, 70001] {
            write.call(&mut store, (at, 1)).unwrap();
        }
        snapshot.restore(&mut store).unwrap();
        check(&mut store, user);
        let mut other = Store::new(&engine, ());
        let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
        check(&mut other, fork);
    }
}

#[test]
fn items_of_the_host_are_part_of_the_store() {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let ty = GlobalType::new(ValType::I32, Mutability::Var);
    let global = Global::new(&mut store, ty, Val::I32(3)).unwrap();
    let mut linker = Linker::new(&engine);
    linker.define(&store, "h", "m", memory).unwrap().define(&store, "h", "g", global).unwrap();
    let module = Module::new(
        &engine,
        r#"(module (import "h" "m" (memory 1)) (import "h" "g" (global $g (mut i32)))
            (func (export "run") (result i32)
                (i32.store8 (i32.const 9) (i32.const 1))
                (drop (memory.grow (i32.const 1)))
                (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g)))"#,
    )
    .unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let run = instance.get_typed_func::<(), i32>(&mut store, "run").unwrap();
    let error = Snapshot::take(&mut store, &[instance]).unwrap_err().to_string();
    assert!(error.contains("`h::m`"), "{error}");
    memory.write(&mut store, 70, b"kept").unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    for _ in 0..2 {
        assert_eq!(run.call(&mut store, ()).unwrap(), 4);
        assert_eq!((memory.data(&store)[9], memory.size(&store)), (1, 2));
        snapshot.restore(&mut store).unwrap();
        assert_eq!((memory.data(&store)[9], memory.size(&store)), (0, 1));
        assert_eq!(&memory.data(&store)[70..74], b"kept");
    }
    let mut other = Store::new(&engine, ());
    let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    let forked = fork.get_typed_func::<(), i32>(&mut other, "run").unwrap();
    assert_eq!(forked.call(&mut other, ()).unwrap(), 4);
    assert_eq!(forked.call(&mut other, ()).unwrap(), 5);
    assert_eq!(run.call(&mut store, ()).unwrap(), 4);
}

#[test]
fn running_code_has_no_snapshot() {
    let engine = Engine::default();
    let mut linker = Linker::<Option<Snapshot>>::new(&engine);
    linker
        .func_wrap("", "f", |mut caller: Caller<'_, Option<Snapshot>>| -> Result<()> {
            let error = Snapshot::of_store(&mut caller).unwrap_err().to_string();
            assert!(error.contains("running"), "{error}");
            let snapshot = caller.data().clone().unwrap();
            let error = snapshot.restore(&mut caller).unwrap_err().to_string();
            assert!(error.contains("running"), "{error}");
            wasm_runtime::bail!("enough")
        })
        .unwrap();
    let wat = r#"(module (import "" "f" (func $f)) (memory 1) (func (export "run") (call $f))
        (func (export "trap") unreachable))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, None);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    *store.data_mut() = Some(snapshot.clone());
    let run = instance.get_typed_func::<(), ()>(&mut store, "run").unwrap();
    assert!(format!("{:#}", run.call(&mut store, ()).unwrap_err()).contains("enough"));
    let trap = instance.get_typed_func::<(), ()>(&mut store, "trap").unwrap();
    assert!(trap.call(&mut store, ()).unwrap_err().is::<Trap>());
    // However the calls have ended, the store is at rest.
    snapshot.restore(&mut store).unwrap();
    Snapshot::of_store(&mut store).unwrap();
    let mut other = Store::new(&engine, ());
    let error = snapshot.restore(&mut other).unwrap_err().to_string();
    assert!(error.contains("another store") && error.contains("Snapshot::fork"), "{error}");
}

#[test]
fn references_that_have_no_counterpart_stay_in_their_store() {
    let mut guest = Guest::new();
    let func = Func::wrap(&mut guest.store, || 77);
    let table = guest.instance.get_table(&mut guest.store, "t").unwrap();
    table.set(&mut guest.store, 2, func.into()).unwrap();
    let snapshot = Snapshot::take(&mut guest.store, &[guest.instance]).unwrap();
    table.set(&mut guest.store, 2, Ref::Func(None)).unwrap();
    snapshot.restore(&mut guest.store).unwrap();
    assert_eq!(guest.call("call_t", &[2]).unwrap(), 77);
    let error = snapshot.fork_pre(&Linker::<()>::new(snapshot.engine())).unwrap_err().to_string();
    assert!(error.contains("element 2 of table 0 of instance 0"), "{error}");
}

#[derive(Debug)]
struct Host {
    count: u32,
    refuse: bool,
}

impl HostState for Host {
    type Saved = u32;

    fn save(&mut self) -> Result<u32> {
        Ok(self.count)
    }

    fn restore(&mut self, saved: &u32) -> Result<()> {
        wasm_runtime::ensure!(!self.refuse, "refused");
        self.count = *saved;
        Ok(())
    }

    fn copy_extern(value: &(dyn Any + Send + Sync)) -> Option<Box<dyn Any + Send + Sync>> {
        Some(Box::new(value.downcast_ref::<String>()?.clone()))
    }
}

#[test]
fn the_host_is_part_of_it_if_it_wants() {
    let engine = Engine::default();
    let module = Module::new(&engine, EVERYTHING).unwrap();
    let mut store = Store::new(&engine, Host { count: 1, refuse: false });
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let table = instance.get_table(&mut store, "x").unwrap();
    let value = ExternRef::new(&mut store, "text".to_string()).unwrap();
    table.set(&mut store, 0, value.into()).unwrap();
    let snapshot = Snapshot::builder().instances(&[instance]).take_with_host(&mut store).unwrap();
    store.data_mut().count = 2;
    table.set(&mut store, 0, Ref::Extern(None)).unwrap();
    store.data_mut().refuse = true;
    let error = snapshot.restore(&mut store).unwrap_err();
    assert!(format!("{error:#}").contains("refused"), "{error:?}");
    assert!(table.get(&mut store, 0).unwrap().is_null(), "nothing has changed");
    store.data_mut().refuse = false;
    snapshot.restore(&mut store).unwrap();
    assert_eq!(store.data().count, 1);
    assert!(table.get(&mut store, 0).unwrap().is_non_null());

    let mut other = Store::new(&engine, Host { count: 9, refuse: false });
    let fork = snapshot.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    assert_eq!(other.data().count, 1);
    let forked = fork.get_table(&mut other, "x").unwrap().get(&mut other, 0).unwrap();
    let text = forked.unwrap_extern().unwrap().data(&other).unwrap().unwrap();
    assert_eq!(text.downcast_ref::<String>().unwrap(), "text");
    let error = snapshot.fork(&mut Store::new(&engine, 5u8), &Linker::new(&engine)).unwrap_err();
    assert!(error.to_string().contains("`u8`"), "{error}");
    // Without the host, nobody copies the value.
    let plain = Snapshot::take(&mut store, &[instance]).unwrap();
    let error = plain.fork_pre(&Linker::<Host>::new(&engine)).unwrap_err().to_string();
    assert!(error.contains("copy_extern"), "{error}");
}

#[test]
fn transactions_are_undone_by_errors_traps_panics_and_on_request() {
    let mut guest = Guest::new();
    let instance = guest.instance;
    let mut run = |body: &mut dyn FnMut(&mut Store<()>) -> Result<i32>| {
        catch_unwind(AssertUnwindSafe(|| guest.store.transaction(|store| body(store))))
    };
    let change = |store: &mut Store<()>| {
        let func = instance.get_typed_func::<(i32, i32), ()>(&mut *store, "store")?;
        func.call(&mut *store, (0, 1))?;
        let grow = instance.get_typed_func::<i32, i32>(&mut *store, "grow")?;
        grow.call(&mut *store, 1)
    };
    let error = run(&mut |store| {
        change(store)?;
        wasm_runtime::bail!("no")
    });
    assert_eq!(error.unwrap().unwrap_err().to_string(), "no");
    let error = run(&mut |store| {
        change(store)?;
        instance.get_typed_func::<(), ()>(&mut *store, "fail")?.call(&mut *store, ())?;
        Ok(0)
    });
    assert!(error.unwrap().unwrap_err().is::<Trap>());
    let panic = run(&mut |store| {
        change(store)?;
        panic!("oh")
    });
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"oh"));
    check_pristine(&mut guest);

    let mut transaction = guest.store.begin().unwrap();
    change(&mut transaction).unwrap();
    transaction.rollback().unwrap();
    let mut transaction = guest.store.begin().unwrap();
    change(&mut transaction).unwrap();
    drop(transaction);
    check_pristine(&mut guest);
    assert_eq!(guest.store.transaction(change).unwrap(), 2);
    assert_eq!(guest.call("load", &[0]).unwrap(), 1);
    assert_eq!(guest.store.transaction(change).unwrap(), 3);

    let mut store = Store::new(guest.store.engine(), Host { count: 1, refuse: false });
    let result: Result<()> = store.transaction_with_host(|store| {
        store.data_mut().count = 5;
        wasm_runtime::bail!("no")
    });
    assert!(result.is_err());
    assert_eq!(store.data().count, 1);
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

#[test]
fn memories_that_move() {
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(0).memory_reservation_for_growth(0);
    let engine = Engine::new(&config).unwrap();
    let wat = r#"(module (memory (export "m") 1) (memory (export "w") i64 2)
        (data (i32.const 4095) "cd"))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let m = instance.get_memory(&mut store, "m").unwrap();
    let w = instance.get_memory(&mut store, "w").unwrap();
    let first = Snapshot::of_store(&mut store).unwrap();
    m.grow(&mut store, 3).unwrap();
    w.grow(&mut store, 1).unwrap();
    m.data_mut(&mut store).fill(8);
    w.write(&mut store, 3 << 16 >> 1, b"wide").unwrap();
    let second = Snapshot::of_store(&mut store).unwrap();
    for _ in 0..2 {
        first.restore(&mut store).unwrap();
        assert_eq!((m.data_size(&store), w.data_size(&store)), (1 << 16, 2 << 16));
        assert_eq!(&m.data(&store)[4094..4098], b"\0cd\0");
        m.grow(&mut store, 1).unwrap();
        assert!(m.data(&store)[1 << 16..].iter().all(|byte| *byte == 0));
        second.restore(&mut store).unwrap();
        assert!(m.data(&store).len() == 4 << 16 && m.data(&store).iter().all(|byte| *byte == 8));
        assert_eq!(&w.data(&store)[3 << 15..][..5], b"wide\0");
    }
    let mut other = Store::new(&engine, ());
    let fork = second.fork(&mut other, &Linker::new(&engine)).unwrap()[0];
    let m = fork.get_memory(&mut other, "m").unwrap();
    m.grow(&mut other, 70).unwrap();
    assert_eq!((m.data(&other)[(4 << 16) - 1], m.data(&other)[4 << 16]), (8, 0));
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_forks_and_snapshots() {
    let count = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let of_snapshots = maps.lines().filter(|line| line.contains("wasm-snapshot")).count();
        let files = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        (
            of_snapshots,
            files.filter(|path| path.to_string_lossy().contains("wasm-snapshot")).count(),
        )
    };
    // In a process of its own, since other tests have snapshots too.
    if std::env::var_os("COUNT_SNAPSHOTS").is_none() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "nothing_is_left_of_forks_and_snapshots"]);
        assert!(command.env("COUNT_SNAPSHOTS", "1").status().unwrap().success());
        return;
    }
    let mut guest = Guest::new();
    for _ in 0..200 {
        guest.call("store", &[3, 3]).unwrap();
        let snapshot = Snapshot::of_store(&mut guest.store).unwrap();
        for _ in 0..3 {
            let mut fork = Guest::fork(&snapshot).unwrap();
            fork.call("store", &[3, 4]).unwrap();
            Snapshot::of_store(&mut fork.store).unwrap();
        }
        guest.call("fill", &[0, 9, 2 << 16]).unwrap();
        snapshot.restore(&mut guest.store).unwrap();
    }
    // The memory itself shows the last copy: one file, mapped to be written and to be read.
    let (maps, files) = count();
    assert!(maps <= 4 && files <= 2, "{maps} mappings, {files} files");
    drop(guest);
    assert_eq!(count(), (0, 0));
}

/// An instance of a module that exports nothing but one function, on an engine for each level.
fn internals(level: Internals) -> (Store<()>, Instance) {
    let mut config = Config::new();
    config.internals(level);
    let engine = Engine::new(&config).unwrap();
    let wat = r#"(module
        (import "host" "m" (memory $imported 1))
        (memory $own 1) (table $table 2 funcref) (global $count (mut i32) (i32.const 5))
        (global $constant i64 (i64.const 6)) (global $open (export "shown") (mut i32) (i32.const 7))
        (data $text (memory $own) (i32.const 3) "text") (data $later "abc")
        (elem $list (i32.const 1) func $get)
        (func $get (export "get") (result i32) (global.get $count))
        (func $add (param i32) (result i32) (i32.add (local.get 0) (global.get $count)))
        (func (drop (call $add (i32.const 1)))))"#;
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).unwrap();
    let instance = Instance::new(&mut store, &module, &[memory.into()]).unwrap();
    assert_eq!(instance.internals(&store), level);
    (store, instance)
}

#[test]
fn everything_can_be_read() {
    let (mut store, instance) = internals(Internals::Readable);
    let globals = instance.globals(&mut store).unwrap();
    let told: Vec<_> = globals
        .iter()
        .map(|it| (it.index, it.name.as_deref().unwrap(), it.is_imported, it.is_exported))
        .collect();
    assert_eq!(
        told,
        [(0, "count", false, false), (1, "constant", false, false), (2, "open", false, true)]
    );
    assert_eq!(globals[0].item.get(&mut store).i32(), Some(5));
    let memories = instance.memories(&mut store).unwrap();
    assert!(memories[0].is_imported && !memories[1].is_imported);
    assert_eq!(&memories[1].item.data(&store)[..8], b"\0\0\0text\0");
    let own = instance.memory_named(&mut store, "own").unwrap();
    assert_eq!(own, memories[1].item);
    assert_eq!(instance.table_at(&mut store, 0).unwrap().size(&store), 2);
    let functions = instance.functions(&mut store).unwrap();
    assert_eq!(functions.len(), 3);
    assert_eq!(functions[2].name, None);
    // Functions by index and by name can be called.
    let add = instance.func_named(&mut store, "add").unwrap();
    assert_eq!(add.typed::<i32, i32>(&store).unwrap().call(&mut store, 2).unwrap(), 7);
    assert_eq!(instance.func_at(&mut store, 1).unwrap(), add);
    // If no name section says it, the name of the export will do.
    assert!(instance.global_named(&mut store, "shown").is_ok());
    let error = instance.global_named(&mut store, "cout").unwrap_err().to_string();
    assert!(error.contains("did you mean `count`?"), "{error}");
    let error = instance.global_at(&mut store, 3).unwrap_err().to_string();
    assert!(error.contains("it has 3 of them"), "{error}");
    let data = instance.data_segments(&store).unwrap();
    assert_eq!((data[1].name.as_deref(), data[1].item.bytes), (Some("later"), &b"abc"[..]));
    assert!(data[0].item.is_active && data[0].item.is_dropped && !data[1].item.is_dropped);
    let elements = instance.element_segments(&store).unwrap();
    assert_eq!((elements[0].item.len, elements[0].item.is_dropped), (1, true));
}

#[test]
fn only_what_the_artifact_allows_can_be_written() {
    let (mut store, instance) = internals(Internals::Readable);
    let how = "`Config::internals(Internals::Writable)`";
    let count = instance.global_named(&mut store, "count").unwrap();
    let error = count.set(&mut store, Val::I32(1)).unwrap_err().to_string();
    assert!(error.contains("global") && error.contains(how), "{error}");
    let table = instance.table_at(&mut store, 0).unwrap();
    assert!(table.set(&mut store, 0, Ref::Func(None)).is_err());
    assert!(table.grow(&mut store, 1, Ref::Func(None)).is_err());
    assert!(table.fill(&mut store, 0, Ref::Func(None), 1).is_err());
    assert!(table.get(&mut store, 1).unwrap().is_non_null());
    let own = instance.memory_at(&mut store, 1).unwrap();
    let error = own.write(&mut store, 0, b"x").unwrap_err().to_string();
    assert!(error.contains("memory") && error.contains(how), "{error}");
    assert!(own.grow(&mut store, 1).is_err());
    let panic = catch_unwind(AssertUnwindSafe(|| own.data_mut(&mut store)[0] = 1)).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().contains(how));
    assert_eq!(own.data(&store)[0], 0);
    // Others, who would write, do not get it either.
    let module = Module::new(store.engine(), r#"(module (import "" "" (memory 1)))"#).unwrap();
    assert!(Instance::new(&mut store, &module, &[own.into()]).is_err());
    let mut linker = Linker::new(store.engine());
    assert!(linker.define(&store, "", "", own).is_err());
    // What is imported or exported is everybody's.
    instance.memory_at(&mut store, 0).unwrap().write(&mut store, 0, b"x").unwrap();
    let shown = instance.global_at(&mut store, 2).unwrap();
    shown.set(&mut store, Val::I32(8)).unwrap();
    assert_eq!(instance.get_global(&mut store, "shown").unwrap(), shown);

    let (mut store, instance) = internals(Internals::Writable);
    instance.global_at(&mut store, 0).unwrap().set(&mut store, Val::I32(50)).unwrap();
    assert!(instance.global_at(&mut store, 1).unwrap().set(&mut store, Val::I64(5)).is_err());
    instance.memory_at(&mut store, 1).unwrap().write(&mut store, 0, b"x").unwrap();
    let get = instance.get_typed_func::<(), i32>(&mut store, "get").unwrap();
    assert_eq!(get.call(&mut store, ()).unwrap(), 50);
}

#[test]
fn sealed_modules_show_what_they_export() {
    let (mut store, instance) = internals(Internals::Sealed);
    for error in [
        instance.globals(&mut store).unwrap_err(),
        instance.global_at(&mut store, 0).unwrap_err(),
        instance.func_named(&mut store, "add").unwrap_err(),
        instance.data_segments(&store).unwrap_err(),
    ] {
        assert!(error.to_string().contains("Internals::Readable"), "{error}");
    }
    assert!(instance.global_named(&mut store, "shown").is_ok());
    assert!(instance.func_at(&mut store, 0).is_ok());
    let snapshot =
        Snapshot::builder().instances(&[instance]).outside(Outside::Include).take(&mut store);
    let snapshot = snapshot.unwrap();
    assert!(snapshot.state(instance).is_err());
    snapshot.restore(&mut store).unwrap();
}

#[test]
fn artifacts_say_who_may_write() {
    let mut config = Config::new();
    let wat = r#"(module (global (mut i32) (i32.const 0)))"#;
    let readable = Engine::new(&config).unwrap().precompile_module(wat.as_bytes()).unwrap();
    config.internals(Internals::Sealed);
    let sealed = Engine::new(&config).unwrap().precompile_module(wat.as_bytes()).unwrap();
    config.internals(Internals::Writable);
    let writable = Engine::new(&config).unwrap();
    for artifact in [&readable, &sealed] {
        // SAFETY: made above.
        let error = unsafe { Module::deserialize(&writable, artifact) }.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("`Config::internals(Internals::Writable)`"), "{error}");
    }
    // SAFETY: made above.
    let module = unsafe { Module::deserialize(&Engine::default(), &sealed) }.unwrap();
    let mut store = Store::new(module.engine(), ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    assert_eq!(instance.internals(&store), Internals::Sealed);
    assert!(instance.global_at(&mut store, 0).is_err());
}

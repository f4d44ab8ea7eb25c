//! When the machine has no memory left: no instance runs with half of a state, and nothing is lost
//! for later.

#![cfg(all(feature = "jit", feature = "wat", target_os = "linux"))]

use std::process::Command;

use wasm_runtime::{
    Config, Engine, Instance, Memory, MemoryType, Module, Outside, PoolingAllocationConfig,
    Snapshot, Store,
};

/// How much data the child may have, in KiB: less than two memories of [`PAGES`], more than one.
const LIMIT: &str = "900000";
const PAGES: u64 = 10_000;

/// Marks the child process.
const CHILD: &str = "WASM_TEST_LITTLE_DATA";

const WAT: &str = r#"(module
    (memory $first (export "first") 1) (memory $second (export "second") 1)
    (global $count (export "count") (mut i32) (i32.const 0))
    (func (export "next") (param i32) (result i32)
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (i32.store8 $first (i32.const 0) (global.get $count))
        (i32.store8 $second (local.get 0) (global.get $count))
        (global.get $count)))"#;

/// Runs this program again, for one test, with a limit on its data.
fn run_in_a_child(test: &str) {
    run_with_limit(LIMIT, test);
}

fn run_with_limit(limit: &str, test: &str) {
    let program = std::env::current_exe().unwrap();
    let command = format!("ulimit -d {limit} && exec \"$0\" --exact {test} --nocapture");
    let output = Command::new("sh").args(["-c", &command]).arg(program).env(CHILD, "1").output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("the child is done"), "{text}\n{errors}");
}

#[test]
fn instances_without_their_state_do_not_run() {
    run_in_a_child("in_the_child");
}

#[test]
fn what_is_lost_stays_lost_until_a_whole_state_is_put_back() {
    run_in_a_child("lost_in_the_child");
}

#[test]
fn instances_with_a_memory_that_was_emptied_do_not_run() {
    run_in_a_child("emptied_in_the_child");
}

#[test]
fn no_room_for_the_copy_of_a_table_is_an_error() {
    run_in_a_child("tables_in_the_child");
}

#[test]
fn tables_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let wat = format!("(module {})", "(table 10000000 externref)".repeat(4));
    let module = Module::new(&engine, wat).unwrap();
    let mut store = Store::new(&engine, ());
    Instance::new(&mut store, &module, &[]).unwrap();
    let mut kept = Vec::new();
    let error = loop {
        match Snapshot::of_store(&mut store) {
            Ok(snapshot) => kept.push(snapshot),
            Err(error) => break error.to_string(),
        }
        assert!(kept.len() < 10);
    };
    assert!(error.contains("no room for a snapshot of a table"), "{error}");
    // What forks start from takes as much memory again.
    let mut other = Store::new(&engine, ());
    let forked = kept.iter().try_for_each(|snapshot| {
        snapshot.fork(&mut other, &wasm_runtime::Linker::new(&engine)).map(drop)
    });
    assert!(forked.unwrap_err().to_string().contains("no room"));
    println!("the child is done");
}

#[test]
fn no_room_for_changed_pages_is_an_error() {
    run_in_a_child("pages_in_the_child");
}

#[test]
fn pages_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(6_400, None)).unwrap();
    let mut kept = vec![Snapshot::of_store(&mut store).unwrap()];
    // Fewer than an eighth of the pages, so that they are kept one by one. Each snapshot has other
    // pages.
    let changed = |number: usize| (0..12_000).map(move |page| (page * 8 * 4096, number as u8));
    let error = loop {
        for (place, value) in changed(kept.len()) {
            memory.data_mut(&mut store)[place] = value;
        }
        match Snapshot::of_store(&mut store) {
            Ok(snapshot) => kept.push(snapshot),
            Err(error) => break error.to_string(),
        }
        assert!(kept.len() < 30);
    };
    assert!(error.contains("no room for a snapshot of a memory"), "{error}");
    assert!(kept.len() > 5);
    // The memory keeps its contents, and so do the earlier snapshots.
    let holds = |store: &Store<()>, number: usize| {
        changed(number).all(|(place, value)| memory.data(store)[place] == value)
    };
    assert!(holds(&store, kept.len()));
    for number in [2, 1] {
        kept[number].restore(&mut store).unwrap();
        assert!(holds(&store, number));
    }
    println!("the child is done");
}

#[test]
fn no_room_for_plain_data_is_an_error() {
    run_with_limit("300000", "state_in_the_child");
}

#[test]
fn state_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let wat = r#"(module (memory (export "m") 2500) (func (export "fill")
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 163840000))))"#;
    let mut store = Store::new(&engine, ());
    let module = Module::new(&engine, wat).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let fill = instance.get_typed_func::<(), ()>(&mut store, "fill").unwrap();
    fill.call(&mut store, ()).unwrap();
    let snapshot = Snapshot::of_store(&mut store).unwrap();
    let error = snapshot.state(instance).unwrap_err().to_string();
    assert!(error.contains("no room for a snapshot as plain data"), "{error}");
    println!("the child is done");
}

#[test]
fn a_reservation_made_up_front_outlives_failures() {
    run_in_a_child("pool_in_the_child");
}

#[test]
fn pool_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(1).total_core_instances(4).total_stacks(2);
    let engine = Engine::new(Config::new().allocation_strategy(pool)).unwrap();
    let small = Module::new(&engine, "(module (memory 1))").unwrap();
    let large = Module::new(&engine, "(module (memory 20000))").unwrap();
    let make = |module| {
        let mut store = Store::new(&engine, ());
        let made = Instance::new(&mut store, module, &[]).map(drop);
        if made.is_ok() {
            // There is no second reservation.
            let second = Memory::new(&mut store, MemoryType::new(1, None)).unwrap_err();
            assert!(format!("{second:#}").contains("total_memories"), "{second:#}");
        }
        made
    };
    for _ in 0..3 {
        make(&small).unwrap();
        assert!(make(&large).is_err());
    }
    make(&small).unwrap();
    // A fork that fails does not use up a reservation either.
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &small, &[]).unwrap();
    let snapshot = Snapshot::take(&mut store, &[instance]).unwrap();
    assert!(snapshot.fork(&mut store, &wasm_runtime::Linker::new(&engine)).is_err());
    drop(store);
    make(&small).unwrap();
    println!("the child is done");
}

/// Takes the memory that others would need.
fn take_the_room() -> impl Sized {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let taken = Memory::new(&mut store, MemoryType::new(PAGES as u32, None)).unwrap();
    taken.write(&mut store, 0, &[7]).unwrap();
    (store, engine)
}

#[test]
fn lost_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let module = Module::new(&engine, WAT).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let second = instance.get_memory(&mut store, "second").unwrap();
    let next = instance.get_typed_func::<i32, i32>(&mut store, "next").unwrap();
    let small = Snapshot::of_store(&mut store).unwrap();
    second.grow(&mut store, PAGES).unwrap();
    let large = Snapshot::of_store(&mut store).unwrap();
    small.restore(&mut store).unwrap();
    let taken = take_the_room();
    assert!(large.restore(&mut store).is_err());
    let is_lost = |error: wasm_runtime::Error| {
        let text = format!("{error:#}");
        assert!(text.contains("lost its state"), "{text}");
    };
    for round in 0..2 {
        is_lost(store.transaction(|store| next.call(store, 0)).unwrap_err());
        is_lost(next.call(&mut store, 0).unwrap_err());
        let transaction = store.begin().unwrap();
        if round == 0 {
            transaction.commit()
        } else {
            drop(transaction)
        }
        is_lost(next.call(&mut store, 0).unwrap_err());
        is_lost(Snapshot::of_store(&mut store).unwrap_err());
        is_lost(Snapshot::take(&mut store, &[instance]).unwrap_err());
    }
    // A transaction that began before anything was whole again puts back a state that is whole.
    let mut transaction = store.begin().unwrap();
    small.restore(&mut *transaction).unwrap();
    assert_eq!(next.call(&mut *transaction, 0).unwrap(), 1);
    transaction.rollback().unwrap();
    is_lost(next.call(&mut store, 0).unwrap_err());
    small.restore(&mut store).unwrap();
    assert_eq!(next.call(&mut store, 0).unwrap(), 1);
    Snapshot::of_store(&mut store).unwrap();
    drop(taken);
    println!("the child is done");
}

#[test]
fn emptied_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let owner =
        r#"(module (memory (export "m") 1) (func (export "size") (result i32) (memory.size)))"#;
    let user = r#"(module (import "o" "m" (memory 0)) (memory (export "big") 1)
        (func (export "size") (result i32) (memory.size 0)))"#;
    let (owner, user) = (Module::new(&engine, owner).unwrap(), Module::new(&engine, user).unwrap());
    let mut store = Store::new(&engine, ());
    let owner = Instance::new(&mut store, &owner, &[]).unwrap();
    let shared = owner.get_export(&mut store, "m").unwrap();
    let chosen = Instance::new(&mut store, &user, std::slice::from_ref(&shared)).unwrap();
    // An instance that only imports the memory is no part of the state either.
    let other = Instance::new(&mut store, &user, std::slice::from_ref(&shared)).unwrap();
    let sizes = [owner, chosen, other]
        .map(|instance| instance.get_typed_func::<(), i32>(&mut store, "size").unwrap());
    let mut builder = Snapshot::builder();
    builder.instances(&[chosen]).outside(Outside::Include);
    let small = builder.take(&mut store).unwrap();
    let big = chosen.get_memory(&mut store, "big").unwrap();
    big.grow(&mut store, PAGES).unwrap();
    let large = builder.take(&mut store).unwrap();
    small.restore(&mut store).unwrap();
    let taken = take_the_room();
    assert!(large.restore(&mut store).is_err());
    for size in &sizes {
        let error = format!("{:#}", size.call(&mut store, ()).unwrap_err());
        assert!(error.contains("lost its state"), "{error}");
    }
    // No new instance gets the memory, and a replacement for it does not repair instances that have
    // it.
    assert!(Instance::new(&mut store, &user, std::slice::from_ref(&shared)).is_err());
    assert!(shared.into_memory().unwrap().grow(&mut store, 1).is_err());
    assert!(sizes.iter().all(|size| size.call(&mut store, ()).is_err()));
    builder.outside(Outside::LeaveOut);
    assert!(builder.take(&mut store).is_err());
    small.restore(&mut store).unwrap();
    for size in &sizes {
        assert_eq!(size.call(&mut store, ()).unwrap(), 1);
    }
    drop(taken);
    println!("the child is done");
}

#[test]
fn in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let engine = Engine::default();
    let module = Module::new(&engine, WAT).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let first = instance.get_memory(&mut store, "first").unwrap();
    let second = instance.get_memory(&mut store, "second").unwrap();
    let next = instance.get_typed_func::<i32, i32>(&mut store, "next").unwrap();
    let small = Snapshot::of_store(&mut store).unwrap();
    second.grow(&mut store, PAGES).unwrap();
    assert_eq!(next.call(&mut store, 100 << 16).unwrap(), 1);
    let large = Snapshot::of_store(&mut store).unwrap();
    small.restore(&mut store).unwrap();
    assert!(next.call(&mut store, 100 << 16).is_err());
    assert_eq!(next.call(&mut store, 0).unwrap(), 2);

    // Now the memory that a restore would need is taken.
    let other_engine = Engine::default();
    let mut other = Store::new(&other_engine, ());
    let ty = MemoryType::new(PAGES as u32, None);
    let taken = Memory::new(&mut other, ty).unwrap();
    taken.write(&mut other, 0, &[7]).unwrap();
    let error = large.restore(&mut store).unwrap_err();
    for round in 0..2 {
        assert_eq!((first.data_size(&store), second.data_size(&store)), (0, 0), "{error:#}");
        let text = format!("{:#}", next.call(&mut store, 0).unwrap_err());
        assert!(text.contains("has lost its state"), "{round}: {text}");
        assert!(large.restore(&mut store).is_err());
    }
    // The same is true of a transaction that can't be undone.
    small.restore(&mut store).unwrap();
    assert_eq!(next.call(&mut store, 0).unwrap(), 1);
    assert_eq!((first.data(&store)[0], second.data(&store)[0]), (1, 1));
    drop((other, other_engine));
    assert_eq!(small.memory_size(), 2 << 16);
    // Once there is room again, everything is as it was.
    large.restore(&mut store).unwrap();
    assert_eq!(next.call(&mut store, 101 << 16).unwrap(), 2);
    assert_eq!(second.data(&store)[100 << 16], 1);
    println!("the child is done");
}

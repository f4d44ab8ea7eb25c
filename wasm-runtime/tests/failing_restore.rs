//! A state that can't be put back, since the machine has no room: nobody runs with half of it.

#![cfg(all(feature = "jit", feature = "wat", target_os = "linux"))]

use std::process::Command;

use wasm_runtime::{Engine, Instance, Memory, MemoryType, Module, Snapshot, Store};

/// How much data the child may have, in KiB: less than two memories of [`PAGES`], more than one.
const LIMIT: &str = "900000";
const PAGES: u64 = 10_000;

/// Says to the child that it is one.
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
#[test]
fn instances_without_their_state_do_not_run() {
    let program = std::env::current_exe().unwrap();
    let command = format!("ulimit -d {LIMIT} && exec \"$0\" --exact in_the_child --nocapture");
    let output = Command::new("sh").args(["-c", &command]).arg(program).env(CHILD, "1").output();
    let output = output.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("the child is done"), "{text}\n{errors}");
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

    // Now somebody else has what would be needed.
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
    // A transaction that can't be undone is no better.
    small.restore(&mut store).unwrap();
    assert_eq!(next.call(&mut store, 0).unwrap(), 1);
    assert_eq!((first.data(&store)[0], second.data(&store)[0]), (1, 1));
    drop((other, other_engine));
    assert_eq!(small.memory_size(), 2 << 16);
    // With room again, everything is as it was.
    large.restore(&mut store).unwrap();
    assert_eq!(next.call(&mut store, 101 << 16).unwrap(), 2);
    assert_eq!(second.data(&store)[100 << 16], 1);
    println!("the child is done");
}

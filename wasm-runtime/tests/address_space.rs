//! Hosts with little address space: if a reservation fails, the error says how much was requested
//! and which setting to change. With that setting, programs run.

#![cfg(all(feature = "jit", feature = "wat", target_os = "linux"))]

use std::process::Command;

use wasm_runtime::{Config, Engine, Instance, Module, Store};

/// The address space that the child may have, in KiB: less than the index space of one memory.
const LIMIT: &str = "3000000";

/// Marks the child process.
const CHILD: &str = "WASM_TEST_LITTLE_ADDRESS_SPACE";

const WAT: &str = r#"(module (memory (export "memory") 1 100) (data (i32.const 7) "text")
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0))))"#;

/// Runs this program again, for one test, with a limit on its address space.
#[test]
fn little_address_space_is_enough_with_the_settings_that_the_error_names() {
    let program = std::env::current_exe().unwrap();
    let command = format!("ulimit -v {LIMIT} && exec \"$0\" --exact in_the_child --nocapture");
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
    let error = format!("{:#}", Instance::new(&mut store, &module, &[]).unwrap_err());
    let bytes = (4_u64 << 30) + (32 << 20);
    for part in [&bytes.to_string(), "ulimit -v", "Config::memory_reservation(0)"] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }

    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(1 << 16).memory_reservation_for_growth(1 << 20);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, WAT).unwrap();
    for round in 0..50 {
        let live: Vec<_> = (0..20)
            .map(|number| {
                let mut store = Store::new(&engine, ());
                let instance = Instance::new(&mut store, &module, &[]).unwrap();
                let load = instance.get_typed_func::<i32, i32>(&mut store, "load").unwrap();
                assert_eq!(load.call(&mut store, 7).unwrap(), i32::from(b't'), "round {round}");
                let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
                assert_eq!(grow.call(&mut store, number).unwrap(), 1);
                let last = (number + 1) << 16;
                assert_eq!(load.call(&mut store, last - 1).unwrap(), 0);
                assert!(load.call(&mut store, last).is_err());
                let memory = instance.get_memory(&mut store, "memory").unwrap();
                memory.data_mut(&mut store).fill(1);
                store
            })
            .collect();
        drop(live);
    }

    // Reused memories do not add up: there is room for 50 of these at once, but not for 100.
    let mut config = Config::new();
    config.memory_reservation(0).memory_guard_size(1 << 16).memory_reservation_for_growth(1 << 20);
    let engine = Engine::new(&config).unwrap();
    let large = |name: &str| {
        let wat = format!(r#"(module (memory (export "{name}") 512 512))"#);
        Module::new(&engine, wat).unwrap()
    };
    let (one, other) = (large("one"), large("other"));
    for module in [&one, &other, &one] {
        let mut stores: Vec<_> = (0..50).map(|_| Store::new(&engine, ())).collect();
        for store in &mut stores {
            Instance::new(store, module, &[]).unwrap();
        }
    }
    println!("the child is done");
}

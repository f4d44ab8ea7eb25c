//! A process limit for the size of files: writing beyond it fails, and the process goes on.

#![cfg(all(feature = "jit", feature = "wat", feature = "wasi", target_os = "linux"))]

use std::process::Command;

use wasm_runtime::wasi::{DirPerms, FilePerms, WasiCtx, p1};
use wasm_runtime::{Engine, Linker, Memory, MemoryType, Module, Snapshot, Store};

/// Marks the child process.
const CHILD: &str = "WASM_TEST_SMALL_FILES";

/// Runs this program again for one test. No file may be larger than 100 KiB.
fn run_in_a_child(test: &str) {
    let program = std::env::current_exe().unwrap();
    let command = format!("ulimit -f 100 && exec \"$0\" --exact {test} --nocapture");
    let output =
        Command::new("bash").args(["-c", &command]).arg(program).env(CHILD, "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("the child is done"),
        "{} {text}\n{errors}",
        output.status
    );
}

#[test]
fn guests_do_not_end_the_process() {
    run_in_a_child("guest_in_the_child");
}

#[test]
fn snapshots_do_not_end_the_process() {
    run_in_a_child("snapshot_in_the_child");
}

#[test]
fn guest_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    const FBIG: i32 = 22;
    let program = r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_pwrite"
            (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_filestat_set_size"
            (func $resize (param i32 i64) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\10\00\00\00\01\00\00\00")
        (data (i32.const 16) "file")
        (func (export "open") (result i32)
            (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 1)
                (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 32)))
        (func (export "write") (param i64) (result i32)
            (call $pwrite (i32.load (i32.const 32)) (i32.const 0) (i32.const 1) (local.get 0)
                (i32.const 40)))
        (func (export "resize") (param i64) (result i32)
            (call $resize (i32.load (i32.const 32)) (local.get 0))))"#;
    let engine = Engine::default();
    let module = Module::new(&engine, program).unwrap();
    let mut linker = Linker::<WasiCtx>::new(&engine);
    p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut builder = WasiCtx::builder();
    builder.preopened_dir_with(dir.path(), "/", DirPerms::all(), FilePerms::all()).unwrap();
    let mut store = Store::new(&engine, builder.build());
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let open = instance.get_typed_func::<(), i32>(&mut store, "open").unwrap();
    assert_eq!(open.call(&mut store, ()).unwrap(), 0);
    for name in ["write", "resize"] {
        let function = instance.get_typed_func::<i64, i32>(&mut store, name).unwrap();
        assert_eq!(function.call(&mut store, 1000).unwrap(), 0, "{name}");
        assert_eq!(function.call(&mut store, 1 << 20).unwrap(), FBIG, "{name}");
    }
    println!("the child is done");
}

#[test]
fn snapshot_in_the_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let mut store = Store::new(&Engine::default(), ());
    let memory = Memory::new(&mut store, MemoryType::new(16, None)).unwrap();
    for place in [1 << 19, 1 << 20] {
        memory.data_mut(&mut store)[place - 1] = 1;
        let error = Snapshot::of_store(&mut store).unwrap_err().to_string();
        assert!(error.contains("could not keep the contents of a memory"), "{error}");
    }
    assert_eq!(memory.data(&store)[(1 << 20) - 1], 1);
    println!("the child is done");
}

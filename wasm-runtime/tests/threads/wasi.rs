//! Programs with shared memories call WASI.

use wasm_runtime::wasi::{MemoryInputPipe, MemoryOutputPipe, WasiCtx, p1};
use wasm_runtime::{Linker, MemoryType, Module, SharedMemory, Store};

use crate::support::engine;

/// Copies what it reads to its output, with a buffer of its own.
const PROGRAM: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "" "memory" (memory 1 1 shared))
    (export "memory" (memory 0))
    (func (export "copy") (param $at i32) (result i32)
        (i32.store (local.get $at) (i32.add (local.get $at) (i32.const 16)))
        (i32.store offset=4 (local.get $at) (i32.const 100))
        (if (call $read (i32.const 0) (local.get $at) (i32.const 1)
            (i32.add (local.get $at) (i32.const 4))) (then unreachable))
        (if (call $write (i32.const 1) (local.get $at) (i32.const 1)
            (i32.add (local.get $at) (i32.const 8))) (then unreachable))
        (i32.load offset=8 (local.get $at)))
    (func (export "random") (param i32 i32) (result i32)
        (call $random (local.get 0) (local.get 1))))"#;

#[test]
fn what_a_program_shares_it_can_read_and_write() {
    let engine = engine(|_| {});
    let module = Module::new(&engine, PROGRAM).unwrap();
    let memory = SharedMemory::new(&engine, MemoryType::shared(1, 1)).unwrap();
    let output = MemoryOutputPipe::new(1000);
    std::thread::scope(|scope| {
        for number in 0..2 {
            let (engine, module, memory, output) = (&engine, &module, &memory, output.clone());
            scope.spawn(move || {
                let input = MemoryInputPipe::new("threads\n");
                let ctx = WasiCtx::builder().stdin(input).stdout(output).build();
                let mut store: Store<WasiCtx> = Store::new(engine, ctx);
                let mut linker: Linker<WasiCtx> = Linker::new(engine);
                p1::add_to_linker_sync(&mut linker, |ctx| ctx).unwrap();
                linker.define(&store, "", "memory", memory.clone()).unwrap();
                let instance = linker.instantiate(&mut store, module).unwrap();
                let copy = instance.get_typed_func::<i32, i32>(&mut store, "copy").unwrap();
                assert_eq!(copy.call(&mut store, number * 1024).unwrap(), 8);
                let random = instance.get_typed_func::<(i32, i32), i32>(&mut store, "random");
                let random = random.unwrap();
                let at = 4096 * (number + 1);
                assert_eq!(random.call(&mut store, (at, 64)).unwrap(), 0);
                assert_ne!(random.call(&mut store, (65530, 64)).unwrap(), 0);
                let mut bytes = [0; 64];
                memory.read(at as usize, &mut bytes).unwrap();
                assert_ne!(bytes, [0; 64]);
            });
        }
    });
    assert_eq!(output.contents(), b"threads\nthreads\n");
}

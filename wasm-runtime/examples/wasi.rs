//! Runs a WASI program with arguments.
//!
//! `cargo run -p wasm-runtime --features wasi --example wasi`

use wasm_runtime::wasi::{WasiCtx, WasiCtxBuilder};
use wasm_runtime::{Engine, Linker, Module, Result, Store};

/// Writes its first argument to standard output.
const PROGRAM: &str = r#"
    (module
        (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write"
            (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (local $end i32)
            ;; Pointers to the arguments go to 0, the arguments to 64.
            (drop (call $args_get (i32.const 0) (i32.const 64)))
            ;; The length of the first, which ends with a zero.
            (local.set $end (i32.load (i32.const 0)))
            (loop $next
                (local.set $end (i32.add (local.get $end) (i32.const 1)))
                (br_if $next (i32.load8_u (local.get $end))))
            ;; One vector: where and how much.
            (i32.store (i32.const 32) (i32.load (i32.const 0)))
            (i32.store (i32.const 36) (i32.sub (local.get $end) (i32.load (i32.const 0))))
            (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 1) (i32.const 40)))))
"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, PROGRAM)?;
    let mut linker = Linker::new(&engine);
    wasm_runtime::wasi::add_to_linker(&mut linker, |wasi: &mut WasiCtx| wasi)?;

    let wasi = WasiCtxBuilder::new().inherit_stdio().arg("Hello from a WASI program!\n").build();
    let mut store = Store::new(&engine, wasi);
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "_start")?.call(&mut store, ())
}

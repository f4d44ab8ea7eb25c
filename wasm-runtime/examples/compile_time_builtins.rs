//! A guest reads the data of its store without a call that copies it: a component of the host's,
//! which has access to the host's memory and gives out nothing but single bytes within it, is
//! compiled into the guest.
//!
//! `cargo run -p wasm-runtime --features component --example compile_time_builtins`

use wasm_runtime::component::Linker;
use wasm_runtime::{CodeBuilder, Engine, Result, Store};

/// The data of the store: 16 bytes at its start.
#[repr(C)]
struct Data {
    text: [u8; 16],
}

const HOST: &str = r#"(component
    (import "host-memory" (instance $memory
        (export "store-data-address" (func (result u64)))
        (export "u8-checked-native-load"
            (func (param "from" u64) (param "at" u64) (param "length" u64) (result u8)))))
    (core func $data (canon lower (func $memory "store-data-address")))
    (core func $load (canon lower (func $memory "u8-checked-native-load")))
    (core module $code
        (import "" "data" (func $data (result i64)))
        (import "" "load" (func $load (param i64 i64 i64) (result i32)))
        (func (export "byte") (param $at i64) (result i32)
            (call $load (call $data) (local.get $at) (i64.const 16))))
    (core instance $code (instantiate $code (with "" (instance
        (export "data" (func $data)) (export "load" (func $load))))))
    (func (export "byte") (param "at" u64) (result u8) (canon lift (core func $code "byte"))))"#;

const GUEST: &str = r#"(component
    (import "text" (instance $text (export "byte" (func (param "at" u64) (result u8)))))
    (core func $byte (canon lower (func $text "byte")))
    (core module $code
        (import "" "byte" (func $byte (param i64) (result i32)))
        (func (export "count") (param $what i32) (result i32) (local $at i64) (local $n i32)
            (loop $next
                (local.set $n (i32.add (local.get $n)
                    (i32.eq (call $byte (local.get $at)) (local.get $what))))
                (local.set $at (i64.add (local.get $at) (i64.const 1)))
                (br_if $next (i64.lt_u (local.get $at) (i64.const 16))))
            (local.get $n)))
    (core instance $code (instantiate $code (with "" (instance
        (export "byte" (func $byte))))))
    (func (export "count") (param "what" u8) (result u32)
        (canon lift (core func $code "count"))))"#;

fn main() -> Result<()> {
    let engine = Engine::default();
    let mut builder = CodeBuilder::new(&engine);
    builder.wasm_binary_or_text(GUEST.as_bytes(), None)?;
    // SAFETY: the component reads nothing but the first 16 bytes of the data of its store, which is
    // `Data` below.
    unsafe {
        builder.expose_unsafe_intrinsics("host-memory");
        builder.compile_time_builtins_binary_or_text("text", HOST.as_bytes(), None)?;
    }
    let component = builder.compile_component()?;
    let mut store = Store::new(&engine, Data { text: *b"sixteen letters!" });
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    let count = instance.get_typed_func::<(u8,), (u32,)>(&mut store, "count")?;
    let (letters,) = count.call(&mut store, (b'e',))?;
    println!("`e` is there {letters} times in {:?}", String::from_utf8_lossy(&store.data().text));
    assert_eq!(letters, 4);
    Ok(())
}

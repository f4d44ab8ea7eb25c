//! A program with a compiled module in it: one file, no compiler, nothing to look for when it
//! starts.

use wasm_runtime::{Engine, Instance, Module, Result, Store};

/// What `build.rs` has compiled. It need not be aligned: loading copies it to pages of its own.
static ARTIFACT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/add.cwasm"));

fn main() -> Result<()> {
    let engine = Engine::default();
    // SAFETY: the artifact is what our own build script has compiled.
    let module = unsafe { Module::deserialize(&engine, ARTIFACT)? };
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let add = instance.get_typed_func::<(i32, i32), i32>(&mut store, "add")?;
    println!("{}", add.call(&mut store, (40, 2))?);
    Ok(())
}

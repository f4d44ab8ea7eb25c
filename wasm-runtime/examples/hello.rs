//! A module that calls the host, compiled just in time.
//!
//! `cargo run -p wasm-runtime --example hello`

use wasm_runtime::{Caller, Engine, Linker, Module, Result, Store};

const MODULE: &str = r#"
    (module
        (import "host" "print" (func $print (param i32 i32)))
        (memory (export "memory") 1)
        (data (i32.const 8) "Hello from WebAssembly!")
        (func (export "run")
            i32.const 8
            i32.const 23
            call $print))
"#;

/// The data of the store, for host functions.
struct Host {
    printed: usize,
}

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, MODULE)?;

    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "print", print)?;

    let mut store = Store::new(&engine, Host { printed: 0 });
    let instance = linker.instantiate(&mut store, &module)?;
    instance.get_typed_func::<(), ()>(&mut store, "run")?.call(&mut store, ())?;

    assert_eq!(store.data().printed, 1);
    Ok(())
}

/// Prints a string from the module's memory. If this fails, the call of `run` ends with the error.
fn print(mut caller: Caller<'_, Host>, start: u32, len: u32) -> Result<()> {
    let memory = caller
        .get_export("memory")
        .and_then(|export| export.into_memory())
        .ok_or_else(|| wasm_runtime::format_err!("the module exports no memory"))?;
    let mut text = vec![0; len as usize];
    memory.read(&caller, start as usize, &mut text)?;
    println!("{}", String::from_utf8_lossy(&text));
    caller.data_mut().printed += 1;
    Ok(())
}

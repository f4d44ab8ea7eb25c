//! Prints what a module imports, exports and defines.
//!
//! ```console
//! $ cargo run -p wasm-types --features validate --example declarations -- program.wasm
//! ```
//!
//! Without a file it reads a small module of its own.

use std::error::Error;

use wasm_types::{EntityType, Module, WasmFeatures};

const DEFAULT: &str = r#"(module $greeter
    (import "host" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "hello")
    (func $greet (export "greet") (call $log (i32.const 0) (i32.const 5))))"#;

fn main() -> Result<(), Box<dyn Error>> {
    let wasm = match std::env::args_os().nth(1) {
        Some(path) => std::fs::read(path)?,
        None => wat::parse_str(DEFAULT)?,
    };
    let module = Module::parse(&wasm, WasmFeatures::default())?;
    println!("module {}", module.names.module.as_deref().unwrap_or("without a name"));
    for import in &module.imports {
        let ty = describe(&module, import.ty);
        println!("  imports {}::{}: {ty}", import.module, import.name);
    }
    for export in &module.exports {
        let ty = describe(&module, module.entity_type(export.index));
        println!("  exports {}: {ty}", export.name);
    }
    let code: usize = module.bodies.iter().map(|body| body.range.len()).sum();
    let data: usize = module.data.iter().map(|segment| segment.range.len()).sum();
    println!("  {} functions of {code} bytes, {data} bytes of data", module.bodies.len());
    Ok(())
}

fn describe(module: &Module, ty: EntityType) -> String {
    match ty {
        EntityType::Func(ty) => match module.func_type(ty) {
            Some(ty) => ty.to_string(),
            None => format!("a function of type {ty}"),
        },
        EntityType::Table(ty) => format!("table of at least {} {}", ty.minimum, ty.element),
        EntityType::Memory(ty) => format!("memory of at least {} pages", ty.minimum),
        EntityType::Global(ty) if ty.mutable => format!("variable {}", ty.content),
        EntityType::Global(ty) => format!("constant {}", ty.content),
        EntityType::Tag(ty) => format!("tag of type {}", ty.ty),
    }
}

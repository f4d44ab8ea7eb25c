//! Writes an artifact for code that somebody else generated, and reads it back in place.
//!
//! `cargo run --example write_and_read [FILE]` also leaves the artifact in a file, for `readelf -a`
//! and `objdump -d`; with the path of an existing artifact, it reports what is in that.

use std::error::Error;

use wasm_artifact::{Artifact, FileKind, WriteOptions, identify, inspect, write};
use wasm_types::{
    CompiledFunction, CompiledModule, EntityIndex, Export, FuncIndex, FuncType, Module, RecGroup,
    SubType, TypeIndex, ValType,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1);
    let existing = path.as_ref().and_then(|path| std::fs::read(path).ok());
    let bytes = match existing {
        Some(bytes) => bytes,
        None => example()?,
    };

    let identity = identify(&bytes);
    println!("This is {identity}.\n");
    if identity.kind == FileKind::Artifact {
        let artifact = Artifact::parse(&bytes)?;
        print!("{}", inspect(&artifact));
        if let Some(path) = path {
            std::fs::write(path, artifact.bytes())?;
        }
    }
    Ok(())
}

/// `(module (func (export "answer") (result i32) i32.const 42))`, compiled by hand.
fn example() -> Result<Vec<u8>, wasm_artifact::Error> {
    let module = Module {
        types: vec![SubType::func(FuncType::new([], [ValType::I32]))],
        rec_groups: vec![RecGroup { start: TypeIndex::new(0), len: 1 }],
        functions: vec![TypeIndex::new(0)],
        exports: vec![Export {
            name: "answer".into(),
            index: EntityIndex::Func(FuncIndex::new(0)),
        }],
        escaping_functions: vec![FuncIndex::new(0)],
        ..Module::default()
    };
    // mov eax, 42; ret
    let text = b"\xb8\x2a\0\0\0\xc3".to_vec();
    let compiled = CompiledModule {
        target: "x86_64-unknown-linux-gnu".into(),
        functions: vec![CompiledFunction { offset: 0, len: text.len() as u32, frame_size: 8 }],
        text,
        ..CompiledModule::default()
    };
    write(&module, &[], &compiled, &WriteOptions::new())
}

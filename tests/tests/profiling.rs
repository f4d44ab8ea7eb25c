//! Profilers and debuggers learn about every module, however it was loaded.
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "the list that debuggers read is defined in C")]

use std::path::PathBuf;
use std::{fs, ptr};

use wasm_runtime::{Config, Engine, Module, ProfilingStrategy, Result};
use wasm_tests::Pipeline;

const WAT: &str = r#"(module
    (func $first (result i32) (i32.const 1))
    (func (export "second") (result i32) (i32.add (call $first) (i32.const 1)))
    (func (param i32)))"#;

const NAMES: [&str; 3] = ["first", "second", "wasm-function[2]"];

/// The module by each pipeline.
fn modules(engine: &Engine) -> Result<Vec<Module>> {
    let mut modules = Vec::new();
    for pipeline in Pipeline::ALL {
        modules.push(pipeline.module(engine, WAT.as_bytes())?);
    }
    let artifact = engine.precompile_module(WAT.as_bytes())?;
    // SAFETY: the bytes were made in the line above.
    modules.push(unsafe { Module::deserialize(engine, artifact)? });
    Ok(modules)
}

#[test]
fn perf_maps_have_the_functions_of_each_module() -> Result<()> {
    let path = PathBuf::from(format!("/tmp/perf-{}.map", std::process::id()));
    // Nothing is written by default.
    modules(&Engine::default())?;
    assert!(!path.exists());

    let engine = Engine::new(Config::new().profiler(ProfilingStrategy::PerfMap))?;
    let modules = modules(&engine)?;
    let map = fs::read_to_string(&path)?;
    fs::remove_file(&path)?;
    for module in &modules {
        let text = module.text().as_ptr().addr();
        for (function, name) in module.functions().zip(NAMES) {
            let line = format!("{:x} {:x} {name}", text + function.offset, function.len);
            assert!(map.lines().any(|found| found == line), "{line} is not in\n{map}");
        }
    }
    Ok(())
}

/// The head of the list and an element of it, as far as they are used here.
#[repr(C)]
struct List {
    version: u32,
    action: u32,
    relevant: *const Entry,
    first: *const Entry,
}

#[repr(C)]
struct Entry {
    next: *const Entry,
}

unsafe extern "C" {
    #[link_name = "__jit_debug_descriptor"]
    static LIST: List;
}

/// How many modules debuggers know of.
fn known() -> usize {
    // SAFETY: only the test that calls this changes the list, whose elements are valid.
    unsafe {
        let mut entry = (*ptr::addr_of!(LIST)).first;
        let mut count = 0;
        while !entry.is_null() {
            count += 1;
            entry = (*entry).next;
        }
        count
    }
}

#[test]
fn debuggers_know_modules_as_long_as_they_live() -> Result<()> {
    let without = modules(&Engine::default())?;
    assert_eq!(known(), 0);
    let engine = Engine::new(Config::new().debug_info(true))?;
    let modules = modules(&engine)?;
    // One more was compiled for the file, and is gone.
    assert_eq!(known(), 3);
    let [first, ..] = &*modules else { unreachable!("three modules were made") };
    let clone = first.clone();
    let mut store = wasm_runtime::Store::new(&engine, ());
    wasm_runtime::Instance::new(&mut store, &modules[1], &[])?;
    drop(modules);
    // An instance keeps its module alive.
    assert_eq!(known(), 2);
    drop(clone);
    assert_eq!(known(), 1);
    drop(store);
    assert_eq!(known(), 0);
    drop(without);
    Ok(())
}

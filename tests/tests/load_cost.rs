//! The cost of loading an artifact does not depend on the amount of code in it.

#![allow(unsafe_code)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use wasm_runtime::{Engine, Instance, Module, Store};

/// A module with this many functions, one of which is exported.
fn module(functions: usize) -> String {
    let mut text = String::from("(module (table 2 funcref) (elem (i32.const 0) $f1 $f2)");
    for number in 0..functions {
        let export = if number == 0 { "(export \"first\")" } else { "" };
        let _ = write!(
            text,
            "(func $f{number} {export} (param i32) (result i32)
               (i32.div_u (i32.const {number}) (local.get 0)))"
        );
    }
    text + ")"
}

/// Page faults of this process so far that needed no input or output.
#[cfg(target_os = "linux")]
fn page_faults() -> u64 {
    let status = fs::read_to_string("/proc/self/stat").unwrap();
    // The name of the program, in parentheses, may contain anything; the number is the eighth after
    // it.
    let fields = status.rsplit_once(')').unwrap().1;
    fields.split_whitespace().nth(7).unwrap().parse().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn touched_pages_do_not_grow_with_the_code() {
    let engine = Engine::default();
    let folder = tempfile::tempdir().unwrap();
    let faults = |functions: usize| {
        let file = folder.path().join(format!("{functions}.cwasm"));
        let artifact = engine.precompile_module(module(functions).as_bytes()).unwrap();
        fs::write(&file, artifact).unwrap();
        let once = |file: &Path| {
            let before = page_faults();
            // SAFETY: the engine has just made the artifact.
            let module = unsafe { Module::deserialize_file(&engine, file) }.unwrap();
            let loaded = page_faults();
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).unwrap();
            let first = instance.get_typed_func::<i32, i32>(&mut store, "first").unwrap();
            assert_eq!(first.call(&mut store, 3).unwrap(), 0);
            (loaded - before, page_faults() - loaded)
        };
        // The first run touches code of this program for the first time. The minimum of several
        // others contains no faults of other threads.
        let runs: Vec<_> = (0..20).map(|_| once(&file)).collect();
        let least = |of: fn(&(u64, u64)) -> u64| runs.iter().map(of).min().unwrap();
        (least(|run| run.0), least(|run| run.1))
    };
    let (few, many) = (faults(100), faults(10_000));
    // The kernel maps sixteen pages at a fault. So with a hundred functions one fault is enough for
    // all tables. With a hundred times as many, each table may need a fault of its own, but no
    // more.
    assert!(many.0 <= few.0 + 8, "to load: {} faults, and {} for a large module", few.0, many.0);
    assert!(many.1 <= few.1 + 24, "to call: {} faults, and {} for a large module", few.1, many.1);
}

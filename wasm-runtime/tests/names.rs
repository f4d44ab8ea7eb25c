//! The names that functions have in their source: where they are shown, and where they can be
//! given.

mod command_line;

use std::fs;

use command_line::Workspace;
use wasm_runtime::{Engine, Instance, Module, Store};

/// Rust's `alloc::raw_vec::grow_one` twice, with different hashes, and C++'s `space::foo`.
const MANGLED: &str = r#"(module $app
    (func $_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE (param i32) (result i32)
        (i32.div_u (i32.const 7) (local.get 0)))
    (func $_ZN5alloc7raw_vec8grow_one17hfedcba9876543210E)
    (func $_ZN5space3fooEib (param i32) (result i32)
        call $_ZN5alloc7raw_vec8grow_one17hfedcba9876543210E
        (call $_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE (local.get 0)))
    (func $main (export "run") (param i32) (result i32)
        (call $_ZN5space3fooEib (local.get 0))))"#;

fn run(args: &[&str], parameter: &str) -> (Workspace, command_line::Finished) {
    let workspace = Workspace::new().with("app.wat", MANGLED);
    let finished =
        workspace.run(&[&["run"], args, &["--invoke", "run", "app.wat", parameter]].concat());
    (workspace, finished)
}

#[test]
fn backtraces_have_names_as_in_the_source() {
    let engine = Engine::default();
    let module = Module::new(&engine, MANGLED).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let run = instance.get_typed_func::<i32, i32>(&mut store, "run").unwrap();
    let error = run.call(&mut store, 0).unwrap_err();
    let backtrace = error.downcast_ref::<wasm_runtime::WasmBacktrace>().unwrap();
    let shown = backtrace.to_string();
    assert!(shown.contains("app!alloc::raw_vec::grow_one\n"), "{shown}");
    assert!(shown.contains("app!space::foo(int, bool)\n"), "{shown}");
    assert!(shown.ends_with("app!main"), "{shown}");
    // The API returns the name as it is in the module.
    let name = backtrace.frames()[0].func_name();
    assert_eq!(name, Some("_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE"));
}

#[test]
fn patterns_match_names_as_in_the_source() {
    for pattern in ["alloc::*", "alloc::raw_vec::grow_one", "_ZN5alloc7raw_vec8grow_one17h0*"] {
        let (_, finished) = run(&[&format!("--trace-calls={pattern}")], "1");
        let finished = finished.exits_with(0).says("7\n").complains("alloc::raw_vec::grow_one(1)");
        assert!(!finished.stderr().contains("space"), "{}", finished.stderr());
        assert!(!finished.stderr().contains("warning"), "{}", finished.stderr());
    }
    let (_, finished) = run(&["--trace-calls=space::foo(*)"], "1");
    finished.exits_with(0).complains("space::foo(int, bool)(1)");
    let (_, finished) = run(&["--trace-calls=alloc::raw_vec::grow_two"], "1");
    finished.exits_with(0).complains("did you mean `alloc::raw_vec::grow_one`?");
}

#[test]
fn artifacts_are_compiled_for_names_as_in_the_source() {
    let workspace = Workspace::new().with("app.wat", MANGLED);
    workspace.run(&["compile", "app.wat", "--function-hooks=alloc::*"]).exits_with(0);
    let run = |pattern: &str| {
        let trace = format!("--trace-calls={pattern}");
        workspace.run(&["run", &trace, "--invoke", "run", "app.cwasm", "1"])
    };
    run("alloc::*").exits_with(0).complains("alloc::raw_vec::grow_one(1)");
    run("space::*").exits_with(1).complains("notifies no hook of `space::foo(int, bool)`");
}

#[test]
fn profiles_and_coverage_have_names_as_in_the_source() {
    let (_, finished) = run(&["--profile=counts"], "1");
    finished.exits_with(0).complains("  alloc::raw_vec::grow_one\n").complains("  space::foo(int");
    let (workspace, finished) = run(&["--coverage=out.info"], "1");
    finished.exits_with(0);
    let coverage = fs::read_to_string(workspace.path("out.info")).unwrap();
    // Several functions with the same name are distinguished.
    for line in ["FNDA:1,alloc::raw_vec::grow_one\n", "FNDA:1,alloc::raw_vec::grow_one [1]\n"] {
        assert!(coverage.contains(line), "{coverage}");
    }
}

#[test]
fn clif_finds_names_as_in_the_source() {
    let workspace = Workspace::new().with("app.wat", MANGLED);
    let clif = |name: &str| workspace.run(&["clif", "app.wat", "-f", name]);
    clif("space::foo(int, bool)").exits_with(0).says("; function 2 (space::foo(int, bool)): ");
    clif("_ZN5space3fooEib").exits_with(0).says("; function 2 ");
    clif("alloc::raw_vec::grow_one").exits_with(0).says("; function 0 ").says("; function 1 ");
    clif("grow_one").exits_with(1).complains("there is alloc::raw_vec::grow_one");
}

#[test]
fn errors_of_functions_have_names_as_in_the_source() {
    let workspace = Workspace::new().with(
        "bad.wat",
        "(module (func $_ZN5alloc7raw_vec8grow_one17h0123456789abcdefE (result i32)))",
    );
    workspace.run(&["compile", "bad.wat"]).exits_with(1).complains("`alloc::raw_vec::grow_one`");
    let workspace = Workspace::new().with("app.wat", MANGLED);
    let limited = ["compile", "--compile-limit=operators=3", "app.wat"];
    workspace.run(&limited).exits_with(1).complains("`alloc::raw_vec::grow_one`");
}

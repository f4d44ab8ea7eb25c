//! What programs import on the command line: other modules, and replacements for imports that
//! nobody defines.

mod command_line;

use command_line::Workspace;

/// Calls an imported function.
const PROGRAM: &str = r#"(module
    (import "lib" "double" (func $double (param i32) (result i32)))
    (import "lib" "base" (global $base i32))
    (func (export "run") (param i32) (result i32)
        (i32.add (call $double (local.get 0)) (global.get $base))))"#;

const LIBRARY: &str = r#"(module $library
    (memory (export "memory") 1)
    (global $ready (mut i32) (i32.const 0))
    (global (export "base") i32 (i32.const 2))
    (func (export "_initialize") i32.const 1 global.set $ready)
    (func $double (export "double") (param i32) (result i32)
        (i32.mul (i32.shl (local.get 0) (i32.const 1)) (global.get $ready))))"#;

fn workspace() -> Workspace {
    Workspace::new().with("program.wat", PROGRAM).with("library.wat", LIBRARY)
}

#[test]
fn modules_are_preloaded() {
    let workspace = workspace();
    let preload = ["--preload", "lib=library.wat"];
    let run = |args: &[&str]| {
        workspace.run(&[&["run"], args, &["--invoke", "run", "program.wat", "20"]].concat())
    };
    run(&preload).exits_with(0).says("42\n");
    workspace.run(&["compile", "library.wat"]).exits_with(0);
    workspace.run(&["compile", "program.wat"]).exits_with(0);
    run(&["--preload=lib=library.cwasm"]).exits_with(0).says("42\n");
    let compiled = ["run", "--preload=lib=library.wat", "--invoke", "run", "program.cwasm", "20"];
    workspace.run(&compiled).exits_with(0).says("42\n");
    run(&["--preload", "other=library.wat"]).exits_with(1).complains("`lib::double`");
    run(&["--preload", "lib=nowhere.wat"]).exits_with(1).complains("nowhere.wat");
    run(&["--preload", "library.wat"]).exits_with(2).complains("NAME=FILE");
}

#[test]
fn preloaded_modules_import_from_earlier_ones() {
    let middle = r#"(module
        (import "first" "double" (func $double (param i32) (result i32)))
        (export "double" (func $double))
        (global (export "base") i32 (i32.const 2)))"#;
    let workspace = workspace().with("middle.wat", middle);
    let (first, then) = ("--preload=first=library.wat", "--preload=lib=middle.wat");
    let run = |one: &str, two: &str| {
        workspace.run(&["run", one, two, "--invoke", "run", "program.wat", "20"])
    };
    run(first, then).exits_with(0).says("42\n");
    run(then, first).exits_with(1).complains("can't run `middle.wat`").complains("first::double");
}

/// The program's body is invalid, which a compiler would report.
#[test]
fn preloaded_modules_may_share_a_name_but_no_export() {
    let workspace = Workspace::new()
        .with("one.wat", r#"(module (func (export "one") (result i32) i32.const 40))"#)
        .with("two.wat", r#"(module (func (export "two") (result i32) i32.const 2))"#)
        .with("bad.wat", "(module (func (result i32)))")
        .with(
            "sum.wat",
            r#"(module
                (import "lib" "one" (func $one (result i32)))
                (import "lib" "two" (func $two (result i32)))
                (func (export "sum") (result i32) (i32.add (call $one) (call $two))))"#,
        );
    let (one, two) = ("--preload=lib=one.wat", "--preload=lib=two.wat");
    workspace.run(&["run", one, two, "--invoke=sum", "sum.wat"]).exits_with(0).says("42\n");
    workspace
        .run(&["run", one, two, one, "bad.wat"])
        .exits_with(1)
        .complains("`one.wat` exports `one`, and so does another module with the name `lib`");
}

#[test]
fn preloaded_modules_are_watched_as_well() {
    let workspace = workspace();
    let run = |args: &[&str]| {
        let preload = ["--preload=lib=library.wat", "--invoke", "run", "program.wat", "20"];
        workspace.run(&[&["run"], args, &preload].concat()).exits_with(0).says("42\n")
    };
    run(&["--trace-calls"]).complains("double(20)").complains("run(20)");
    let traced = run(&["--trace-calls=double"]);
    assert!(!traced.stderr().contains("run(20)"), "{}", traced.stderr());
    run(&["--profile=counts"]).complains("double");
    run(&["--coverage=out.info"]);
    let coverage = std::fs::read_to_string(workspace.path("out.info")).unwrap();
    for line in ["SF:library.wat", "FNDA:1,double", "SF:program.wat", "FNDA:1,run"] {
        assert!(coverage.contains(line), "{line}: {coverage}");
    }
}

/// The bodies are invalid. A compiler would report that if it were called.
#[test]
fn imports_are_looked_for_before_anything_is_compiled() {
    let imports: String =
        (0..12).map(|n| format!("(import \"env\" \"f{n}\" (func (param i32)))")).collect();
    let workspace = Workspace::new()
        .with("many.wat", format!("(module {imports} (func (result i32)))"))
        .with("one.wat", r#"(module (import "env" "f" (func (param i32))) (func (result i32)))"#)
        .with("near.wat", r#"(module (import "wasi_snapshot_preview1" "fd_wirte" (func)))"#);
    workspace
        .run(&["run", "many.wat"])
        .exits_with(1)
        .complains("can't run `many.wat`: nobody defines what it imports as `env::f0`, `env::f1`")
        .complains("`env::f9` and 2 more")
        .complains("--preload NAME=FILE");
    workspace
        .run(&["run", "one.wat"])
        .exits_with(1)
        .complains("`env::f`")
        .complains("of type `(func (param i32))` has not been defined");
    workspace.run(&["run", "near.wat"]).exits_with(1).complains("fd_write");
    workspace.run(&["run", "--unknown-imports=trap", "one.wat"]).exits_with(1).complains("offset");
    for (import, hint) in [
        (r#""wbg" "__wbg_log""#, "wasm-bindgen"),
        (r#""gojs" "runtime.wasmExit""#, "GOOS=wasip1"),
        (r#""env" "emscripten_notify_memory_growth""#, "-sSTANDALONE_WASM"),
        (r#""wasi:cli/exit@0.2.0" "exit""#, "component"),
    ] {
        let workspace =
            Workspace::new().with("x.wat", format!("(module (import {import} (func)))"));
        workspace.run(&["run", "x.wat"]).exits_with(1).complains(hint);
    }
}

#[test]
fn something_is_in_place_of_unknown_imports() {
    let workspace = workspace();
    let run = |how: &str| {
        let how = format!("--unknown-imports={how}");
        workspace.run(&["run", &how, "--invoke", "run", "program.wat", "20"])
    };
    run("default").exits_with(0).says("0\n");
    // A global can't trap.
    run("trap").exits_with(1).complains("`lib::base`").complains("`--unknown-imports default`");
    run("ignore").exits_with(2).complains("[possible values: trap, default]");
    let workspace = workspace.with(
        "call.wat",
        r#"(module (import "env" "f" (func $f)) (func (export "fine")) (func (export "bad") call $f))"#,
    );
    let run =
        |name| workspace.run(&["run", "--unknown-imports=trap", "--invoke", name, "call.wat"]);
    run("fine").exits_with(0);
    run("bad").exits_with(1).complains("`env::f`");
}

/// The body is invalid, which a compiler would report.
#[test]
fn options_are_checked_before_anything_is_compiled() {
    let workspace = Workspace::new().with("bad.wat", "(module (func (result i32)))");
    for (option, complaint) in [
        ("--dir=nowhere", "can't open `nowhere`"),
        ("--env=NO_SUCH_VARIABLE", "--env NO_SUCH_VARIABLE"),
        ("--env=", "a variable has a name"),
        ("--env==value", "a variable has a name"),
        ("--max-wasm-stack=1", "--max-wasm-stack"),
        ("--profile=guest,nowhere/profile.json", "can't write `nowhere/profile.json`"),
        ("--profile=counts,nowhere/profile", "can't write `nowhere/profile`"),
        ("--coverage=nowhere/lines.info", "can't write `nowhere/lines.info`"),
    ] {
        workspace.run(&["run", option, "bad.wat"]).exits_with(1).complains(complaint);
    }
    workspace.run(&["run", "bad.wat"]).exits_with(1).complains("offset");
}

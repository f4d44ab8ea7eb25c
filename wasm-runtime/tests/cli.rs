//! The program `wasm-runtime`, from the outside: its output and its exit codes.

mod command_line;

use std::fs;

use command_line::Workspace;

const ADD: &str = r#"(module (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add))"#;

/// Ends with the exit code 7.
const EXIT: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") i32.const 7 call $exit))"#;

const TRAP: &str = r#"(module
    (func $inner unreachable)
    (func $outer call $inner)
    (func (export "_start") call $outer))"#;

/// Ends with a number made of its arguments and variables, and of whether it has a directory.
const COUNT: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $dir (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $args (i32.const 0) (i32.const 4)))
        (drop (call $env (i32.const 8) (i32.const 12)))
        (call $exit
            (i32.add
                (i32.mul (i32.eqz (call $dir (i32.const 3) (i32.const 16))) (i32.const 100))
                (i32.add
                    (i32.mul (i32.load (i32.const 0)) (i32.const 10))
                    (i32.load (i32.const 8)))))))"#;

const REACTOR: &str = r#"(module
    (global $ready (mut i32) (i32.const 0))
    (func (export "_initialize") i32.const 5 global.set $ready)
    (func (export "ready") (result i32) global.get $ready))"#;

#[test]
fn a_function_is_invoked() {
    let workspace = Workspace::new().with("add.wat", ADD);
    workspace.run(&["run", "--invoke", "add", "add.wat", "40", "2"]).exits_with(0).says("42\n");
    workspace.run(&["run", "add.wat", "--invoke", "add", "40", "-2"]).exits_with(0).says("38\n");
    workspace.run(&["add.wat", "--invoke", "add", "40", "2"]).exits_with(0).says("42\n");
    workspace
        .run(&["run", "--invoke", "add", "add.wat", "40"])
        .exits_with(1)
        .complains("takes 2 parameters (i32, i32), but 1 is given");
    workspace
        .run(&["run", "--invoke", "sub", "add.wat"])
        .exits_with(1)
        .complains("it exports: add");
    workspace.run(&["run", "--invoke", "add", "add.wat", "1", "x"]).exits_with(1).complains("`x`");
}

#[test]
fn the_exit_code_is_the_programs_own() {
    let workspace = Workspace::new().with("exit.wat", EXIT);
    workspace.run(&["run", "exit.wat"]).exits_with(7);
    workspace.run(&["exit.wat"]).exits_with(7);
}

#[test]
fn a_trap_is_134_with_a_backtrace() {
    let workspace = Workspace::new().with("trap.wat", TRAP);
    workspace
        .run(&["run", "trap.wat"])
        .exits_with(134)
        .complains("unreachable")
        .complains("inner")
        .complains("outer");
}

#[test]
fn arguments_variables_and_directories_reach_the_program() {
    let workspace = Workspace::new().with("count.wat", COUNT);
    workspace.run(&["run", "count.wat"]).exits_with(10);
    workspace.run(&["run", "count.wat", "a", "--b", "-c"]).exits_with(40);
    workspace.run(&["run", "--env", "A=b", "--env", "C=d", "count.wat"]).exits_with(12);
    workspace.run(&["run", "--dir", ".::/", "count.wat", "a"]).exits_with(120);
    workspace.run(&["run", "count.wat", "--dir", ".::/", "a"]).exits_with(120);
    workspace.run(&["run", "count.wat", "--", "--dir", "x"]).exits_with(30);
    workspace.run(&["run", "--dir", "nowhere", "count.wat"]).exits_with(1).complains("nowhere");
}

#[test]
fn the_environment_is_inherited_on_request() {
    let workspace = Workspace::new().with("count.wat", COUNT);
    let run = |args: &[&str]| {
        let mut command = workspace.command(&[&["run"], args, &["count.wat"]].concat());
        command.env_clear().env("XDG_CACHE_HOME", workspace.path(".cache")).env("A", "b");
        command.status().unwrap().code()
    };
    assert_eq!(run(&[]), Some(10));
    assert_eq!(run(&["--inherit-env"]), Some(12));
    // A variable that is given both ways exists only once.
    assert_eq!(run(&["--inherit-env", "--env", "A=c", "--env", "D=e"]), Some(13));
}

/// Ends with the WASI error of opening `file`.
const OPEN: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "file")
    (func $try (param $flags i32) (param $rights i64)
        (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
            (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 8))))
    (func (export "read") (call $try (i32.const 0) (i64.const 2)))
    (func (export "write") (call $try (i32.const 0) (i64.const 64)))
    (func (export "create") (call $try (i32.const 1) (i64.const 64))))"#;

#[test]
fn a_directory_may_be_for_reading_only() {
    let workspace = Workspace::new().with("open.wat", OPEN);
    for directory in ["data", "empty"] {
        fs::create_dir(workspace.path(directory)).unwrap();
    }
    fs::write(workspace.path("data/file"), "x").unwrap();
    let run =
        |directory, what| workspace.run(&["run", "--dir", directory, "--invoke", what, "open.wat"]);
    for what in ["read", "write", "create"] {
        run("data", what).exits_with(0);
        run("data::/data", what).exits_with(0);
    }
    run("data::/data::ro", "read").exits_with(0);
    // Not permitted, as in Wasmtime for directories that are read-only.
    for (directory, what) in
        [("data::/data::ro", "write"), ("data::/::ro", "create"), ("empty::/::ro", "create")]
    {
        let code = run(directory, what).output.status.code();
        assert!(matches!(code, Some(63 | 69 | 76)), "{directory}, {what}: {code:?}");
    }
    assert!(!workspace.path("empty/file").exists());
}

#[test]
fn a_reactor_is_initialized() {
    let workspace = Workspace::new().with("reactor.wat", REACTOR);
    workspace.run(&["run", "--invoke", "ready", "reactor.wat"]).exits_with(0).says("5\n");
    workspace.run(&["run", "reactor.wat"]).exits_with(0).complains("--invoke");
}

#[test]
fn an_artifact_runs_like_the_module_it_was_made_of() {
    let workspace = Workspace::new().with("add.wat", ADD).with("trap.wat", TRAP);
    workspace.run(&["compile", "add.wat"]).exits_with(0);
    workspace.run(&["run", "--invoke", "add", "add.cwasm", "40", "2"]).exits_with(0).says("42\n");
    workspace.run(&["compile", "trap.wat", "-o", "other"]).exits_with(0);
    workspace.run(&["run", "other"]).exits_with(134).complains("inner");
    workspace.run(&["compile", "other"]).exits_with(1).complains("compiled already");
}

#[test]
fn the_stages_of_a_compilation_are_reported() {
    let workspace = Workspace::new().with("add.wat", ADD);
    let silent = workspace.run(&["compile", "add.wat"]).exits_with(0);
    assert_eq!(silent.stderr(), "");
    let timed =
        workspace.run(&["compile", "add.wat", "-o", "timed.cwasm", "--timings"]).exits_with(0);
    let names: Vec<_> = ["declarations", "translation", "code generation", "writing", "total"]
        .into_iter()
        .map(|name| timed.stderr().lines().position(|line| line.starts_with(name)))
        .collect();
    assert!(names.iter().all(Option::is_some) && names.is_sorted(), "{}", timed.stderr());
    assert_eq!(
        fs::read(workspace.path("add.cwasm")).unwrap(),
        fs::read(workspace.path("timed.cwasm")).unwrap()
    );
}

#[cfg(feature = "all-arch")]
#[test]
fn artifacts_for_other_machines_are_refused_by_name() {
    let workspace = Workspace::new().with("add.wat", ADD);
    let target = if cfg!(target_arch = "aarch64") {
        "x86_64-unknown-linux-gnu"
    } else {
        "aarch64-unknown-linux-gnu"
    };
    workspace
        .run(&["compile", "--target", target, "add.wat"])
        .exits_with(0)
        .complains(&format!("note: `add.cwasm` has code for {target}"))
        .complains("runs on x86-64 Linux");
    let architecture = target.split('-').next().unwrap_or_default();
    workspace
        .run(&["run", "--invoke", "add", "add.cwasm", "1", "2"])
        .exits_with(1)
        .complains(architecture);
    workspace.run(&["inspect", "add.cwasm"]).exits_with(0).says(architecture);
    workspace.run(&["compile", "--target", "z80", "add.wat"]).exits_with(1).complains("z80");
}

#[test]
fn target_features_are_allowed_and_forbidden() {
    let popcnt = r#"(module (func (export "popcnt") (param i32) (result i32)
        (i32.popcnt (local.get 0))))"#;
    let workspace = Workspace::new().with("popcnt.wat", popcnt);
    let target = "x86_64-unknown-linux-gnu";
    let compile = |feature: &str| {
        workspace.run(&["compile", "--target", target, "--target-feature", feature, "popcnt.wat"])
    };
    let size = || {
        let artifact = fs::read(workspace.path("popcnt.cwasm")).expect("an artifact");
        let artifact = wasm_artifact::Artifact::parse(&artifact).expect("an artifact");
        let used: Result<Vec<_>, _> = artifact.extensions().map(|e| e.map(str::to_owned)).collect();
        (artifact.text().len(), used.expect("a list of extensions"))
    };
    compile("-popcnt").exits_with(0).complains("`popcnt.cwasm` runs on every x86-64 Linux machine");
    let (without, used) = size();
    assert!(used.is_empty(), "{used:?}");
    compile("+popcnt,-sse4.1,+sse4.1").exits_with(0).complains("machines that have popcnt\n");
    let (with, used) = size();
    assert_eq!(used, ["has_popcnt"]);
    assert!(with < without, "{with} bytes with it, {without} without");

    let message = "x86_64-unknown-linux-gnu has no target feature `avx3`; it has avx, avx2, ";
    compile("+avx2,-avx3").exits_with(1).complains(message);
    compile("avx2").exits_with(2).complains("`+NAME`");
    compile("").exits_with(2).complains("`+NAME`");
}

#[test]
fn types_of_objects_and_tags_are_listed() {
    let text = r#"(module (type $pair (struct (field i32) (field (mut i8)))) (type (array i16))
        (tag $oops (export "oops") (param i32)))"#;
    let workspace = Workspace::new().with("types.wat", text);
    workspace
        .run(&["inspect", "types.wat"])
        .exits_with(0)
        .says("type 0     (struct (field i32) (field (mut i8))), `pair`\n")
        .says("type 1     (array i16)\n")
        .says("tag 0      (func (param i32)), `oops`\n")
        .says("(tag (func (param i32)))");
}

#[test]
fn modules_and_artifacts_are_inspected() {
    let workspace = Workspace::new().with("add.wat", ADD).with("exit.wat", EXIT);
    workspace
        .run(&["inspect", "add.wat"])
        .exits_with(0)
        .says("add")
        .says("(func (param i32 i32) (result i32))");
    workspace
        .run(&["inspect", "exit.wat"])
        .exits_with(0)
        .says(r#""wasi_snapshot_preview1" "proc_exit""#);
    workspace.run(&["compile", "exit.wat"]).exits_with(0);
    workspace.run(&["inspect", "exit.cwasm"]).exits_with(0).says("proc_exit").says("_start");
    let all = workspace.run(&["inspect", "--all", "exit.cwasm"]).exits_with(0);
    all.says("where the bytes go").says("\ntypes: ").says("\ncode: ").says("\nsymtab: ");
    let table = workspace.run(&["inspect", "exit.cwasm", "--table", "exports"]).exits_with(0);
    assert!(table.says("\"_start\"").stdout().starts_with("exports: "));
    workspace
        .run(&["inspect", "exit.cwasm", "--table", "x"])
        .exits_with(1)
        .complains("address_blocks");
    workspace.run(&["inspect", "exit.wat", "--all"]).exits_with(1).complains("compile");
    workspace.run(&["inspect", "exit.cwasm", "--all", "--table", "exports"]).exits_with(2);
}

#[test]
fn clif_is_shown() {
    let workspace = Workspace::new().with("add.wat", ADD);
    workspace.run(&["clif", "add.wat"]).exits_with(0).says("iadd");
    workspace.run(&["clif", "add.wat", "--function", "0", "--raw"]).exits_with(0).says("iadd");
    workspace
        .run(&["clif", "add.wat", "--function", "0", "--assembly"])
        .exits_with(0)
        .says("block0:");
    workspace.run(&["clif", "add.wat", "--function", "add"]).exits_with(0).says("iadd");
    workspace.run(&["clif", "add.wat", "--function", "sub"]).exits_with(1).complains("sub");
}

#[test]
fn what_is_wrong_is_said() {
    let workspace = Workspace::new()
        .with("text.txt", "hello")
        .with("empty", "")
        .with("invalid.wat", "(module (func (result i32)))")
        .with("missing.wat", r#"(module (import "a" "b" (func (param i32))))"#);
    workspace.run(&["run", "nothing.wasm"]).exits_with(1).complains("nothing.wasm");
    workspace.run(&["run", "text.txt"]).exits_with(1).complains("text.txt");
    workspace.run(&["run", "empty"]).exits_with(1).complains("empty");
    workspace.run(&["run", "invalid.wat"]).exits_with(1).complains("offset");
    workspace.run(&["run", "missing.wat"]).exits_with(1).complains("a").complains("b");
    workspace.run(&["frobnicate"]).exits_with(2).complains("neither a command nor a file");
    workspace.run(&["run"]).exits_with(2);
    workspace.run(&[]).exits_with(2);
    workspace.run(&["--help"]).exits_with(0).says("Examples:");
    workspace.run(&["--version"]).exits_with(0);
    for command in ["run", "compile", "inspect", "clif"] {
        workspace.run(&["help", command]).exits_with(0).says("Examples:");
    }
}

#[test]
fn compiling_has_limits_that_can_be_set() {
    let workspace = Workspace::new().with("a.wat", "(module (func $f (export \"f\") nop nop nop))");
    for command in ["compile", "run"] {
        let limited = [command, "--compile-limit", "operators=3,time=1m", "a.wat"];
        let refused = workspace.run(&limited).exits_with(1);
        for part in ["`f`", "more than 3 operators", "--compile-limit operators=VALUE"] {
            assert!(refused.stderr().contains(part), "{part}: {}", refused.stderr());
        }
        workspace.run(&[command, "--compile-limit", "operators=4", "a.wat"]).exits_with(0);
        workspace
            .run(&[command, "--compile-limit=operators=3,operators=none", "a.wat"])
            .exits_with(0);
        workspace.run(&[command, "--compile-limit=none", "a.wat"]).exits_with(0);
        let unknown =
            workspace.run(&[command, "--compile-limit", "bytes=3", "a.wat"]).exits_with(2);
        assert!(unknown.stderr().contains("operators, blocks, locals, parameters, effort, time"));
    }
}

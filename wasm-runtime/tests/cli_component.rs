//! Components on the command line.

mod command_line;

use command_line::Workspace;

/// Functions with values of several kinds, one of them in an interface.
const VALUES: &str = r#"(component
    (type $point (record (field "x" u32) (field "y" (option u32))))
    (core module $m
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (i32.const 64))))
        (func (export "add") (param i32 i32 i32 i32) (result i32)
            (i32.add
                (i32.add (local.get 0) (local.get 1))
                (select (local.get 3) (i32.const 0) (local.get 2))))
        (func (export "echo") (param i32 i32) (result i32)
            (i32.store (i32.const 0) (local.get 0))
            (i32.store (i32.const 4) (local.get 1))
            (i32.const 0))
        (func (export "fails") (unreachable)))
    (core instance $i (instantiate $m))
    (import "point" (type $p (eq $point)))
    (func (export "add") (param "a" u32) (param "p" $p) (result u32)
        (canon lift (core func $i "add")))
    (func $echo (param "names" (list string)) (result (list string))
        (canon lift (core func $i "echo")
            (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
    (func (export "fails") (canon lift (core func $i "fails")))
    (instance (export "some:where/names@1.0.0") (export "echo" (func $echo))))"#;

/// A command that succeeds, or fails.
fn command(result: u32) -> String {
    format!(
        "(component
            (core module $m (func (export \"run\") (result i32) (i32.const {result})))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i \"run\")))
            (instance (export \"wasi:cli/run@0.2.3\") (export \"run\" (func $run))))"
    )
}

#[test]
fn functions_are_called_in_the_syntax_of_wave() {
    let workspace = Workspace::new().with("values.wat", VALUES);
    let invoke = |call: &str| workspace.run(&["run", "--invoke", call, "values.wat"]);
    invoke("add(1, {x: 2})").exits_with(0).says("3\n");
    invoke("add(1, {y: some(4), x: 2})").exits_with(0).says("7\n");
    invoke("echo([\"a\", \"\\u{f6}\"])").exits_with(0).says("[\"a\", \"ö\"]\n");
    invoke("echo([])").exits_with(0).says("[]\n");
    workspace
        .run(&["run", "--invoke", "add", "values.wat", "1", "{x: 5}"])
        .exits_with(0)
        .says("6\n");
    invoke("fails()").exits_with(134);
}

#[test]
fn what_is_wrong_with_a_call_is_said() {
    let workspace = Workspace::new().with("values.wat", VALUES);
    let invoke = |call: &str| workspace.run(&["run", "--invoke", call, "values.wat"]);
    invoke("add(1").exits_with(1).complains("is not a call");
    invoke("add(1, {z: 2})").exits_with(1).complains("don't fit");
    invoke("add(-1, {x: 2})").exits_with(1).complains("don't fit");
    invoke("sub(1)").exits_with(1).complains("some:where/names@1.0.0#echo");
    workspace
        .run(&["run", "--invoke", "add(1, {x: 2})", "values.wat", "3"])
        .exits_with(1)
        .complains("in its parentheses");
    workspace
        .run(&["run", "--preload", "a=values.wat", "values.wat"])
        .exits_with(1)
        .complains("imports from the host only");
}

#[test]
fn commands_end_with_what_they_return() {
    let workspace = Workspace::new()
        .with("yes.wat", command(0))
        .with("no.wat", command(1))
        .with("v.wat", VALUES);
    workspace.run(&["run", "yes.wat"]).exits_with(0);
    workspace.run(&["run", "no.wat"]).exits_with(1);
    workspace.run(&["run", "v.wat"]).exits_with(0).complains("is not a command");
}

#[test]
fn artifacts_are_made_inspected_and_run() {
    let workspace = Workspace::new().with("values.wat", VALUES);
    workspace.run(&["keygen", "-o", "key"]).exits_with(0);
    workspace.run(&["compile", "values.wat", "--sign", "key.key"]).exits_with(0);
    workspace
        .run(&["run", "values.cwasm", "--trust", "key.pub", "--invoke", "add(1, {x: 2})"])
        .exits_with(0)
        .says("3\n");
    workspace.run(&["run", "values.cwasm", "--invoke", "echo([])"]).exits_with(0).says("[]\n");
    let report = workspace.run(&["inspect", "values.cwasm"]).exits_with(0);
    for part in ["compiled", "Modules: 1", "x86_64", "some:where/names@1.0.0", "echo"] {
        assert!(report.stdout().contains(part), "{part}: {}", report.stdout());
    }
    let report = workspace.run(&["inspect", "values.wat"]).exits_with(0).stdout();
    assert!(report.starts_with("WebAssembly component") && report.contains("echo"), "{report}");
    let report = workspace.run(&["inspect", "--all", "values.cwasm"]).exits_with(0).stdout();
    assert!(report.contains("Module 0"), "{report}");
    workspace.run(&["verify", "--trust", "key.pub", "values.cwasm"]).exits_with(0);
    workspace.run(&["compile", "values.cwasm"]).exits_with(1).complains("compiled already");
    workspace.run(&["clif", "values.wat"]).exits_with(1).complains("a module is needed here");
}

/// Exits with a failure if it has two arguments besides its name.
#[cfg(feature = "wasip2")]
const COUNTS: &str = r#"(component
    (import "wasi:cli/environment@0.2.0" (instance $env
        (export "get-arguments" (func (result (list string))))))
    (import "wasi:cli/exit@0.2.9" (instance $exit (export "exit" (func (param "status" (result))))))
    (core module $libc
        (memory (export "memory") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (i32.const 256)))))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (alias core export $libc "realloc" (core func $realloc))
    (alias export $env "get-arguments" (func $args))
    (alias export $exit "exit" (func $exits))
    (core func $args-lowered (canon lower (func $args) (memory $memory) (realloc $realloc)))
    (core func $exit-lowered (canon lower (func $exits)))
    (core module $m
        (import "env" "args" (func $args (param i32)))
        (import "env" "exit" (func $exit (param i32)))
        (import "env" "memory" (memory 1))
        (func (export "run") (result i32)
            (call $args (i32.const 0))
            (if (i32.eq (i32.load (i32.const 4)) (i32.const 3)) (then (call $exit (i32.const 1))))
            (i32.const 0)))
    (core instance $env-of-m
        (export "args" (func $args-lowered))
        (export "exit" (func $exit-lowered))
        (export "memory" (memory $memory)))
    (core instance $i (instantiate $m (with "env" (instance $env-of-m))))
    (alias core export $i "run" (core func $run))
    (func $run-lifted (result (result)) (canon lift (core func $run)))
    (instance (export "wasi:cli/run@0.2.12") (export "run" (func $run-lifted))))"#;

#[cfg(feature = "wasip2")]
#[test]
fn commands_have_wasi() {
    let workspace = Workspace::new().with("counts.wat", COUNTS);
    workspace.run(&["run", "counts.wat", "one"]).exits_with(0);
    workspace.run(&["run", "counts.wat", "one", "two"]).exits_with(1);
    workspace.run(&["compile", "counts.wat"]).exits_with(0);
    workspace.run(&["counts.cwasm", "one", "two"]).exits_with(1);
}

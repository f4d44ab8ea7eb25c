//! Directives of scripts beyond the specification's suite: threads, names, functions as results.

use wasm_runtime::wast::{Runner, Summary, WastError};
use wasm_runtime::{Config, Engine, Module};

fn runner() -> Runner {
    let mut config = Config::new();
    config.shared_memory(true);
    Runner::new(&Engine::new(&config).unwrap()).unwrap()
}

fn run(script: &str) -> Result<Summary, WastError> {
    runner().run("script", script)
}

fn refused(script: &str) -> String {
    run(script).unwrap_err().to_string()
}

/// Two threads: one waits until the other has passed its message on.
const MESSAGE: &str = r#"
    (module $Mem (memory (export "shared") 1 1 shared))
    (thread $Reader (shared (module $Mem))
        (register "mem" $Mem)
        (module
            (memory (import "mem" "shared") 1 1 shared)
            (func (export "read") (result i32)
                (block (loop
                    (br_if 1 (i32.atomic.load (i32.const 4)))
                    (drop (memory.atomic.wait32 (i32.const 4) (i32.const 0) (i64.const -1)))
                    (br 0)))
                (i32.load (i32.const 0))))
        (assert_return (invoke "read") (i32.const 42)))
    (thread $Writer (shared (module $Mem))
        (register "mem" $Mem)
        (module
            (memory (import "mem" "shared") 1 1 shared)
            (func (export "write")
                (i32.store (i32.const 0) (i32.const 42))
                (i32.atomic.store (i32.const 4) (i32.const 1))
                (drop (memory.atomic.notify (i32.const 4) (i32.const 1)))))
        (invoke "write"))
    (wait $Writer)
    (wait $Reader)
    (module
        (memory (import "Mem" "shared") 1 1 shared)
        (func (export "check") (result i32) (i32.load (i32.const 0))))
    (assert_return (invoke "check") (i32.const 42))"#;

#[test]
fn threads_share_memories() {
    for _ in 0..20 {
        assert_eq!(run(MESSAGE).unwrap().passed(), 13);
    }
    let mut artifacts = runner();
    artifacts.load_modules_with(|engine, wasm| {
        let artifact = engine.precompile_module(wasm)?;
        // SAFETY: made just now by this project's compiler.
        unsafe { Module::deserialize(engine, artifact) }
    });
    artifacts.run("script", MESSAGE).unwrap();
}

#[test]
fn what_fails_in_a_thread_fails_the_script_at_its_line() {
    let script =
        "(module) (thread $T\n  (module (func (export \"f\") unreachable))\n  (invoke \"f\"))\n";
    for end in ["", "(wait $T)"] {
        let script = format!("{script}{end}");
        let error = run(&script).unwrap_err();
        assert_eq!(error.line(), 3, "{error}");
        let summary = runner().run_to_end("script", &script).unwrap();
        assert_eq!(summary.failures().len(), 1);
        assert_eq!(summary.failures()[0].line(), 3);
    }
}

#[test]
fn threads_are_named_and_start_with_nothing() {
    assert!(refused("(module) (wait $T)").contains("no thread named `$T`"));
    assert!(refused("(module) (thread $T) (wait $T) (wait $T)").contains("no thread named `$T`"));
    assert!(
        refused("(module) (thread $T (shared (module $M)))").contains("no instance named `$M`")
    );
    let hidden = "(module $M (func (export \"f\"))) (thread $T (invoke $M \"f\")) (wait $T)";
    assert!(refused(hidden).contains("no instance named `$M`"));
    // What is not shared can't be imported.
    let unshared = "(module $M (memory (export \"m\") 1))
        (thread $T (shared (module $M))
            (register \"M\" $M)
            (assert_unlinkable (module (import \"M\" \"m\" (memory 1))) \"unknown import\"))
        (wait $T)";
    run(unshared).unwrap();
    // Threads can start threads.
    run("(module) (thread $A (thread $B (module)) (wait $B)) (wait $A)").unwrap();
}

#[test]
fn modules_can_be_imported_by_their_names() {
    let script = r#"
        (module $lib (func (export "f") (result i32) (i32.const 1)))
        (module (import "lib" "f" (func $f (result i32))) (export "g" (func $f)))
        (assert_return (invoke "g") (i32.const 1))"#;
    assert_eq!(run(script).unwrap().passed(), 3);
}

/// As in Wasmtime's runner of scripts.
#[test]
fn scripts_can_have_the_heap_collected() {
    let script = r#"
        (module
            (import "wasmtime" "gc" (func $gc))
            (type $s (struct (field i32)))
            (func (export "kept") (result i32)
                (local $s (ref $s))
                (local.set $s (struct.new $s (i32.const 7)))
                (call $gc)
                (struct.get $s 0 (local.get $s))))
        (assert_return (invoke "kept") (i32.const 7))"#;
    assert_eq!(run(script).unwrap().passed(), 2);
}

#[test]
fn null_references_are_named_in_several_ways() {
    let script = |message: &str| {
        format!(
            r#"(module (type $f (func)) (func (export "f") (call_ref $f (ref.null $f))))
            (assert_trap (invoke "f") {message:?})"#
        )
    };
    for holds in ["null function", "null function reference", "null reference"] {
        run(&script(holds)).unwrap();
    }
    assert!(refused(&script("function")).contains("but the trap is"));
}

#[test]
fn a_trap_can_be_why_a_module_is_unlinkable() {
    let script = |message: &str| {
        format!("(assert_unlinkable (module (memory 0) (data (i32.const 0) \"x\")) {message:?})")
    };
    run(&script("out of bounds memory access")).unwrap();
    assert!(refused(&script("unreachable")).contains("but the trap is"));
}

#[test]
fn functions_are_told_apart_by_their_index() {
    let script = |expected: &str| {
        format!(
            r#"(module
                (func $a (export "a")) (func $b (export "b")) (func $hidden)
                (elem declare func $b)
                (func (export "get") (result funcref) (ref.func $b))
                (func (export "none") (result funcref) (ref.null func)))
            {expected}"#
        )
    };
    for holds in ["(ref.func 1)", "(ref.func $b)", "(ref.func)"] {
        run(&script(&format!("(assert_return (invoke \"get\") {holds})"))).unwrap();
    }
    for fails in ["(ref.func 0)", "(ref.func $a)"] {
        refused(&script(&format!("(assert_return (invoke \"get\") {fails})")));
    }
    refused(&script("(assert_return (invoke \"none\") (ref.func 1))"));
    for hidden in ["(ref.func 2)", "(ref.func 99)", "(ref.func $other)"] {
        let error = refused(&script(&format!("(assert_return (invoke \"get\") {hidden})")));
        assert!(error.contains("does not export"), "{error}");
    }
}

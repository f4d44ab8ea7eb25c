//! The program `wasm-runtime` and the state of modules: `snapshot` and `expose`.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const COUNTER: &str = r#"(module
    (memory (export "memory") 1)
    (table $t 4 funcref)
    (global $count (mut i32) (i32.const 1))
    (data $passive "once")
    (func $seven (result i32) i32.const 7)
    (elem declare func $seven)
    (func (export "init")
      (global.set $count (i32.add (global.get $count) (i32.const 41)))
      (drop (memory.grow (i32.const 2)))
      (i32.store (i32.const 70000) (i32.const 99))
      (memory.init $passive (i32.const 8) (i32.const 0) (i32.const 4))
      (data.drop $passive)
      (table.set $t (i32.const 2) (ref.func $seven)))
    (func (export "report") (result i32 i32 i32 i32)
      (global.get $count) (i32.load (i32.const 70000)) (memory.size)
      (call_indirect $t (result i32) (i32.const 2)))
    (func (export "again") (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 1))))"#;

/// Changes a memory that it imports if `change` is called, and only reads it in `look`.
const IMPORTING: &str = r#"(module
    (import "env" "memory" (memory $m 1))
    (import "env" "never" (func $never))
    (global $g (mut i32) (i32.const 0))
    (data (memory $m) (i32.const 4) "data")
    (func (export "look") (global.set $g (i32.load $m (i32.const 4))))
    (func (export "change") (i32.store $m (i32.const 0) (i32.const 1)))
    (func (export "g") (result i32) (global.get $g)))"#;

/// Changes the memory that it imports before anything is called.
const STARTING: &str = r#"(module
    (import "env" "memory" (memory $m 1))
    (import "env" "fixed" (global i32))
    (start $start)
    (func $start (i32.store $m (i32.const 0) (i32.const 1)))
    (func (export "init")))"#;

/// Makes a ring of three objects with an array of bytes each.
const OBJECTS: &str = r#"(module
    (type $bytes (array (mut i8)))
    (rec (type $node (struct
        (field $next (mut (ref null $node))) (field $bytes (ref $bytes)) (field $n i64))))
    (global $first (mut (ref null $node)) (ref.null $node))
    (func $add (param $n i64)
        (global.set $first (struct.new $node (global.get $first)
            (array.new $bytes (i32.wrap_i64 (local.get $n)) (i32.const 4)) (local.get $n))))
    (func (export "init") (local $last (ref null $node))
        (call $add (i64.const 7))
        (local.set $last (global.get $first))
        (call $add (i64.const 20))
        (call $add (i64.const 300))
        (struct.set $node $next (local.get $last) (global.get $first)))
    (func (export "sum") (result i64) (local $node (ref null $node)) (local $sum i64)
        (local.set $node (global.get $first))
        (loop $again
            (local.set $sum (i64.add (local.get $sum) (i64.mul
                (struct.get $node $n (local.get $node))
                (i64.extend_i32_u (array.get_u $bytes
                    (struct.get $node $bytes (local.get $node)) (i32.const 3))))))
            (br_if $again (i32.eqz (ref.eq (global.get $first)
                (local.tee $node (struct.get $node $next (local.get $node)))))))
        (local.get $sum)))"#;

struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn new() -> Self {
        let workspace = Self { directory: TempDir::new().expect("a temporary directory") };
        for (name, text) in [
            ("counter.wat", COUNTER),
            ("importing.wat", IMPORTING),
            ("starting.wat", STARTING),
            ("objects.wat", OBJECTS),
        ] {
            fs::write(workspace.directory.path().join(name), text).expect("a file");
        }
        workspace
    }

    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_wasm-runtime"))
            .args(line.split_whitespace())
            .current_dir(&self.directory)
            .env("XDG_CACHE_HOME", self.directory.path())
            .output()
            .expect("the program starts")
    }

    #[track_caller]
    fn prints(&self, line: &str, expected: &str) {
        let output = self.run(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {errors}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{line}");
    }

    #[track_caller]
    fn fails(&self, line: &str, reasons: &[&str]) {
        let output = self.run(line);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{line}");
        for reason in reasons {
            assert!(errors.contains(reason), "{line}: `{reason}` is not in {errors}");
        }
    }
}

#[test]
fn a_snapshot_has_the_objects_that_were_made() {
    let workspace = Workspace::new();
    for output in ["ready.wasm", "ready.cwasm"] {
        let line = format!("snapshot objects.wat --init init -o {output}");
        workspace.prints(&line, "");
        // 300 is 44 in a byte.
        let sum = 7 * 7 + 20 * 20 + 300 * 44;
        workspace.prints(&format!("run --invoke sum {output}"), &format!("{sum}\n"));
    }
}

#[test]
fn a_snapshot_starts_where_the_initialisation_ended() {
    let workspace = Workspace::new();
    for output in ["ready.wasm", "ready.cwasm"] {
        workspace.prints(&format!("snapshot counter.wat --init init -o {output}"), "");
        workspace.prints(&format!("run --invoke report {output}"), "42\n99\n3\n7\n");
        // The segment is still dropped.
        workspace.fails(&format!("run --invoke again {output}"), &["out of bounds"]);
        workspace.fails(&format!("run --invoke init {output}"), &["exports no function `init`"]);
    }
    let magic =
        |name: &str| fs::read(workspace.directory.path().join(name)).expect("it was written");
    assert!(magic("ready.wasm").starts_with(b"\0asm"));
    assert!(magic("ready.cwasm").starts_with(b"\x7fELF"));
}

#[test]
fn exports_are_kept_and_renamed() {
    let workspace = Workspace::new();
    let line = "snapshot counter.wat --init init --keep-init --rename report=show -o twice.wasm";
    workspace.prints(line, "");
    workspace.prints("run --invoke show twice.wasm", "42\n99\n3\n7\n");
    workspace.fails("run --invoke report twice.wasm", &["no function `report`"]);
    // It can't be initialised twice, since it has dropped a segment.
    workspace.fails("snapshot twice.wasm --init init -o more.wasm", &["`init`", "out of bounds"]);
}

#[test]
fn imports_may_be_used_but_not_changed() {
    let workspace = Workspace::new();
    workspace.prints("snapshot importing.wat --init look -o looked.wasm", "");
    let looked = workspace.run("inspect looked.wasm");
    let looked = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(looked.contains("\"memory\"") || looked.contains("memory"), "{looked}");
    workspace.fails(
        "snapshot importing.wat --init change -o changed.wasm",
        &["memory 0", "\"env\" \"memory\""],
    );
    workspace.prints("snapshot importing.wat --init change --define-imports -o changed.wasm", "");
    // The start function is not part of what is written, so what it has done must not be lost.
    workspace.fails(
        "snapshot starting.wat --init init -o started.wasm",
        &["memory 0", "\"env\" \"memory\""],
    );
    workspace.prints("snapshot starting.wat --init init --define-imports -o started.wasm", "");
}

#[test]
fn mistakes_are_reported() {
    let workspace = Workspace::new();
    workspace.fails("snapshot counter.wat --init nothing -o x.wasm", &["`nothing`"]);
    workspace.fails("snapshot counter.wat --init report -o x.wasm", &["report"]);
    workspace.fails("snapshot counter.wat --init init --rename a -o x.wasm", &["OLD=NEW"]);
    workspace.prints("compile counter.wat -o c.cwasm", "");
    workspace.fails("snapshot c.cwasm --init init -o x.wasm", &["compiled already"]);
    workspace.fails("expose c.cwasm", &["compiled already"]);
}

#[test]
fn everything_is_exposed() {
    let workspace = Workspace::new();
    workspace.prints(
        "expose counter.wat -o all.wasm",
        "__global_count: global 0 ($count)\n__table_t: table 0 ($t)\n__memory_0: memory 0\n",
    );
    workspace.prints(
        "expose counter.wat -o some.wasm --only globals --prefix my_",
        "my_global_count: global 0 ($count)\n",
    );
    workspace.prints("run --invoke init all.wasm", "");
    let all = workspace.run("inspect all.wasm");
    assert!(String::from_utf8_lossy(&all.stdout).contains("__global_count"));
}

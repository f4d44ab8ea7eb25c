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

/// Has changed the memory that it imports before anything is called.
const STARTING: &str = r#"(module
    (import "env" "memory" (memory $m 1))
    (import "env" "fixed" (global i32))
    (start $start)
    (func $start (i32.store $m (i32.const 0) (i32.const 1)))
    (func (export "init")))"#;

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { directory: TempDir::new().expect("a temporary directory") };
        for (name, text) in
            [("counter.wat", COUNTER), ("importing.wat", IMPORTING), ("starting.wat", STARTING)]
        {
            fs::write(place.directory.path().join(name), text).expect("a file");
        }
        place
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
fn a_snapshot_starts_where_the_initialisation_ended() {
    let place = Place::new();
    for output in ["ready.wasm", "ready.cwasm"] {
        place.prints(&format!("snapshot counter.wat --init init -o {output}"), "");
        place.prints(&format!("run --invoke report {output}"), "42\n99\n3\n7\n");
        // The segment is still the dropped one.
        place.fails(&format!("run --invoke again {output}"), &["out of bounds"]);
        place.fails(&format!("run --invoke init {output}"), &["exports no function `init`"]);
    }
    let magic = |name: &str| fs::read(place.directory.path().join(name)).expect("it was written");
    assert!(magic("ready.wasm").starts_with(b"\0asm"));
    assert!(magic("ready.cwasm").starts_with(b"\x7fELF"));
}

#[test]
fn exports_are_kept_and_renamed() {
    let place = Place::new();
    let line = "snapshot counter.wat --init init --keep-init --rename report=show -o twice.wasm";
    place.prints(line, "");
    place.prints("run --invoke show twice.wasm", "42\n99\n3\n7\n");
    place.fails("run --invoke report twice.wasm", &["no function `report`"]);
    // It can't be initialised twice, since it has dropped a segment.
    place.fails("snapshot twice.wasm --init init -o more.wasm", &["`init`", "out of bounds"]);
}

#[test]
fn imports_may_be_used_but_not_changed() {
    let place = Place::new();
    place.prints("snapshot importing.wat --init look -o looked.wasm", "");
    let looked = place.run("inspect looked.wasm");
    let looked = String::from_utf8_lossy(&looked.stdout).into_owned();
    assert!(looked.contains("\"memory\"") || looked.contains("memory"), "{looked}");
    place.fails(
        "snapshot importing.wat --init change -o changed.wasm",
        &["memory 0", "\"env\" \"memory\""],
    );
    place.prints("snapshot importing.wat --init change --define-imports -o changed.wasm", "");
    // The start function is not part of what is written: what it did must not be lost.
    place.fails(
        "snapshot starting.wat --init init -o started.wasm",
        &["memory 0", "\"env\" \"memory\""],
    );
    place.prints("snapshot starting.wat --init init --define-imports -o started.wasm", "");
}

#[test]
fn mistakes_are_told() {
    let place = Place::new();
    place.fails("snapshot counter.wat --init nothing -o x.wasm", &["`nothing`"]);
    place.fails("snapshot counter.wat --init report -o x.wasm", &["report"]);
    place.fails("snapshot counter.wat --init init --rename a -o x.wasm", &["OLD=NEW"]);
    place.prints("compile counter.wat -o c.cwasm", "");
    place.fails("snapshot c.cwasm --init init -o x.wasm", &["compiled already"]);
    place.fails("expose c.cwasm", &["compiled already"]);
}

#[test]
fn everything_is_exposed() {
    let place = Place::new();
    place.prints(
        "expose counter.wat -o all.wasm",
        "__global_count: global 0 ($count)\n__table_t: table 0 ($t)\n__memory_0: memory 0\n",
    );
    place.prints(
        "expose counter.wat -o some.wasm --only globals --prefix my_",
        "my_global_count: global 0 ($count)\n",
    );
    place.prints("run --invoke init all.wasm", "");
    let all = place.run("inspect all.wasm");
    assert!(String::from_utf8_lossy(&all.stdout).contains("__global_count"));
}

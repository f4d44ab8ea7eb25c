//! The options of `run` that observe a program and that limit what it uses, from the outside.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

/// A directory with files, in which the program is run.
struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn with(name: &str, contents: &str) -> Self {
        let workspace = Self { directory: TempDir::new().unwrap() };
        fs::write(workspace.path(name), contents).unwrap();
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs the program. Returns what it wrote to standard error.
    #[track_caller]
    fn run(&self, args: &[&str], code: i32) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(self.directory.path());
        // The cache of whoever runs the tests is not used.
        command.env("XDG_CACHE_HOME", self.path(".cache"));
        let Output { status, stderr, .. } = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        assert_eq!(status.code(), Some(code), "{args:?} wrote to standard error: {stderr}");
        stderr
    }
}

/// Exits with 3, through two functions and an import.
const EXIT: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $main (export "_start") (call $leave (call $add (i32.const 1) (i32.const 2))))
    (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func $leave (param i32) (call $exit (local.get 0)))
    (func $unused))"#;

const TRAP: &str = r#"(module
    (func $main (export "_start") (call $inner))
    (func $inner unreachable))"#;

/// Runs for ever.
const FOREVER: &str = r#"(module
    (func $main (export "_start") (call $spin))
    (func $spin (loop $next (br $next))))"#;

#[test]
fn calls_are_traced() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let lines = workspace.run(&["run", "--trace-calls", "exit.wat"], 3);
    let expected = "\
> main()
  > add(1, 2)
  < add = 3
  > leave(3)
    > wasi_snapshot_preview1.proc_exit(3)
    ! wasi_snapshot_preview1.proc_exit: the program ended with exit status 3
  ! leave: the program ended with exit status 3
! main: the program ended with exit status 3
";
    assert_eq!(lines, expected);
    let lines =
        workspace.run(&["run", "--trace-calls=a*", "--trace-calls=*.proc_exit", "exit.wat"], 3);
    assert!(lines.starts_with("> add(1, 2)\n< add = 3\n> wasi_snapshot_preview1.proc_exit(3)\n"));
    assert!(!lines.contains("main"), "{lines}");
}

#[test]
fn the_heap_is_summed_up_when_the_program_ends() {
    let text = r#"(module
        (type $bytes (array (mut i8))) (type $pair (struct (field (ref $bytes) i32)))
        (global $kept (mut (ref null $pair)) (ref.null $pair))
        (func (export "_start")
            (global.set $kept
                (struct.new $pair (array.new_default $bytes (i32.const 100)) (i32.const 1)))
            (drop (array.new_default $bytes (i32.const 1000)))
            (if (i32.eqz (i32.const 0)) (then (unreachable)))))"#;
    let workspace = Workspace::with("heap.wat", text);
    let lines = workspace.run(&["run", "--heap-summary", "heap.wat"], 134);
    let expected = "\
objects in the heap: 2, of 128 bytes
       count          bytes  type
           1            112  array $bytes
           1             16  struct $pair
";
    assert!(lines.starts_with(expected), "{lines}");
    // Objects change nothing about the observers, nor they about the objects.
    let observed = ["run", "--coverage=heap.info", "--profile=counts", "--heap-summary"];
    let lines = workspace.run(&[&observed[..], &["heap.wat"]].concat(), 134);
    assert!(lines.contains(expected), "{lines}");
    assert!(workspace.read("heap.info").contains("FNDA:1,"), "{lines}");
}

#[test]
fn functions_are_traced_by_any_of_their_names() {
    let named = r#"(module
        (func $run_it (export "_start") (call $other))
        (func $other (export "b")))"#;
    let workspace = Workspace::with("named.wat", named);
    for more in ["--argv0=a", "--coverage=c.info"] {
        let lines = workspace.run(&["run", "--trace-calls=_start", more, "named.wat"], 0);
        assert!(
            lines.starts_with("> run_it()\n< run_it\n") && !lines.contains("> other"),
            "{lines}"
        );
    }
    let nameless = r#"(module (func (export "_start") (call 1)) (func (export "b\1b[2J")))"#;
    let workspace = Workspace::with("nameless.wat", nameless);
    let lines = workspace.run(&["run", "--trace-calls=b*", "nameless.wat"], 0);
    assert_eq!(lines, "> b\\u{1b}[2J()\n< b\\u{1b}[2J\n");
}

#[test]
fn standard_error_that_is_full_changes_no_exit_code() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let status = |args: &[&str]| {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(workspace.directory.path()).stderr(full);
        command.env("XDG_CACHE_HOME", workspace.path(".cache"));
        command.status().unwrap().code()
    };
    assert_eq!(status(&["run", "--coverage=c.info", "exit.wat"]), Some(3));
    assert!(workspace.read("c.info").contains("FNDA:1,leave\n"));
    assert_eq!(status(&["run", "no-such-file.wat"]), Some(1));
    // If a trace can't be written, the program ends. What was counted is written all the same.
    let args = ["run", "--trace-calls", "--profile=counts,c.txt", "--coverage=d.info", "exit.wat"];
    assert_eq!(status(&args), Some(1));
    assert_eq!(workspace.read("c.txt").lines().count(), 1);
    assert!(workspace.read("d.info").contains("FNDA:0,main\n"));
}

#[test]
fn a_report_that_fails_does_not_take_others_along() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let full = "--profile=counts,/dev/full";
    let stderr = workspace.run(&["run", full, "--coverage=c.info", "exit.wat"], 3);
    assert!(stderr.contains("can't write `/dev/full`"), "{stderr}");
    assert!(workspace.read("c.info").contains("FNDA:1,leave\n"));
    let stderr = workspace.run(&["run", full, "--coverage=/dev/full", "exit.wat"], 3);
    assert_eq!(stderr.matches("can't write `/dev/full`").count(), 2, "{stderr}");
}

#[test]
fn an_earlier_report_stays_until_there_is_a_new_one() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let bad = "(module (func (result i32)))";
    fs::write(workspace.path("bad.wat"), bad).unwrap();
    fs::write(workspace.path("c.info"), "earlier ".repeat(1000)).unwrap();
    workspace.run(&["run", "--coverage=c.info", "bad.wat"], 1);
    assert!(workspace.read("c.info").starts_with("earlier"));
    workspace.run(&["run", "--coverage=c.info", "exit.wat"], 3);
    let report = workspace.read("c.info");
    assert!(report.starts_with("TN:") && !report.contains("earlier"), "{report}");
}

#[test]
fn coverage_is_written_whatever_the_exit() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let stderr = workspace.run(&["run", "--coverage=exit.info", "exit.wat"], 3);
    assert!(stderr.contains("3 of 4 functions were called"), "{stderr}");
    let file = workspace.read("exit.info");
    assert!(file.starts_with("TN:\nSF:exit.wat\nFN:2,main\n"), "{file}");
    assert!(file.contains("FNDA:1,leave\nFNDA:0,unused\nFNF:4\nFNH:3\n"), "{file}");

    let workspace = Workspace::with("trap.wat", TRAP);
    workspace.run(&["run", "--coverage=trap.info", "trap.wat"], 134);
    assert!(workspace.read("trap.info").contains("FNDA:1,inner\n"));
    // If the file can't be written, that is reported, and so is the program's own end.
    let stderr = workspace.run(&["run", "--coverage=/dev/full", "trap.wat"], 134);
    assert!(stderr.contains("can't write `/dev/full`"), "{stderr}");
}

#[test]
fn debugging_information_that_is_damaged_is_reported() {
    let module = r#"(module
        (func $main (export "_start"))
        (@custom ".debug_info" "\ff\ff")
        (@custom ".debug_line" "\00"))"#;
    let workspace = Workspace::with("main.wat", module);
    let stderr = workspace.run(&["run", "--coverage=main.info", "main.wat"], 0);
    assert!(stderr.contains("warning: --coverage without source files"), "{stderr}");
    assert!(workspace.read("main.info").contains("SF:main.wat\nFN:1,main\nFNDA:1,main\n"));
}

#[test]
fn calls_are_counted() {
    let workspace = Workspace::with("exit.wat", EXIT);
    let stderr = workspace.run(&["run", "--profile=counts", "exit.wat"], 3);
    assert!(stderr.contains("self ms") && stderr.contains("  add\n"), "{stderr}");
    let stderr =
        workspace.run(&["run", "--profile=counts,counts.txt", "--trace-calls=add", "exit.wat"], 3);
    assert!(stderr.starts_with("> add(1, 2)\n< add = 3\n") && !stderr.contains("self"), "{stderr}");
    assert!(!stderr.contains("main"), "{stderr}");
    assert_eq!(workspace.read("counts.txt").lines().count(), 4);
}

#[test]
fn programs_are_sampled() {
    let workspace = Workspace::with("forever.wat", FOREVER);
    let arguments = ["run", "--timeout", "200ms", "--profile=guest,out.json,1ms", "forever.wat"];
    let stderr = workspace.run(&arguments, 134);
    assert!(stderr.contains("samples are in `out.json`"), "{stderr}");
    let json = workspace.read("out.json");
    assert!(json.starts_with("{\"meta\":") && json.contains("\"forever.wat\",\"main\",\"spin\""));
    let product = concat!("\"product\":\"wasm-runtime ", env!("CARGO_PKG_VERSION"), "\"");
    assert!(json.contains(product), "{json}");
    let arguments = ["run", "--timeout=200ms", "--profile=folded,out.folded,1ms", "forever.wat"];
    workspace.run(&arguments, 134);
    assert!(workspace.read("out.folded").contains("main;spin "));
    let stderr = workspace.run(&["run", "--profile=guest,out.json,0s", "forever.wat"], 2);
    assert!(stderr.contains("zero"), "{stderr}");
}

#[test]
fn time_is_bounded() {
    let workspace = Workspace::with("forever.wat", FOREVER);
    let stderr = workspace.run(&["run", "--timeout", "50ms", "forever.wat"], 134);
    assert!(stderr.contains("--timeout gave it") && stderr.contains("spin"), "{stderr}");
    // A program that sleeps, and one that reads what never arrives, end in time and in the same
    // way.
    let sleep = r#"(module (import "wasi_snapshot_preview1" "poll_oneoff"
              (func $poll (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 16) "\01")
            (func (export "_start")
              (i64.store (i32.const 24) (i64.const 3600000000000))
              (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"#;
    fs::write(workspace.path("sleep.wat"), sleep).unwrap();
    let stderr = workspace.run(&["run", "--timeout", "50ms", "sleep.wat"], 134);
    assert!(stderr.contains("--timeout gave it"), "{stderr}");
    let stderr = workspace.run(&["run", "--timeout", "soon", "forever.wat"], 2);
    assert!(stderr.contains("`soon` is not a duration"), "{stderr}");
    for none in ["0", "0.0001us"] {
        let stderr = workspace.run(&["run", "--timeout", none, "forever.wat"], 2);
        assert!(stderr.contains("is no time at all"), "{stderr}");
    }
}

#[test]
fn fuel_is_bounded() {
    let workspace = Workspace::with("forever.wat", FOREVER);
    let stderr = workspace.run(&["run", "--fuel", "1000", "forever.wat"], 134);
    assert!(stderr.contains("the 1000 units that --fuel gave it"), "{stderr}");
    let workspace = Workspace::with("exit.wat", EXIT);
    workspace.run(&["run", "--fuel", "1000", "exit.wat"], 3);
}

#[test]
fn memory_is_bounded() {
    let grow = r#"(module
        (memory 1)
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func $main (export "_start")
            (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))))"#;
    let workspace = Workspace::with("grow.wat", grow);
    workspace.run(&["run", "grow.wat"], 0);
    workspace.run(&["run", "--max-memory", "8Mi", "grow.wat"], 0);
    workspace.run(&["run", "--max-memory", "1Mi", "grow.wat"], 134);
    let stderr = workspace.run(&["run", "--max-memory", "10K", "grow.wat"], 1);
    let parts = ["have at least 65536 bytes from the start", "--max-memory lets them have 10000"];
    assert!(parts.iter().all(|part| stderr.contains(part)), "{stderr}");
    // Another cause is not mistaken for this one.
    let workspace =
        Workspace::with("import.wat", r#"(module (import "no" "such" (func)) (memory 1))"#);
    let stderr = workspace.run(&["run", "--max-memory", "10K", "import.wat"], 1);
    assert!(stderr.contains("such") && !stderr.contains("--max-memory"), "{stderr}");
    let workspace = Workspace::with("grow.wat", grow);
    let stderr = workspace.run(&["run", "--max-memory", "lots", "grow.wat"], 2);
    assert!(stderr.contains("`lots` is not a size"), "{stderr}");
}

#[test]
fn tables_are_bounded() {
    let grow = r#"(module
        (table 2 funcref) (table 0 externref)
        (func $grow (result i32) (table.grow 0 (ref.null func) (i32.const 200000)))
        (func $main (export "_start")
            (if (i32.eq (call $grow) (i32.const -1)) (then unreachable))
            (if (i32.eq (table.grow 1 (ref.null extern) (i32.const 20)) (i32.const -1))
                (then unreachable))))"#;
    let workspace = Workspace::with("grow.wat", grow);
    workspace.run(&["run", "grow.wat"], 0);
    // Tables count as memory, too.
    workspace.run(&["run", "--max-memory", "1600176", "grow.wat"], 0);
    workspace.run(&["run", "--max-memory", "1600175", "grow.wat"], 134);
    workspace.run(&["run", "--max-memory", "1Mi", "grow.wat"], 134);
    let stderr = workspace.run(&["run", "--max-memory", "15", "grow.wat"], 1);
    let parts = ["have at least 16 bytes from the start", "--max-memory lets them have 15"];
    assert!(parts.iter().all(|part| stderr.contains(part)), "{stderr}");
    workspace.run(&["run", "--max-table-elements", "200002", "grow.wat"], 0);
    workspace.run(&["run", "--max-table-elements", "200001", "grow.wat"], 134);
    let stderr = workspace.run(&["run", "--max-table-elements", "1", "grow.wat"], 1);
    let parts = ["2 elements were requested", "--max-table-elements lets each table have 1"];
    assert!(parts.iter().all(|part| stderr.contains(part)), "{stderr}");
}

#[test]
fn the_stack_is_bounded() {
    let deep = r#"(module
        (func $main (export "_start") (call $down (i32.const 40000)))
        (func $down (param i32)
            (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))))))"#;
    let workspace = Workspace::with("deep.wat", deep);
    workspace.run(&["run", "deep.wat"], 0);
    workspace.run(&["run", "--max-wasm-stack", "4Mi", "deep.wat"], 0);
    let stderr = workspace.run(&["run", "--max-wasm-stack", "128Ki", "deep.wat"], 134);
    assert!(stderr.contains("--max-wasm-stack gives it more"), "{stderr}");
    for size in ["100", "400000Gi", "17179869183Gi"] {
        let stderr = workspace.run(&["run", "--max-wasm-stack", size, "deep.wat"], 1);
        assert!(stderr.contains("that --max-wasm-stack requests: give it another"), "{stderr}");
    }
}

#[test]
fn artifacts_have_to_be_compiled_for_it() {
    let workspace = Workspace::with("exit.wat", EXIT);
    workspace.run(&["compile", "exit.wat"], 0);
    for (option, flag) in [
        ("--fuel=1000", "--metered"),
        ("--timeout=9s", "--interruptible"),
        ("--profile=guest,p.json", "--interruptible"),
        ("--trace-calls", "--function-hooks"),
        ("--coverage=c.info", "--function-hooks"),
        ("--profile=counts", "--function-hooks"),
    ] {
        let stderr = workspace.run(&["run", option, "exit.cwasm"], 1);
        assert!(stderr.contains("wasm-runtime compile") && stderr.contains(flag), "{stderr}");
    }
    let all = ["run", "--trace-calls", "--coverage=c.info", "--profile=counts", "exit.cwasm"];
    let stderr = workspace.run(&all, 1);
    assert!(stderr.contains("wasm-runtime compile --function-hooks '*'`"), "{stderr}");
    workspace
        .run(&["compile", "--metered", "--interruptible", "--function-hooks=*", "exit.wat"], 0);
    let all = ["run", "--fuel=1000", "--timeout=9s", "--trace-calls", "--coverage=c.info"];
    let stderr = workspace.run(&[&all[..], &["--profile=guest,p.json", "exit.cwasm"]].concat(), 3);
    assert!(stderr.contains("> add(1, 2)\n"), "{stderr}");
    assert!(workspace.read("c.info").contains("FNDA:1,add\n"));
    workspace.run(&["run", "exit.cwasm"], 3);
    let mut inspect = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
    inspect.args(["inspect"]).arg(workspace.path("exit.cwasm"));
    let text = String::from_utf8(inspect.output().unwrap().stdout).unwrap();
    assert!(text.contains("4 functions report when they are called"), "{text}");
}

#[test]
fn the_cache_distinguishes_programs_with_and_without() {
    let workspace = Workspace::with("exit.wat", EXIT);
    for _ in 0..2 {
        assert!(workspace.run(&["run", "exit.wat"], 3).is_empty());
        assert!(workspace.run(&["run", "--trace-calls=add", "exit.wat"], 3).contains("> add"));
        workspace.run(&["run", "--fuel=1000", "exit.wat"], 3);
        let stderr = workspace.run(&["run", "--coverage=c.info", "exit.wat"], 3);
        assert!(stderr.contains("3 of 4 functions"), "{stderr}");
    }
}

//! Little address space, and options with absurd values, from the outside. Errors say what to do,
//! and nothing panics.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn with(files: &[(&str, &str)]) -> Self {
        let workspace = Self { directory: TempDir::new().unwrap() };
        for (name, contents) in files {
            fs::write(workspace.path(name), contents).unwrap();
        }
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory.path());
        command.env("XDG_CACHE_HOME", self.path(".cache"));
        command
    }

    /// Runs the program. Returns its exit code, and what it wrote to standard error.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.command(env!("CARGO_BIN_EXE_wasm-runtime")).args(args).output();
        finished(&output.unwrap())
    }

    /// The same with this much address space, in KiB.
    fn run_within(&self, limit: u64, args: &[&str]) -> (Option<i32>, String) {
        let line = format!("ulimit -v {limit} && exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_wasm-runtime");
        finished(&self.command("sh").args(["-c", &line, program]).args(args).output().unwrap())
    }
}

fn finished(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Traps unless its memories work to their ends, and no further.
const PROGRAM: &str = r#"(module
    (memory (export "memory") 1) (memory 1) (data (i32.const 7) "text")
    (func (export "_start")
        (if (i32.ne (memory.grow 0 (i32.const 100)) (i32.const 1)) (then unreachable))
        (i32.store (i32.const 6619132) (i32.load (i32.const 7)))
        (if (i32.ne (i32.load (i32.const 6619132)) (i32.const 0x74786574)) (then unreachable))
        (i32.store 1 (i32.const 65532) (i32.const 1)))
    (func (export "init")))"#;

const OUT: &str = r#"(module (memory 1)
    (func (export "_start") (i32.store (i32.const 65533) (i32.const 1))))"#;

const PLAIN: &str = r#"(module (func (export "_start")))"#;

#[test]
fn little_address_space() {
    const LIMIT: u64 = 4_000_000;
    let workspace = Workspace::with(&[("p.wat", PROGRAM), ("out.wat", OUT), ("plain.wat", PLAIN)]);
    // Enough for one memory but not for both; enough for none; far too little for any.
    for limit in [6_500_000, LIMIT, 1_000_000] {
        let (code, stderr) = workspace.run_within(limit, &["run", "p.wat"]);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stderr.contains("as with `--memory-reservation 0`"), "{stderr}");
        let (code, stderr) =
            workspace.run_within(limit, &["run", "--memory-reservation=0", "p.wat"]);
        assert_eq!((code, &*stderr), (Some(0), ""));
    }
    let (code, stderr) = workspace.run_within(LIMIT, &["run", "out.wat"]);
    assert!(code == Some(134) && stderr.contains("out of bounds"), "{stderr}");
    // If nothing is missing, nothing is reported.
    for (limit, file) in [(LIMIT, "plain.wat"), (60_000_000, "p.wat")] {
        assert_eq!(workspace.run_within(limit, &["run", file]), (Some(0), String::new()));
    }
    assert_eq!(workspace.run(&["run", "--memory-reservation", "0", "p.wat"]).0, Some(0));
    let snapshot = ["snapshot", "p.wat", "--init", "init", "-o", "s.wasm"];
    let (code, stderr) = workspace.run_within(LIMIT, &snapshot);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(workspace.run_within(LIMIT, &["run", "s.wasm"]).0, Some(0));

    // Artifacts keep the settings that they were compiled with.
    for (options, within) in [(&["--memory-reservation=0"][..], Some(0)), (&[], Some(1))] {
        let compile = [&["compile", "p.wat"], options].concat();
        assert_eq!(workspace.run_within(LIMIT, &compile).0, Some(0));
        assert_eq!(workspace.run(&["run", "p.cwasm"]), (Some(0), String::new()));
        let (code, stderr) = workspace.run_within(LIMIT, &["run", "p.cwasm"]);
        assert_eq!(code, within, "{stderr}");
        let hints = ["ulimit -v", "wasm-runtime compile --memory-reservation 0"];
        assert!(code == Some(0) || hints.iter().all(|part| stderr.contains(part)), "{stderr}");
    }
    let (code, stderr) = workspace.run_within(LIMIT, &["run", "--memory-reservation=4Gi", "p.wat"]);
    assert!(code == Some(1) && stderr.contains("`--memory-reservation 0`"), "{stderr}");
}

/// Numbers, sizes and durations that nobody means. Some are valid for some options.
const ABSURD: [&str; 18] = [
    "0",
    "1",
    "-1",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999",
    "17179869183Gi",
    "18446744073709551615Gi",
    "5124095576030h",
    "99999999999999999999999h",
    "0.0000000001us",
    "1e400",
    "NaN",
    "inf",
    "",
    "Gi",
];

#[test]
fn absurd_values_are_no_panics() {
    let workspace = Workspace::with(&[("p.wat", PROGRAM)]);
    let run = [
        "--fuel",
        "--timeout",
        "--max-memory",
        "--max-table-elements",
        "--max-wasm-stack",
        "--memory-reservation",
        "--profile=guest,p.json,",
        "--profile=counts,",
    ];
    let compile = ["--threads", "--memory-reservation", "--opt"];
    let options = run.iter().map(|option| ("run", *option));
    for (command, option) in options.chain(compile.iter().map(|option| ("compile", *option))) {
        for value in ABSURD {
            let whole = if option.ends_with(',') {
                format!("{option}{value}")
            } else {
                format!("{option}={value}")
            };
            let (code, stderr) = workspace.run(&[command, &whole, "p.wat"]);
            assert!(
                matches!(code, Some(0 | 1 | 2 | 134)) && !stderr.contains("panicked"),
                "{command} {whole}: {code:?}: {stderr}"
            );
            // A refusal names its option.
            let name = option.split(['=', ',']).next().unwrap_or_default();
            assert!(code == Some(0) || stderr.contains(name), "{command} {whole}: {stderr}");
        }
    }
}

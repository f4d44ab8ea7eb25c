//! Profilers and debuggers show Wasm functions by their names, whether they were compiled just in
//! time or ahead of time.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wasm-runtime");

/// `run` has its name from its export. The function between has no name.
const FIBONACCI: &str = r#"(module $numbers
    (func $wasm_fibonacci (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add
                (call $wasm_fibonacci (i32.sub (local.get 0) (i32.const 1)))
                (call $wasm_fibonacci (i32.sub (local.get 0) (i32.const 2)))))))
    (func (param i32) (result i32)
        (i32.add (i32.const 1) (call $wasm_fibonacci (local.get 0))))
    (func (export "wasm_run") (param i32) (result i32)
        (i32.add (i32.const 1) (call 1 (local.get 0)))))"#;

const NAMES: [&str; 3] = ["wasm_fibonacci", "wasm-function[1]", "wasm_run"];

/// A directory with the module as text and as an artifact. That has all functions: those that are
/// called are not put in place of their calls.
fn workspace() -> TempDir {
    let workspace = TempDir::new().expect("a temporary directory");
    fs::write(workspace.path().join("numbers.wat"), FIBONACCI).expect("a file");
    let mut compile = Command::new(PROGRAM);
    compile
        .args(["compile", "--optimize", "none", "numbers.wat", "-o", "numbers.cwasm"])
        .current_dir(workspace.path());
    let output = compile.output().expect("the program under test can be started");
    assert!(output.status.success(), "{}", text(&output));
    workspace
}

const FILES: [&str; 2] = ["numbers.wat", "numbers.cwasm"];

/// Runs the program with an option, and returns its process id with its output.
fn run(place: &Path, file: &str, names: &[&str], variables: &[(&str, &Path)]) -> (u32, Output) {
    let mut command = Command::new(PROGRAM);
    command.arg("run").args(names.iter().flat_map(|tool| ["--profile-names", tool]));
    command.args(["--invoke", "wasm_run", file, "10"]).current_dir(place);
    command.env("XDG_CACHE_HOME", place.join(".cache"));
    command.env_remove("JITDUMPDIR").envs(variables.iter().copied());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.expect("the program under test can be started");
    let process = child.id();
    (process, child.wait_with_output().expect("output"))
}

/// Everything that a program wrote.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn perf_map(process: u32) -> PathBuf {
    PathBuf::from(format!("/tmp/perf-{process}.map"))
}

#[test]
fn perf_maps_are_written() {
    let workspace = workspace();
    for file in FILES {
        let (process, output) = run(workspace.path(), file, &["perf-map"], &[]);
        assert_eq!(text(&output), "57\n");
        let map = fs::read_to_string(perf_map(process)).expect("a perf map");
        fs::remove_file(perf_map(process)).expect("a file that can be removed");
        let names: Vec<_> = map.lines().map(|line| line.splitn(3, ' ').last().unwrap()).collect();
        assert_eq!(names, NAMES, "{file}");
    }
    let (process, output) = run(workspace.path(), FILES[0], &[], &[]);
    assert_eq!(text(&output), "57\n");
    assert!(!perf_map(process).exists());
}

#[test]
fn jitdump_files_are_written() {
    let workspace = workspace();
    let elsewhere = TempDir::new().expect("a temporary directory");
    let variables: [&[_]; 2] = [&[], &[("JITDUMPDIR", elsewhere.path())]];
    for (variables, directory) in variables.into_iter().zip([&workspace, &elsewhere]) {
        for file in FILES {
            let (process, output) = run(workspace.path(), file, &["jitdump"], variables);
            assert_eq!(text(&output), "57\n");
            let dump = directory.path().join(format!("jit-{process}.dump"));
            let dump = fs::read(dump).expect("a jitdump file");
            assert_eq!(dump[..4], u32::to_ne_bytes(0x4a69_5444));
            for name in NAMES.into_iter().chain(["numbers.wasm"]) {
                let name = format!("\0{name}\0");
                let found = dump.windows(name.len()).any(|bytes| bytes == name.as_bytes());
                assert!(found, "{file}: {name}");
            }
        }
    }
}

#[test]
fn what_cannot_be_written_is_an_error() {
    let workspace = workspace();
    let nowhere = Path::new("/nonexistent");
    let (_, output) = run(workspace.path(), FILES[1], &["jitdump"], &[("JITDUMPDIR", nowhere)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("/nonexistent/jit-"), "{}", text(&output));
    let (_, output) = run(workspace.path(), FILES[1], &["jitdump", "perf-map"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("--profile-names"), "{}", text(&output));
}

/// Whether a tool is installed. Prints a line if it is not.
fn is_installed(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        eprintln!("left out: {tool} is not installed");
    }
    found
}

#[test]
fn gdb_stops_in_functions_and_shows_them() {
    if !is_installed("gdb") {
        return;
    }
    let workspace = workspace();
    for file in FILES {
        let mut gdb = Command::new("gdb");
        gdb.args(["-batch", "-nx", "-ex", "set breakpoint pending on"]);
        // A debugger does not know the value of the parameter, so this stops at the third call.
        for command in ["break wasm_fibonacci", "ignore 1 2", "run", "backtrace", "info symbol $pc"]
        {
            gdb.args(["-ex", command]);
        }
        gdb.env("XDG_CACHE_HOME", workspace.path().join(".cache"));
        gdb.args(["-ex", "disassemble wasm_run", "--args", PROGRAM, "run"]);
        if file == FILES[0] {
            gdb.args(["--optimize", "none"]);
        }
        gdb.args(["--profile-names", "gdb", "--invoke", "wasm_run", file, "10"]);
        // No queries to a server for debugging information.
        let output = gdb.current_dir(workspace.path()).env_remove("DEBUGINFOD_URLS").output();
        let said = text(&output.expect("gdb can be started"));
        let frames: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.split(" in ").last().unwrap().split(' ').next().unwrap())
            .take(5)
            .collect();
        let fibonacci = NAMES[0];
        let expected = [fibonacci, fibonacci, fibonacci, NAMES[1], NAMES[2]];
        assert_eq!(frames, expected, "{file}:\n{said}");
        // The callers of Wasm come after that.
        assert!(said.contains(" in main ()"), "{file}:\n{said}");
        assert!(said.contains("in section .text of"), "{file}:\n{said}");
        assert!(said.contains("Dump of assembler code for function wasm_run"), "{file}:\n{said}");
    }
}

#[test]
fn perf_reports_functions() {
    if !is_installed("perf") {
        return;
    }
    let workspace = workspace();
    // The options of `perf record`, the module, and what the profiler is given: an artifact's own
    // symbols are enough.
    let cases: [(&[&str], &str, &[&str]); 3] = [
        (&[], FILES[1], &[]),
        (&[], FILES[0], &["--profile-names", "perf-map"]),
        (&["-k", "mono"], FILES[0], &["--profile-names", "jitdump"]),
    ];
    let perf = |arguments: &[&str]| {
        let mut perf = Command::new("perf");
        // The directory where it keeps what it has seen.
        perf.args(arguments).current_dir(workspace.path()).env("HOME", workspace.path());
        perf.env_remove("JITDUMPDIR").output().expect("perf can be started")
    };
    let allowed = perf(&["record", "-o", "try.data", "true"]);
    if !allowed.status.success() {
        eprintln!("left out: this system does not allow for perf: {}", text(&allowed));
        return;
    }
    for (options, file, names) in cases {
        let run = [PROGRAM, "run"];
        let call = ["--invoke", "wasm_run", file, "32"];
        let record = perf(&[&["record", "-o", "data"], options, &run, names, &call].concat());
        assert!(record.status.success(), "{}", text(&record));
        let mut data = "data";
        if names.contains(&"jitdump") {
            let inject = perf(&["inject", "--jit", "-f", "-i", "data", "-o", "data.jit"]);
            assert!(inject.status.success(), "{}", text(&inject));
            data = "data.jit";
        }
        let report = perf(&["report", "-f", "--stdio", "--sort", "symbol", "-i", data]);
        assert!(text(&report).contains(NAMES[0]), "{file} {names:?}: {}", text(&report));
    }
}

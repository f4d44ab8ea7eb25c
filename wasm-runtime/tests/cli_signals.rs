//! Ctrl-C and SIGTERM while a program runs, from the outside. The collected data is written, and
//! the signal ends the process.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use tempfile::TempDir;

const SIGINT: i32 = 2;
const SIGTERM: i32 = 15;

/// Writes a byte, then runs for ever.
const SPINS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00\n")
    (func $main (export "_start") (call $ready) (call $spin))
    (func $ready (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func $spin (loop $next (br $next)))
    (func $never))"#;

/// Writes a byte, then waits for one that never arrives.
const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00\n")
    (func $main (export "_start") (call $ready) (call $spin))
    (func $ready (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func $spin (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16))))
    (func $never))"#;

struct Workspace {
    directory: TempDir,
}

impl Workspace {
    fn with(contents: &str) -> Self {
        let workspace = Self { directory: TempDir::new().unwrap() };
        fs::write(workspace.path("program.wat"), contents).unwrap();
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Starts the program, and waits until it has begun.
    fn start(&self, options: &[&str]) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        // Tests that run in the background ignore Ctrl-C, and so would all that they start.
        // SAFETY: this function may be called between a fork and what follows it.
        unsafe {
            command.pre_exec(|| {
                libc::signal(SIGINT, libc::SIG_DFL);
                Ok(())
            });
        }
        command.arg("run").args(options).arg("program.wat").current_dir(self.directory.path());
        command.env("XDG_CACHE_HOME", self.path(".cache"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut byte = [0];
        child.stdout.as_mut().unwrap().read_exact(&mut byte).expect("the program begins");
        Running { _stdin: child.stdin.take(), child }
    }
}

struct Running {
    child: Child,
    /// Kept open, since waiting for the child would close it.
    _stdin: Option<ChildStdin>,
}

impl Running {
    fn send(&self, signal: i32) {
        let (signal, process) = (format!("-{signal}"), self.child.id().to_string());
        assert!(Command::new("kill").args([signal, process]).status().unwrap().success());
    }

    /// Waits for the end, which the signal must cause. Returns what was written to standard error.
    fn ends_by(mut self, signal: i32) -> String {
        let status = self.child.wait().unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(status.signal(), Some(signal), "{status}: {stderr}");
        stderr
    }
}

#[test]
fn what_was_gathered_is_written() {
    for program in [SPINS, WAITS] {
        for signal in [SIGINT, SIGTERM] {
            let workspace = Workspace::with(program);
            let running = workspace.start(&["--profile=counts,counts.txt", "--coverage=c.info"]);
            running.send(signal);
            let stderr = running.ends_by(signal);
            let name = if signal == SIGINT { "Ctrl-C" } else { "SIGTERM" };
            assert!(stderr.contains(&format!("note: {name} ends the program")), "{stderr}");
            let covered = workspace.read("c.info");
            for line in ["FNDA:1,main\n", "FNDA:1,ready\n", "FNDA:0,never\n"] {
                assert!(covered.contains(line), "{covered}");
            }
            // Calls that have not ended are counted up to then.
            let counts = workspace.read("counts.txt");
            let main =
                counts.lines().find(|line| line.ends_with(" main")).expect("a line for main");
            assert!(!main.contains(" 0.000 "), "{counts}");
            assert!(!counts.contains("never"), "{counts}");
        }
    }
}

#[test]
fn samples_are_written() {
    let workspace = Workspace::with(SPINS);
    let running = workspace.start(&["--profile=folded,p.folded,1ms", "--trace-calls=spin"]);
    running.send(SIGTERM);
    let stderr = running.ends_by(SIGTERM);
    assert!(stderr.contains("samples are in `p.folded`"), "{stderr}");
    for line in workspace.read("p.folded").lines() {
        assert!(line.starts_with("main"), "{line}");
    }
    let workspace = Workspace::with(WAITS);
    let running = workspace.start(&["--profile=guest,p.json,1ms"]);
    running.send(SIGINT);
    running.ends_by(SIGINT);
    assert!(workspace.read("p.json").starts_with("{\"meta\""));
}

/// A second signal does not wait for a report that can't be written.
#[test]
fn the_second_one_ends_it_at_once() {
    for (first, second) in [(SIGINT, SIGINT), (SIGTERM, SIGTERM), (SIGINT, SIGTERM)] {
        let workspace = Workspace::with(SPINS);
        // Nobody reads from it, so opening it does not return.
        let pipe = workspace.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut running = workspace.start(&["--coverage=pipe"]);
        running.send(first);
        let mut lines = BufReader::new(running.child.stderr.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.contains("ends the program"), "{line}");
        running.send(second);
        assert_eq!(running.child.wait().unwrap().signal(), Some(second));
    }
}

/// If nothing has to be written, the system ends the program like any other.
#[test]
fn without_observers_the_signal_does_what_it_does() {
    for program in [SPINS, WAITS] {
        for options in [&[][..], &["--trace-calls=ready"]] {
            let running = Workspace::with(program).start(options);
            running.send(SIGINT);
            let stderr = running.ends_by(SIGINT);
            assert!(!stderr.contains("ends the program"), "{stderr}");
        }
    }
}

/// Shells set Ctrl-C to be ignored for programs in the background.
#[test]
fn a_signal_that_is_to_be_ignored_is() {
    let workspace = Workspace::with(SPINS);
    let program = env!("CARGO_BIN_EXE_wasm-runtime");
    let line = "trap '' INT; exec \"$0\" run --coverage=c.info program.wat";
    let mut command = Command::new("sh");
    command.args(["-c", line, program]).current_dir(workspace.directory.path());
    command.env("XDG_CACHE_HOME", workspace.path(".cache"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running { child: command.spawn().unwrap(), _stdin: None };
    running.child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    running.send(SIGINT);
    running.send(SIGTERM);
    let stderr = running.ends_by(SIGTERM);
    assert!(stderr.contains("SIGTERM ends the program"), "{stderr}");
    assert!(workspace.read("c.info").contains("FNDA:1,main\n"));
}

//! The program `wasm-runtime`, from the outside, and a directory to run it in.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory with files, in which the program is run.
pub(crate) struct Workspace {
    directory: TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    pub(crate) fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), contents).expect("a file in a temporary directory");
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The program with these arguments, ready to start.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(self.directory.path());
        // The cache of whoever runs the tests is not used.
        command.env("XDG_CACHE_HOME", self.path(".cache"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Finished {
        let output = self.command(args).output().expect("the program under test can be started");
        Finished { args: args.join(" "), output }
    }

    /// Runs the program with this standard input.
    pub(crate) fn feed(&self, input: impl AsRef<[u8]>, args: &[&str]) -> Finished {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program under test can be started");
        // It need not read all of it.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_ref());
        let output = child.wait_with_output().expect("a child that can be waited for");
        Finished { args: args.join(" "), output }
    }
}

/// The outcome of a run.
pub(crate) struct Finished {
    pub(crate) args: String,
    pub(crate) output: Output,
}

impl Finished {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Self {
        assert_eq!(
            self.output.status.code(),
            Some(code),
            "`{}` wrote {} and, to standard error, {}",
            self.args,
            self.stdout(),
            self.stderr()
        );
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout().contains(text), "`{}` wrote {}", self.args, self.stdout());
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(
            self.stderr().contains(text),
            "`{}` wrote to standard error: {}",
            self.args,
            self.stderr()
        );
        self
    }
}

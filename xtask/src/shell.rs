//! Runs command lines. Their output goes to the terminal, or to a file for each check.

use std::cell::RefCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

/// How many lines of a failed check's output are shown.
const SHOWN_LINES: usize = 400;

/// Runs command lines, with their output on the terminal or in a file for each check.
pub(crate) struct Shell {
    root: PathBuf,
    /// The file that the current check writes to; `None` for the terminal.
    log: Option<RefCell<PathBuf>>,
}

impl Shell {
    /// A shell that leaves the output on the terminal.
    pub(crate) fn inheriting() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().unwrap_or(root);
        Self { root, log: None }
    }

    /// A shell that keeps the output of each check in a file, and shows it if the check fails.
    pub(crate) fn logging() -> Self {
        Self { log: Some(RefCell::default()), ..Self::inheriting() }
    }

    /// The root of the repository.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of builds.
    pub(crate) fn target_dir(&self) -> PathBuf {
        match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => self.root.join(dir),
            None => self.root.join("target"),
        }
    }

    /// Starts the log of a check.
    pub(crate) fn begin(&self, check: &str) {
        if let Some(log) = &self.log {
            let directory = self.target_dir().join("xtask");
            // If the log can't be written, the first command reports it.
            let _ = fs::create_dir_all(&directory);
            let path = directory.join(format!("{check}.log"));
            let _ = fs::remove_file(&path);
            *log.borrow_mut() = path;
        }
    }

    /// Frees the disk of what only a check that has passed needed, if its output is kept in a file:
    /// so it is on a machine that runs all checks once. Those are builds of its own, which are in a
    /// directory with its name, and programs that tests were linked into.
    pub(crate) fn tidy(&self, check: &str) {
        if self.log.is_none() {
            return;
        }
        let target = self.target_dir();
        // What can't be removed is no fault of what was checked.
        let _ = fs::remove_dir_all(target.join(check));
        for entry in fs::read_dir(target.join("debug/deps")).into_iter().flatten().flatten() {
            if is_program(&entry.path()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Runs a command line. It is an error if that fails.
    pub(crate) fn run(&self, line: &str) -> Result<(), String> {
        let mut command = command(&self.root, line);
        match self.open_log()? {
            Some(mut log) => {
                use std::io::Write;
                writeln!(log, "$ {line}").map_err(|error| format!("writing the log: {error}"))?;
                let clone = log.try_clone().map_err(|error| format!("the log: {error}"))?;
                command.stdout(log).stderr(clone);
            }
            None => println!("$ {line}"),
        }
        let status = command.status().map_err(|error| format!("`{line}`: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("`{line}`: {status}")) }
    }

    /// Runs command lines of Cargo's that say nothing if all is well, two at a time. Returns the
    /// places of those that fail or say something.
    ///
    /// Cargo lets one command at a time use a directory of builds. So the second of two uses one
    /// that has the name of the check.
    pub(crate) fn run_in_pairs(&self, check: &str, lines: &[String]) -> Result<Vec<usize>, String> {
        let target = self.target_dir();
        let own = target.join(check);
        let root = self.root();
        let next = Mutex::new(lines.iter().enumerate());
        let take = || next.lock().ok()?.next();
        let failed = Mutex::new(Vec::new());
        let run_those_left = |directory: &Path| {
            while let Some((place, line)) = take() {
                let line = format!("exec 2>&1; {line} || echo 'it failed'");
                let mut command = command(root, &line);
                let output = command.env("CARGO_TARGET_DIR", directory).output();
                let said = match &output {
                    Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
                    Err(error) => error.to_string(),
                };
                if !said.trim().is_empty()
                    && let Ok(mut failed) = failed.lock()
                {
                    failed.push((place, said));
                }
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| run_those_left(&own));
            run_those_left(&target);
        });
        let mut failed = failed.into_inner().map_err(|error| error.to_string())?;
        failed.sort_unstable();
        for (place, said) in &failed {
            self.write(&format!("$ {}\n{said}", lines[*place]))?;
        }
        Ok(failed.into_iter().map(|(place, _)| place).collect())
    }

    /// Returns what a command line writes to standard output. It is an error if that fails.
    pub(crate) fn output(&self, line: &str) -> Result<String, String> {
        let mut command = command(&self.root, line);
        if let Some(log) = self.open_log()? {
            command.stderr(log);
        } else {
            command.stderr(Stdio::inherit());
        }
        let output = command.output().map_err(|error| format!("`{line}`: {error}"))?;
        if !output.status.success() {
            return Err(format!("`{line}`: {}", output.status));
        }
        String::from_utf8(output.stdout).map_err(|error| format!("`{line}`: {error}"))
    }

    /// Shows the end of the current check's log.
    pub(crate) fn show_log(&self) {
        let Some(log) = &self.log else { return };
        let Ok(text) = fs::read(&*log.borrow()) else { return };
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let hidden = lines.len().saturating_sub(SHOWN_LINES);
        if hidden > 0 {
            println!("... {hidden} lines more in {}", log.borrow().display());
        }
        lines[hidden..].iter().for_each(|line| println!("{line}"));
    }

    /// Writes to the log, or to the terminal.
    fn write(&self, text: &str) -> Result<(), String> {
        use std::io::Write;
        match self.open_log()? {
            Some(mut log) => {
                log.write_all(text.as_bytes()).map_err(|error| format!("writing the log: {error}"))
            }
            None => {
                println!("{text}");
                Ok(())
            }
        }
    }

    fn open_log(&self) -> Result<Option<File>, String> {
        let Some(log) = &self.log else { return Ok(None) };
        let path = log.borrow();
        let file = File::options().create(true).append(true).open(&*path);
        file.map(Some).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// A command line, to be run in the root of the repository.
fn command(root: &Path, line: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).current_dir(root).stdin(Stdio::null());
    // `cargo run` sets these for this program, not for the programs that it starts.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_")) {
            command.env_remove(name);
        }
    }
    command.env_remove("CARGO_MANIFEST_DIR");
    command
}

/// Whether a file among Cargo's is a program that has been linked: those have no ending.
fn is_program(path: &Path) -> bool {
    path.extension().is_none() && path.is_file()
}

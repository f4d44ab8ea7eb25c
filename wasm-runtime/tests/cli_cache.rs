//! The program `wasm-runtime` with its cache, from the outside.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Ends with the exit code 7.
const EXIT: &str = r#"(module $"ex\u{1b}it"
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") i32.const 7 call $exit))"#;

/// A home directory with a module in it.
struct Home {
    directory: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { directory: TempDir::new().unwrap() };
        fs::write(home.path("exit.wat"), EXIT).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wasm-runtime"));
        command.args(args).current_dir(self.directory.path());
        command.env("HOME", self.directory.path());
        command.env_remove("XDG_CACHE_HOME").env_remove("XDG_CONFIG_HOME");
        command
    }

    /// Returns the output of a command, which must succeed.
    #[track_caller]
    fn prints(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{args:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the module with the arguments before it. Returns what it wrote to standard error.
    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let args = [&["run"], args, &["exit.wat"]].concat();
        runs(self.command(&args).output().unwrap())
    }

    fn entries(&self) -> Vec<PathBuf> {
        let Ok(files) = fs::read_dir(self.path(".cache/wasm-runtime")) else { return Vec::new() };
        let paths = files.map(|file| file.unwrap().path());
        paths.filter(|path| path.extension().is_some()).collect()
    }
}

#[track_caller]
fn runs(output: Output) -> String {
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    stderr
}

#[test]
fn a_run_keeps_what_it_compiled() {
    let home = Home::new();
    assert_eq!(home.run(&[]), "");
    let entries = home.entries();
    assert_eq!(entries.len(), 1);
    let before = fs::metadata(&entries[0]).unwrap().modified().unwrap();
    assert_eq!(home.run(&[]), "");
    assert_eq!(home.entries(), entries);
    let after = fs::metadata(&entries[0]).unwrap().modified().unwrap();
    assert_eq!(before, after, "it was not compiled again");
    home.run(&["-O", "none"]);
    assert_eq!(home.entries().len(), 2);
    // The same without a subcommand.
    assert_eq!(runs(home.command(&["exit.wat"]).output().unwrap()), "");
    assert_eq!(home.entries().len(), 2);
}

#[test]
fn without_the_cache_nothing_is_kept() {
    let home = Home::new();
    home.run(&["--no-cache"]);
    assert!(!home.path(".cache").exists());
    // What is compiled already is not cached either.
    home.prints(&["compile", "exit.wat"]);
    runs(home.command(&["run", "exit.cwasm"]).output().unwrap());
    assert!(!home.path(".cache").exists());
}

#[test]
fn the_cache_is_listed_and_emptied() {
    let home = Home::new();
    let path = home.path(".cache/wasm-runtime");
    assert_eq!(home.prints(&["cache", "path"]), format!("{}\n", path.display()));
    assert!(home.prints(&["cache", "list"]).starts_with("0 modules"));
    assert!(home.prints(&["cache", "clear"]).starts_with("0 modules"));
    assert!(!path.exists(), "looking makes nothing");

    home.run(&[]);
    home.run(&["-O", "none"]);
    let list = home.prints(&["cache", "list"]);
    for entry in home.entries() {
        assert!(list.contains(entry.file_stem().unwrap().to_str().unwrap()), "{list}");
    }
    assert!(list.contains("kB") && list.contains(" ago"), "{list}");
    assert!(list.contains("  ex\\u{1b}it  "), "the module's name, escaped: {list}");
    assert!(list.lines().last().unwrap().starts_with("2 modules with "), "{list}");
    assert!(home.prints(&["cache", "clear"]).starts_with("2 modules with "));
    assert!(home.entries().is_empty());
    home.run(&[]);
    assert_eq!(home.entries().len(), 1);
}

#[test]
fn the_directory_can_be_said() {
    let home = Home::new();
    let command = |args: &[&str]| {
        let mut command = home.command(args);
        command.env("XDG_CACHE_HOME", home.path("elsewhere"));
        command.output().unwrap()
    };
    runs(command(&["run", "exit.wat"]));
    assert!(home.path("elsewhere/wasm-runtime/key").exists());
    assert!(!home.path(".cache").exists());

    let config = home.path(".config/wasm-runtime/cache.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let named = home.path("named");
    fs::write(&config, format!("[cache]\ndirectory = '{}'\n", named.display())).unwrap();
    home.run(&[]);
    assert!(named.join("key").exists());
    assert_eq!(home.prints(&["cache", "path"]), format!("{}\n", named.display()));

    fs::write(&config, "[cache]\ndirectory = 'relative'\n").unwrap();
    let warning = home.run(&[]);
    assert!(warning.contains("cache.toml:2: "), "{warning}");
    let output = home.command(&["cache", "list"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_damaged_entry_is_reported_and_compiled_again() {
    let home = Home::new();
    home.run(&[]);
    let [entry] = home.entries().try_into().unwrap();
    let good = fs::read(&entry).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&entry, bad).unwrap();
    let warning = home.run(&[]);
    assert!(warning.starts_with("warning: ") && warning.contains("removed"), "{warning}");
    assert_eq!(fs::read(&entry).unwrap(), good);
    assert_eq!(home.run(&[]), "");
}

#[test]
fn a_directory_that_others_may_write_to_is_reported_and_not_used() {
    let home = Home::new();
    home.run(&[]);
    let directory = home.path(".cache/wasm-runtime");
    fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
    let warning = home.run(&[]);
    assert!(warning.starts_with("warning: ") && warning.contains("chmod 700"), "{warning}");
    for action in ["list", "clear"] {
        let output = home.command(&["cache", action]).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
    }
    assert_eq!(home.entries().len(), 1);
}

#[test]
fn a_home_that_cannot_be_written_to_is_no_obstacle() {
    let home = Home::new();
    // Below a file there can be no directory, not even for the administrator.
    let mut command = home.command(&["run", "exit.wat"]);
    assert_eq!(runs(command.env("HOME", home.path("exit.wat")).output().unwrap()), "");
    let mut command = home.command(&["run", "exit.wat"]);
    assert_eq!(runs(command.env_remove("HOME").output().unwrap()), "");
    let mut command = home.command(&["cache", "path"]);
    let output = command.env_remove("HOME").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("XDG_CACHE_HOME"));
}

#[test]
fn many_runs_at_once_share_it() {
    let home = Home::new();
    for round in 0..4 {
        let start = |number: usize| {
            let level = ["none", "speed", "speed-and-size"][(number + round) % 3];
            let mut command = home.command(&["run", "-O", level, "exit.wat"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<_> = (0..9).map(start).collect();
        // The other runs continue while this one empties the cache.
        if round % 2 == 1 {
            home.prints(&["cache", "clear"]);
        }
        for child in children {
            assert_eq!(runs(child.wait_with_output().unwrap()), "");
        }
    }
    for level in ["none", "speed", "speed-and-size"] {
        assert_eq!(home.run(&["-O", level]), "");
    }
    assert_eq!(home.entries().len(), 3);
}

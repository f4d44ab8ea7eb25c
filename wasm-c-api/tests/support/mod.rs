//! The C compiler, the library, and running what is compiled.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The directory of this crate.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The directory that has the shared library, which is built with the tests.
pub(crate) fn library_directory() -> PathBuf {
    let program = env::current_exe().expect("the test knows its own file");
    let directory = program.parent().expect("a file is in a directory").to_path_buf();
    assert!(directory.join("libwasm_c_api.so").is_file(), "{} has no library", directory.display());
    directory
}

/// The C compiler; `None` if there is none, which is printed.
pub(crate) fn compiler() -> Option<&'static str> {
    let found = ["cc", "gcc", "clang"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").output().is_ok());
    if found.is_none() {
        println!("skipped: there is no C compiler (cc, gcc or clang)");
    }
    found
}

/// Headers of Wasmtime's own crate, if Cargo has it: `cargo xtask c-api-headers` fetches it.
pub(crate) fn reference_headers() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| {
        let home = env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cargo"))
    })?;
    let sources = home.join("registry/src");
    let found = std::fs::read_dir(sources).ok()?.flatten().find_map(|registry| {
        let headers = registry.path().join("wasmtime-c-api-impl-48.0.8/include");
        headers.is_dir().then_some(headers)
    });
    if found.is_none() {
        println!("skipped: no crate wasmtime-c-api-impl 48.0.8 (`cargo xtask c-api-headers`)");
    }
    found
}

/// Runs a command, which must succeed, and returns what it prints.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{stdout}{stderr}", output.status);
    stdout.into_owned()
}

//! Help with fuzzing. This is not a check: it makes what fuzzers start with, and tests of what they
//! find.

use std::path::Path;

use crate::shell::Shell;

/// An example of the fuzz crate. It shares its build with the check `fuzz-smoke`.
const EXAMPLE: &str = "cargo run --quiet --manifest-path fuzz/Cargo.toml --target-dir target \
     --no-default-features --features checks --example";

/// Writes seeds and a dictionary.
pub(crate) fn seeds(shell: &Shell) -> Result<(), String> {
    shell.run(&format!("{EXAMPLE} seeds"))
}

/// Makes a test from a file, or from a seed of the smoke run.
pub(crate) fn test(shell: &Shell, target: &str, file: &str, name: &str) -> Result<(), String> {
    // The file's path is relative to where the command was called.
    let file = match Path::new(file).canonicalize() {
        Ok(path) => path.display().to_string(),
        Err(_) if file.parse::<u64>().is_ok() => file.to_owned(),
        Err(error) => return Err(format!("{file}: {error}")),
    };
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if !plain(name) || !plain(target) || name.is_empty() {
        return Err(format!("`{name}`: a name has letters, digits and hyphens"));
    }
    shell.run(&format!("{EXAMPLE} keep -- {target} '{file}' {name}"))
}

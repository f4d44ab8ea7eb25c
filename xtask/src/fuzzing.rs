//! Help with fuzzing, which is no check: what fuzzers begin with, and what becomes of what they find.

use std::path::Path;

use crate::shell::Shell;

/// An example of the fuzz crate, which shares what is built with the check `fuzz-smoke`.
const EXAMPLE: &str = "cargo run --quiet --manifest-path fuzz/Cargo.toml --target-dir target \
     --no-default-features --features checks --example";

/// Writes seeds and a dictionary.
pub(crate) fn seeds(shell: &Shell) -> Result<(), String> {
    shell.run(&format!("{EXAMPLE} seeds"))
}

/// Makes a test of a file, or of a seed of the smoke run.
pub(crate) fn test(shell: &Shell, target: &str, file: &str, name: &str) -> Result<(), String> {
    // Names of files are those of where the command was called.
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

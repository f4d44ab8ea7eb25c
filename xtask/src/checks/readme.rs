//! The README has these commands as written here, and they work.

use std::fs;

use crate::shell::Shell;

/// The command that runs the tests.
const TEST: &str = "cargo test --workspace";

/// The beginning of the command that runs a real program.
const RUN: &str = "cargo run --package wasm-runtime --features cli -- run tests/programs/";

/// Runs the tests with the README's command.
pub(crate) fn test(shell: &Shell) -> Result<(), String> {
    let command = command(shell, TEST)?;
    if command != TEST {
        return Err(format!("the README's command is `{command}`, not `{TEST}`"));
    }
    shell.run(&command)
}

/// Runs a real program with the README's command, and checks that it prints something.
pub(crate) fn run(shell: &Shell) -> Result<(), String> {
    let command = command(shell, RUN)?;
    let output = shell.output(&command)?;
    if output.trim().is_empty() {
        return Err(format!("`{command}` printed nothing"));
    }
    Ok(())
}

/// The README's line that starts with the given words.
fn command(shell: &Shell, start: &str) -> Result<String, String> {
    let path = shell.root().join("README.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with(start));
    let line = line.ok_or_else(|| format!("README.md has no line that starts with `{start}`"))?;
    Ok(line.to_owned())
}

//! The component model's own test scripts, which are not copied into the project.

use std::path::Path;

use crate::check::Outcome;
use crate::shell::Shell;

/// Where the scripts are looked for, from the root of the project.
const FOLDER: &str = "../shared/component-tests";

/// Runs the scripts, if they are beside the project.
pub(crate) fn beside(shell: &Shell) -> Result<Outcome, String> {
    if !shell.root().join(FOLDER).is_dir() {
        return Ok(Outcome::Skipped(format!(
            "there is no {FOLDER}: `cargo xtask component-suite FOLDER` runs scripts from elsewhere"
        )));
    }
    suite(shell, FOLDER)?;
    Ok(Outcome::Passed)
}

/// Runs the scripts of a folder.
pub(crate) fn suite(shell: &Shell, folder: &str) -> Result<(), String> {
    let folder = shell.root().join(Path::new(folder));
    let folder = folder.canonicalize().map_err(|error| format!("{}: {error}", folder.display()))?;
    let folder = folder.display().to_string().replace('\'', r"'\''");
    shell.run(&format!(
        "COMPONENT_SUITE='{folder}' cargo test --package wasm-tests --test components -- suite/"
    ))
}

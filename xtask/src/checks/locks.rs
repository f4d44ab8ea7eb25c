//! Lock files of all workspaces are up to date.

use crate::shell::Shell;

/// Checks that no lock file would change.
pub(crate) fn locks(shell: &Shell) -> Result<(), String> {
    let mut stale = Vec::new();
    for lock in shell.output("git ls-files Cargo.lock '*/Cargo.lock'")?.lines() {
        let update = format!(
            "cargo update --quiet --workspace --manifest-path {}",
            lock.replace("Cargo.lock", "Cargo.toml")
        );
        if shell.run(&format!("{update} --locked")).is_err() {
            stale.push(update);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "lock files do not fit their manifests, or can't be read: `{}`",
        stale.join("`, `")
    ))
}

//! Each crate can be published.

use std::fs;

use crate::manifest::CRATES;
use crate::shell::Shell;

/// Packages all crates and builds them from their packages, one upon the other.
pub(crate) fn package(shell: &Shell) -> Result<(), String> {
    let selection: String = CRATES.iter().map(|name| format!(" --package {name}")).collect();
    // Cargo takes what it once built from a package of some version to be what is in it for ever.
    shell.run(&format!("cargo clean --quiet{selection}"))?;
    shell.run(&format!("cargo package --quiet --allow-dirty{selection}"))?;
    for name in CRATES {
        let path = shell.root().join(name).join("Cargo.toml");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        if text.contains("TODO") {
            return Err(format!("{name}/Cargo.toml still has a TODO"));
        }
    }
    Ok(())
}

//! Each crate can be published.

use std::path::PathBuf;
use std::{env, fs};

use crate::manifest::CRATES;
use crate::shell::Shell;

/// Packages all crates and builds them from their packages, one upon the other.
pub(crate) fn package(shell: &Shell) -> Result<(), String> {
    let selection: String = CRATES.iter().map(|name| format!(" --package {name}")).collect();
    // Cargo takes what it once built from a package of some version to be what is in it for ever, and what it
    // once unpacked too.
    shell.run(&format!("cargo clean --quiet{selection}"))?;
    forget_unpacked()?;
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

/// Removes what Cargo has unpacked of these crates from registries on this machine, such as the one that it makes to
/// verify packages that need each other. What it needs it unpacks again.
fn forget_unpacked() -> Result<(), String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let Some(sources) = home.map(|home| home.join("registry/src")) else { return Ok(()) };
    // Nothing was unpacked yet.
    let Ok(registries) = fs::read_dir(sources) else { return Ok(()) };
    // The names of other registries begin with their host.
    let local = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b"-")
    };
    for registry in registries.flatten().map(|entry| entry.path()).filter(local) {
        for package in fs::read_dir(&registry).into_iter().flatten().flatten() {
            let name = package.file_name();
            let is_version = |rest: &str| rest.starts_with(|first: char| first.is_ascii_digit());
            let is_ours = name.to_str().is_some_and(|name| {
                let version = |krate: &str| name.strip_prefix(krate)?.strip_prefix('-');
                CRATES.iter().any(|krate| version(krate).is_some_and(is_version))
            });
            if is_ours {
                let path = package.path();
                fs::remove_dir_all(&path)
                    .map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
    }
    Ok(())
}

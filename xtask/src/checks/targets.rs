//! Compiling for targets that are not this machine.

use std::path::PathBuf;

use crate::check::Outcome;
use crate::shell::Shell;

/// What this project wants to run on one day.
const TARGETS: &[&str] =
    &["aarch64-unknown-linux-gnu", "riscv64gc-unknown-linux-gnu", "aarch64-apple-darwin"];

/// The crates that neither run code nor load it: they have to compile everywhere.
const PORTABLE: &[&str] =
    &["wasm-types", "wasm-translate", "wasm-artifact", "wasm-hooks", "wasm-rewrite"];

/// Checks these crates for these targets, as far as the targets are there.
pub(crate) fn cross(shell: &Shell) -> Result<Outcome, String> {
    let packages: String = PORTABLE.iter().map(|name| format!(" --package {name}")).collect();
    let mut missing = Vec::new();
    for target in TARGETS {
        match check_command(shell, target, "std") {
            Some(check) => shell.run(&format!("{check} --all-features{packages}"))?,
            None => missing.push(*target),
        }
    }
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Skipped(format!("not installed: `rustup target add {}`", missing.join(" "))))
}

/// The command that checks packages for a target; `None` if nothing here can. `library` is what of
/// the standard library they need.
pub(crate) fn check_command(shell: &Shell, target: &str, library: &str) -> Option<String> {
    let target = format!("--target {target}");
    let installed = |command: &str| {
        let path = shell.output(command).ok()?;
        Some(PathBuf::from(path.trim()))
    };
    let built = installed(&format!("rustc --print target-libdir {target}"));
    if built.is_some_and(|directory| directory.is_dir()) {
        return Some(format!("cargo check --quiet {target}"));
    }
    // The library of a target that is not installed can be built, if its source is there.
    for toolchain in ["", " +nightly"] {
        let version = shell.output(&format!("rustc{toolchain} --version")).unwrap_or_default();
        let root = installed(&format!("rustc{toolchain} --print sysroot"));
        let core = root.map(|root| root.join("lib/rustlib/src/rust/library/core"));
        if version.contains("nightly") && core.is_some_and(|core| core.is_dir()) {
            return Some(format!("cargo{toolchain} check --quiet -Zbuild-std={library} {target}"));
        }
    }
    None
}

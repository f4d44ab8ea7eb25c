//! Compiling for targets that are not this machine.

use std::path::PathBuf;

use crate::check::Outcome;
use crate::shell::Shell;

/// What does not run code, but the compiler. Signatures are left out: their hash brings C code, for
/// which a compiler of the target would be needed.
const PORTABLE: &str = "--package wasm-types --package wasm-artifact --package wasm-hooks \
     --package wasm-component \
     --features wasm-types/std,wasm-types/validate,wasm-hooks/dwarf,wasm-hooks/tracing";

/// The compiler and what rewrites modules: large, and without a word about the machine that they
/// run on, so that they are checked for one target only.
const COMPILER: &str = " --package wasm-translate --package wasm-rewrite \
     --package wasm-component-translate \
     --features wasm-translate/exact-extensions,wasm-translate/native,wasm-translate/parallel";

/// Targets, and what is checked for each besides [`PORTABLE`].
const TARGETS: &[(&str, &str)] = &[
    ("aarch64-unknown-linux-gnu", ""),
    ("riscv64gc-unknown-linux-gnu", ""),
    ("aarch64-apple-darwin", COMPILER),
];

/// Checks these crates for the targets that are installed.
pub(crate) fn cross(shell: &Shell) -> Result<Outcome, String> {
    let mut missing = Vec::new();
    for (target, more) in TARGETS {
        let Some(check) = check_command(shell, target, "std") else {
            missing.push(*target);
            continue;
        };
        shell.run(&format!("{check} {PORTABLE}{more}"))?;
    }
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Skipped(format!("not installed: `rustup target add {}`", missing.join(" "))))
}

/// The command that checks packages for a target; `None` if nothing here can. `library` is the part
/// of the standard library that they need.
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
    // The library of a target that is not installed can be built if its source is installed.
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

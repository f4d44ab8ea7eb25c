//! Crates that claim to need no standard library build for a target that has none.

use std::fs;
use std::path::{Path, PathBuf};

use crate::check::Outcome;
use crate::checks::targets::check_command;
use crate::manifest::CRATES;
use crate::shell::Shell;

/// A target without an operating system, 64-bit atomics and 64-bit addresses.
const TARGET: &str = "thumbv7em-none-eabihf";

/// What is built besides each of the crates with no features: features that need no standard
/// library either.
const FEATURES: &[(&str, &str)] = &[
    ("wasm-types", "validate"),
    ("wasm-artifact", "write,inspect"),
    ("wasm-artifact", "sign"),
    ("wasm-component", "write"),
];

/// Builds the crates if the target is installed or can be. What can be seen in the source is
/// checked everywhere.
pub(crate) fn no_std(shell: &Shell) -> Result<Outcome, String> {
    let crates: Vec<&str> = CRATES.iter().copied().filter(|name| claims(shell, name)).collect();
    if crates.is_empty() {
        return Err("no crate has `#![no_std]` in its lib.rs any more: take the check out".into());
    }
    for name in &crates {
        let mut files = Vec::new();
        sources(&shell.root().join(name).join("src"), &mut files)?;
        for file in files {
            let text = read(&file)?;
            if let Some(number) = text.lines().position(is_not_portable) {
                return Err(format!(
                    "{}:{}: 64-bit atomics are not on all targets: take 32 bits, or those of a pointer",
                    file.display(),
                    number + 1
                ));
            }
        }
    }
    let Some(cargo) = check_command(shell, TARGET, "core,alloc") else {
        return Ok(Outcome::Skipped(format!(
            "{} are not built for {TARGET}: neither `rustup target add {TARGET}` nor, for nightly, \
             `rustup component add rust-src` has been done",
            crates.join(", ")
        )));
    };
    for name in &crates {
        shell.run(&format!("{cargo} --package {name} --no-default-features"))?;
        for (_, features) in FEATURES.iter().filter(|(with, _)| with == name) {
            let more = format!("--no-default-features --features {features}");
            shell.run(&format!("{cargo} --package {name} {more}"))?;
        }
    }
    Ok(Outcome::Passed)
}

fn claims(shell: &Shell, name: &str) -> bool {
    let lib = read(&shell.root().join(name).join("src/lib.rs"));
    lib.is_ok_and(|lib| lib.lines().any(|line| line == "#![no_std]"))
}

fn is_not_portable(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["AtomicU64", "AtomicI64"].iter().any(|name| code.contains(name))
}

fn sources(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let about = |error: std::io::Error| format!("{}: {error}", directory.display());
    for entry in fs::read_dir(directory).map_err(about)? {
        let path = entry.map_err(about)?.path();
        if path.is_dir() {
            sources(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_some_targets_lack_is_seen_in_code_alone() {
        assert!(is_not_portable("use core::sync::atomic::{AtomicU64, Ordering};"));
        assert!(is_not_portable("    seen: AtomicI64, // how often"));
        assert!(!is_not_portable("    // not an AtomicU64, which some targets lack"));
        assert!(!is_not_portable("I64AtomicRmwAdd"));
    }
}

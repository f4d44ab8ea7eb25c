//! Whether this host can run an artifact.

use std::env::consts;

use wasm_artifact::Artifact;
use wasm_types::WasmFeatures;
use wasm_types::abi::ABI_VERSION;

use crate::error::Error;
use crate::isa::{self, Support};
use crate::mismatch::Mismatch;
use crate::requirements::Requirements;

/// The page size of this host, in bytes.
pub fn host_page_size() -> usize {
    rustix::param::page_size()
}

/// Checks whether this host can run an artifact: the version of the run-time ABI, unknown settings
/// and proposals, the target, the extensions of the instruction set that the code uses, the page
/// size, and what the code takes for granted of memories and stacks. Loading does this by itself.
///
/// # Errors
///
/// One error that lists every mismatch, or an error that the artifact is damaged where it lists its
/// requirements.
pub fn check_host(artifact: &Artifact<'_>) -> Result<(), Error> {
    let mut mismatches = Vec::new();
    check_version(artifact, &mut mismatches);
    let same_arch = check_target(artifact, &mut mismatches);
    // Extensions of another architecture are not comparable.
    if same_arch {
        check_extensions(artifact, &mut mismatches)?;
    }
    check_memory(artifact, &mut mismatches);
    if mismatches.is_empty() {
        Ok(())
    } else {
        Err(Error::refusal(mismatches, Requirements::of(artifact)))
    }
}

fn check_version(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) {
    let abi = artifact.abi_version();
    if abi != ABI_VERSION {
        let remedy = if abi < ABI_VERSION {
            "compile the module again with this version"
        } else {
            "run it with the version that compiled it, or compile the module again"
        };
        mismatches.push(Mismatch::with_host(
            "run-time ABI",
            format!("version {abi} (made by {})", artifact.producer()),
            format!("version {ABI_VERSION}"),
            remedy,
        ));
    }
    let unknown = artifact.features().difference(WasmFeatures::all());
    if !unknown.is_empty() {
        mismatches.push(Mismatch::with_host(
            "WebAssembly proposals",
            format!("unknown ones ({:#x})", unknown.bits()),
            "none of these",
            "run it with the version that compiled it",
        ));
    }
    let unknown = artifact.unknown_settings();
    if unknown != 0 {
        mismatches.push(Mismatch::with_host(
            "settings of the code",
            format!("unknown ones ({unknown:#x})"),
            "none of these",
            "run it with the version that compiled it",
        ));
    }
}

/// Checks architecture and operating system. Returns whether the architecture is the host's.
fn check_target(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) -> bool {
    let triple = artifact.target();
    let arch = arch_of(triple);
    let same_arch = arch == consts::ARCH;
    if !same_arch {
        mismatches.push(Mismatch::with_host(
            "architecture",
            format!("{arch} (target {triple})"),
            consts::ARCH,
            remedy_for_target(consts::ARCH),
        ));
    }
    let os = os_of(triple);
    if os != consts::OS {
        mismatches.push(Mismatch::with_host(
            "operating system",
            format!("{os} (target {triple})"),
            consts::OS,
            remedy_for_target(consts::OS),
        ));
    }
    same_arch
}

fn remedy_for_target(what: &str) -> String {
    format!("compile the module for {what} (`--target`, `Config::target`)")
}

fn check_extensions(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) -> Result<(), Error> {
    for flag in artifact.extensions() {
        let flag = flag?;
        let name = flag.strip_prefix("has_").unwrap_or(flag);
        let host = match isa::support(name) {
            Support::Yes => continue,
            Support::No => "none",
            Support::Unknown => "no way to find out whether it is there",
        };
        mismatches.push(Mismatch::with_host(
            format!("instruction set extension {name}"),
            "code that uses it",
            host,
            format!(
                "compile the module again without it (`--target-feature -{name}`, \
                 `Config::target_feature(\"{name}\", false)`) or on a machine like the one that is \
                 to run it"
            ),
        ));
    }
    Ok(())
}

fn check_memory(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) {
    let page = host_page_size();
    let own_page = artifact.page_size() as usize;
    if own_page < page {
        mismatches.push(Mismatch::with_host(
            "page size",
            format!("parts aligned to {own_page} bytes"),
            format!("pages of {page} bytes"),
            format!("compile the module with a page size of {page}"),
        ));
    }
    let tunables = artifact.tunables();
    let guard = tunables.stack_guard_size;
    if !guard.is_power_of_two() || (guard as usize) < page {
        mismatches.push(Mismatch::with_host(
            "stack guard",
            format!("one of {guard} bytes"),
            format!("guards of whole pages of {page} bytes"),
            "compile the module with a larger stack guard (`Tunables::stack_guard_size`)",
        ));
    }
    // A process on common 64-bit systems has 47 bits of address space. One memory may not take more
    // than half of them. Only a damaged artifact requests that much.
    const MOST: u64 = if usize::BITS == 64 { 1 << 46 } else { 1 << 30 };
    let wanted = tunables.memory_reservation.checked_add(tunables.memory_guard_size);
    if wanted.is_none_or(|wanted| wanted > MOST) {
        mismatches.push(Mismatch::with_host(
            "address space for a memory",
            format!(
                "a reservation of {:#x} and a guard of {:#x} bytes",
                tunables.memory_reservation, tunables.memory_guard_size
            ),
            format!("at most {MOST:#x} bytes"),
            "compile the module with explicit bounds checks (`Config::memory_reservation`, smaller)",
        ));
    }
}

/// The architecture of a triple, by the name in Rust's standard library.
fn arch_of(triple: &str) -> &str {
    let arch = triple.split('-').next().unwrap_or_default();
    match arch {
        "arm64" => "aarch64",
        "x86_64h" => "x86_64",
        _ if arch.starts_with("riscv64") => "riscv64",
        _ => arch,
    }
}

/// The operating system of a triple, by the name in Rust's standard library.
fn os_of(triple: &str) -> &str {
    const NAMES: &[(&str, &str)] = &[
        ("linux", "linux"),
        ("android", "android"),
        ("darwin", "macos"),
        ("macos", "macos"),
        ("ios", "ios"),
        ("windows", "windows"),
        ("freebsd", "freebsd"),
        ("netbsd", "netbsd"),
        ("openbsd", "openbsd"),
        ("illumos", "illumos"),
    ];
    // The environment comes last and may say more: the system part of Android triples is Linux.
    let parts = triple.split('-').skip(1);
    let known = |part: &str| {
        let found = NAMES.iter().find(|(start, _)| part.starts_with(start));
        found.map(|(_, name)| *name)
    };
    parts.filter_map(known).last().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples_are_understood() {
        for (triple, arch, os) in [
            ("x86_64-unknown-linux-gnu", "x86_64", "linux"),
            ("x86_64-linux-musl", "x86_64", "linux"),
            ("aarch64-apple-darwin", "aarch64", "macos"),
            ("arm64-apple-macosx14.0", "aarch64", "macos"),
            ("aarch64-linux-android", "aarch64", "android"),
            ("riscv64gc-unknown-linux-gnu", "riscv64", "linux"),
            ("s390x-unknown-linux-gnu", "s390x", "linux"),
            ("x86_64-pc-windows-msvc", "x86_64", "windows"),
            ("x86_64-unknown-none", "x86_64", "unknown"),
            ("", "", "unknown"),
        ] {
            assert_eq!((arch_of(triple), os_of(triple)), (arch, os), "{triple}");
        }
    }
}

//! Whether this host can run an artifact.

use std::env::consts;

use wasm_artifact::Artifact;
use wasm_types::WasmFeatures;
use wasm_types::abi::ABI_VERSION;

use crate::error::{Error, Mismatch};
use crate::isa::{self, Support};

/// The page size of this host, in bytes.
pub fn host_page_size() -> usize {
    rustix::param::page_size()
}

/// Checks whether this host can run an artifact: the version of the run-time ABI, the target, the
/// extensions of the instruction set, the page size, and what the code takes for granted of
/// memories and stacks. Loading does this by itself.
///
/// # Errors
///
/// One error that lists every mismatch.
pub fn check_host(artifact: &Artifact<'_>) -> Result<(), Error> {
    let mut mismatches = Vec::new();
    check_version(artifact, &mut mismatches);
    let same_arch = check_target(artifact, &mut mismatches);
    // Extensions of another architecture say nothing.
    if same_arch {
        check_extensions(artifact, &mut mismatches);
    }
    check_memory(artifact, &mut mismatches);
    if mismatches.is_empty() { Ok(()) } else { Err(Error::from_mismatches(mismatches)) }
}

fn check_version(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) {
    let abi = artifact.abi_version();
    if abi != ABI_VERSION {
        mismatches.push(Mismatch {
            what: "run-time ABI".into(),
            artifact: format!("version {abi} (made by {})", artifact.producer()),
            host: format!("version {ABI_VERSION}"),
            remedy: if abi < ABI_VERSION {
                "compile the module again with this version".into()
            } else {
                "run it with the version that compiled it, or compile the module again".into()
            },
        });
    }
    let unknown = artifact.features().difference(WasmFeatures::all());
    if !unknown.is_empty() {
        mismatches.push(Mismatch {
            what: "WebAssembly proposals".into(),
            artifact: format!("unknown ones ({:#x})", unknown.bits()),
            host: "none of these".into(),
            remedy: "run it with the version that compiled it".into(),
        });
    }
}

/// Checks architecture and operating system; says whether the architecture is the host's.
fn check_target(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) -> bool {
    let triple = artifact.target();
    let arch = arch_of(triple);
    let same_arch = arch == consts::ARCH;
    if !same_arch {
        mismatches.push(Mismatch {
            what: "architecture".into(),
            artifact: format!("{arch} (target {triple})"),
            host: consts::ARCH.into(),
            remedy: format!("compile the module for {}", consts::ARCH).into(),
        });
    }
    let os = os_of(triple);
    if os != consts::OS {
        mismatches.push(Mismatch {
            what: "operating system".into(),
            artifact: format!("{os} (target {triple})"),
            host: consts::OS.into(),
            remedy: format!("compile the module for {}", consts::OS).into(),
        });
    }
    same_arch
}

fn check_extensions(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) {
    // Other settings change the code but not what it runs on.
    let wanted = artifact.isa_flags().filter(|(_, value)| *value == "true");
    for extension in wanted.filter_map(|(name, _)| name.strip_prefix("has_")) {
        let host = match isa::support(extension) {
            Support::Yes => continue,
            Support::No => "does not have it",
            Support::Unknown => "cannot be asked whether it has it",
        };
        mismatches.push(Mismatch {
            what: format!("instruction set extension {extension}").into(),
            artifact: "code that uses it".into(),
            host: host.into(),
            remedy: format!("compile the module for this machine, or without {extension}").into(),
        });
    }
}

fn check_memory(artifact: &Artifact<'_>, mismatches: &mut Vec<Mismatch>) {
    let page = host_page_size();
    let own_page = artifact.page_size() as usize;
    if own_page < page {
        mismatches.push(Mismatch {
            what: "page size".into(),
            artifact: format!("parts aligned to {own_page} bytes"),
            host: format!("pages of {page} bytes"),
            remedy: format!("compile the module with a page size of {page}").into(),
        });
    }
    let tunables = artifact.tunables();
    let guard = tunables.stack_guard_size;
    if !guard.is_power_of_two() || (guard as usize) < page {
        mismatches.push(Mismatch {
            what: "stack guard".into(),
            artifact: format!("one of {guard} bytes"),
            host: format!("guards of whole pages of {page} bytes"),
            remedy: "compile the module with a larger stack guard".into(),
        });
    }
    // A process on common 64-bit systems has 47 bits of address space; one memory may not want
    // more than half of them. Nobody but a damaged artifact does.
    const MOST: u64 = if usize::BITS == 64 { 1 << 46 } else { 1 << 30 };
    let wanted = tunables.memory_reservation.checked_add(tunables.memory_guard_size);
    if wanted.is_none_or(|wanted| wanted > MOST) {
        mismatches.push(Mismatch {
            what: "address space for a memory".into(),
            artifact: format!(
                "a reservation of {:#x} and a guard of {:#x} bytes",
                tunables.memory_reservation, tunables.memory_guard_size
            ),
            host: format!("at most {MOST:#x} bytes"),
            remedy: "compile the module with explicit bounds checks (a smaller reservation)".into(),
        });
    }
}

/// The architecture of a triple, under the name that Rust's library gives it.
fn arch_of(triple: &str) -> &str {
    let arch = triple.split('-').next().unwrap_or_default();
    match arch {
        "arm64" => "aarch64",
        "x86_64h" => "x86_64",
        _ if arch.starts_with("riscv64") => "riscv64",
        _ => arch,
    }
}

/// The operating system of a triple, under the name that Rust's library gives it.
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
    // The environment comes last and may be more telling: Android's system is said to be Linux.
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

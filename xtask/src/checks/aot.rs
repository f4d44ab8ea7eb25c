//! What only runs artifacts, a program or the library for C, has no compiler in it and is small.

use std::fs;

use crate::c_api;
use crate::linker::{self, Linking, Unwinding};
use crate::manifest;
use crate::shell::Shell;

/// Prefixes of the names of packages that must not be in such a program.
const FORBIDDEN: &[&str] = &[
    "cranelift",
    "regalloc2",
    "wasmparser",
    "wasm-translate",
    "wasm-component-translate",
    "wasm-encoder",
    "wast",
    "wat",
    "object",
    "rayon",
];

/// How many packages its tree of dependencies may have, itself included.
const MOST_PACKAGES: usize = 25;

/// How big the stripped program may be, in bytes, with these features. It had 587,584 before there
/// were objects, exceptions, shared memories and continuations; then backtraces began to show
/// inlined functions, code to count how often it runs, and programs to provide memories. Without
/// what the linker is told, it has 28 KB more.
const MOST_BYTES: &[(&str, u64)] = &[("aot-only", 627_000), ("aot-only,gc", 682_000)];

/// The combinations of features that must stay free of a compiler.
const COMBINATIONS: &[&str] = &[
    "aot-only",
    "aot-only,call-hook",
    "aot-only,component",
    "aot-only,gc",
    "aot-only,wasi",
    "aot-only,wasip2",
    "aot-only,wasi,cli",
];

/// Checks the dependencies of programs without `jit`.
pub(crate) fn tree(shell: &Shell) -> Result<(), String> {
    for features in COMBINATIONS {
        let selection =
            format!("--package wasm-runtime --no-default-features --features {features}");
        let packages = manifest::tree(shell, &selection)?;
        let found: Vec<&str> = packages
            .iter()
            .map(String::as_str)
            .filter(|package| {
                let name = package.split_whitespace().next().unwrap_or_default();
                FORBIDDEN.iter().any(|forbidden| name.starts_with(forbidden))
            })
            .collect();
        if !found.is_empty() {
            return Err(format!(
                "with features {features}, wasm-runtime depends on {}; `cargo tree {selection} \
                 --invert PACKAGE` says through what",
                found.join(", ")
            ));
        }
        println!("      {features}: {} packages", packages.len());
        if *features == "aot-only" && packages.len() > MOST_PACKAGES {
            return Err(format!(
                "with features {features}, wasm-runtime's tree has {} packages, more than \
                 {MOST_PACKAGES}: {}",
                packages.len(),
                packages.join(", ")
            ));
        }
    }
    Ok(())
}

/// Checks the sizes of runners of artifacts, and that the smallest runs one.
pub(crate) fn size(shell: &Shell) -> Result<(), String> {
    let program = shell.target_dir().join("small/examples/aot_run");
    let Linking { flags, more } = linker::linking(shell, Unwinding::Possible)?;
    for (features, most) in MOST_BYTES.iter().rev() {
        let most = most + more;
        shell.run(&format!(
            "cargo rustc --quiet --package wasm-runtime --example aot_run --profile small \
             --no-default-features --features {features} -- {flags}"
        ))?;
        let size =
            fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?;
        println!("      aot_run with {features}: {} bytes, stripped", size.len());
        if size.len() > most {
            return Err(format!(
                "the runner with {features} has {} bytes, more than {most}: {}",
                size.len(),
                program.display()
            ));
        }
    }
    // The runner gets what it is for: an artifact from the command line, of a module that imports
    // nothing.
    let artifact = shell.target_dir().join("xtask/add.cwasm");
    let artifact = artifact.display();
    shell.run(&format!(
        "mkdir -p \"$(dirname '{artifact}')\" && cargo run --quiet --package wasm-runtime --features cli -- compile \
         wasm-runtime/examples/add.wat -o '{artifact}'"
    ))?;
    let sum = shell.output(&format!("'{}' '{artifact}' add 40 2", program.display()))?;
    if sum.trim() != "42" {
        return Err(format!("the runner says that 40 + 2 is {:?}", sum.trim()));
    }
    c_api::without_compiler(shell, &format!("'{artifact}'"))
}

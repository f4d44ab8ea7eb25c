//! Checks the layer table of ARCHITECTURE.md, the rooms of wasm-store, and that each crate has the
//! required files.

use std::fs;

use crate::checks::rooms;
use crate::manifest::{self, CRATES};
use crate::shell::Shell;

/// A crate's layer: which crates of this project its normal dependencies may be, with all its
/// features, and which packages must not be anywhere below it.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    /// Prefixes of the names of packages.
    must_not_know: &'static [&'static str],
    unsafe_code: Unsafe,
}

#[derive(PartialEq)]
enum Unsafe {
    Forbidden,
    /// Denied in the crate, and allowed in single files.
    PerFile,
}

const COMPILER: &str = "cranelift";
const VALIDATOR: &str = "wasmparser";

const LAYERS: &[Layer] = &[
    Layer {
        name: "wasm-types",
        may_use: &[],
        must_not_know: &[COMPILER, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-translate",
        may_use: &["wasm-types"],
        must_not_know: &["object", "rustix"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-artifact",
        may_use: &["wasm-types"],
        must_not_know: &[COMPILER, VALIDATOR, "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-hooks",
        may_use: &["wasm-types"],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-dwarf",
        may_use: &[],
        must_not_know: &[COMPILER, VALIDATOR, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-rewrite",
        may_use: &["wasm-types"],
        must_not_know: &[COMPILER, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-component",
        may_use: &["wasm-types"],
        must_not_know: &[COMPILER, VALIDATOR, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-component-translate",
        may_use: &["wasm-types", "wasm-component"],
        must_not_know: &[COMPILER, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-component-macro",
        may_use: &[],
        must_not_know: &[COMPILER, "object", "rustix", "libc"],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-loader",
        may_use: &["wasm-types", "wasm-artifact", "wasm-dwarf"],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::PerFile,
    },
    Layer {
        name: "wasm-cache",
        may_use: &["wasm-types", "wasm-artifact", "wasm-loader"],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::PerFile,
    },
    Layer {
        name: "wasm-store",
        may_use: &[
            "wasm-types",
            "wasm-artifact",
            "wasm-dwarf",
            "wasm-loader",
            "wasm-cache",
            "wasm-hooks",
        ],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::PerFile,
    },
    Layer {
        name: "wasm-component-run",
        may_use: &["wasm-types", "wasm-component", "wasm-component-macro", "wasm-store"],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::PerFile,
    },
    Layer {
        name: "wasm-wasi",
        may_use: &["wasm-component-run", "wasm-store"],
        must_not_know: &[COMPILER, VALIDATOR],
        unsafe_code: Unsafe::Forbidden,
    },
    Layer {
        name: "wasm-runtime",
        may_use: CRATES,
        must_not_know: &[],
        unsafe_code: Unsafe::PerFile,
    },
    Layer {
        name: "wasm-c-api",
        may_use: &["wasm-runtime"],
        must_not_know: &[],
        unsafe_code: Unsafe::PerFile,
    },
];

/// Checks the table. Everything that is wrong is reported at once.
pub(crate) fn layers(shell: &Shell) -> Result<(), String> {
    let mut wrong = Vec::new();
    for layer in LAYERS {
        dependencies(shell, layer, &mut wrong)?;
        files(shell, layer, &mut wrong)?;
    }
    rooms::rooms(shell, &mut wrong)?;
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn dependencies(shell: &Shell, layer: &Layer, wrong: &mut Vec<String>) -> Result<(), String> {
    let name = layer.name;
    let direct = manifest::tree(shell, &format!("--package {name} --all-features --depth 1"))?;
    for used in direct.iter().filter_map(|package| package.split_whitespace().next()) {
        if used != name && CRATES.contains(&used) && !layer.may_use.contains(&used) {
            wrong.push(format!("{name} depends on {used}, which its layer may not"));
        }
    }
    for package in manifest::tree(shell, &format!("--package {name} --all-features"))? {
        for unknown in layer.must_not_know {
            let found = package.split_whitespace().next().unwrap_or_default();
            if found.starts_with(unknown) {
                wrong.push(format!("{name} must not know {unknown}, but has {package} below it"));
            }
        }
    }
    Ok(())
}

fn files(shell: &Shell, layer: &Layer, wrong: &mut Vec<String>) -> Result<(), String> {
    let directory = shell.root().join(layer.name);
    for file in ["README.md", "CHANGELOG.md", "LICENSE"] {
        if !directory.join(file).is_file() {
            wrong.push(format!("{} has no {file}", layer.name));
        }
    }
    let library = directory.join("src/lib.rs");
    let text =
        fs::read_to_string(&library).map_err(|error| format!("{}: {error}", library.display()))?;
    let required = match layer.unsafe_code {
        Unsafe::Forbidden => "#![forbid(unsafe_code)]",
        Unsafe::PerFile => "#![deny(unsafe_code)]",
    };
    for line in [required, "#![cfg_attr(docsrs, feature(doc_cfg))]"] {
        if !text.contains(line) {
            wrong.push(format!("{}/src/lib.rs lacks {line}", layer.name));
        }
    }
    let manifest = directory.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    // Otherwise the published documentation would not show what a feature adds.
    if !text.contains("[package.metadata.docs.rs]\nall-features = true") {
        wrong.push(format!("{}/Cargo.toml has no [package.metadata.docs.rs]", layer.name));
    }
    Ok(())
}

//! The table of checks. To add one, add a row; CI runs what stands here, in this order.

use crate::check::{Check, Work};
use crate::checks::{aot, features, features_docs, layers, nightly, no_std, package, readme};

/// Every check, the quick ones first.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        name: "fmt",
        why: "one layout of the code, so that a change shows only what it changes",
        work: Work::Commands(&[
            "cargo fmt --all --check",
            "cargo fmt --manifest-path fuzz/Cargo.toml --check",
            "cargo fmt --manifest-path bench/Cargo.toml --check",
            "cargo fmt --manifest-path loom/Cargo.toml --check",
        ]),
    },
    Check {
        name: "layers",
        why: "a crate knows only the layers below it, and has its README, changelog and licence",
        work: Work::Function {
            what: "`cargo tree` of each crate against the layer table in xtask/src/checks/layers.rs",
            call: layers::layers,
        },
    },
    Check {
        name: "features-docs",
        why: "what features add is said once, in the comments of Cargo.toml",
        work: Work::Function {
            what: "the lists in each README and lib.rs against the manifests; `cargo xtask features-docs --write` \
                   makes them anew",
            call: features_docs::check,
        },
    },
    Check {
        name: "aot-tree",
        why: "a program that only runs artifacts has no compiler in it, and few crates",
        work: Work::Function {
            what: "`cargo tree` of wasm-runtime without `jit`: no compiler, at most 25 packages",
            call: aot::tree,
        },
    },
    Check {
        name: "clippy",
        why: "no warnings, in tests and examples too",
        work: Work::Commands(&[
            "cargo clippy --workspace --all-targets -- --deny warnings",
            "cargo clippy --workspace --all-targets --all-features -- --deny warnings",
        ]),
    },
    Check {
        name: "docs",
        why: "no broken links, nothing public without documentation",
        work: Work::Commands(&[
            "RUSTDOCFLAGS='--deny warnings' cargo doc --workspace --no-deps --all-features",
        ]),
    },
    Check {
        name: "features",
        why: "features are additive: every sensible combination builds",
        work: Work::Function {
            what: "`cargo clippy` of each crate with none, each, all, and the usual combinations of its \
                   features",
            call: features::combinations,
        },
    },
    Check {
        name: "no-std",
        why: "crates that claim to do without the standard library do, on a target with less than most",
        work: Work::Optional {
            what: "`cargo check` of each crate with `#![no_std]` for thumbv7em-none-eabihf, by that target or by nightly \
                   Rust with its sources",
            call: no_std::no_std,
        },
    },
    Check {
        name: "test",
        why: "the tests, by the README's command",
        work: Work::Function { what: "cargo test --workspace", call: readme::test },
    },
    Check {
        name: "readme-run",
        why: "the README's other command runs a real program",
        work: Work::Function {
            what: "the line of README.md that starts with `cargo run`",
            call: readme::run,
        },
    },
    Check {
        name: "aot-test",
        why: "without a compiler, Wasm bytes are refused with the name of the feature that is missing",
        work: Work::Commands(&[
            "cargo test --package wasm-runtime --no-default-features --features aot-only --tests",
        ]),
    },
    Check {
        name: "aot-size",
        why: "a runner of artifacts stays below 620 KB, and runs one",
        work: Work::Function {
            what: "builds the example aot_run with the profile `small`, measures and runs it",
            call: aot::size,
        },
    },
    Check {
        name: "fuzz-smoke",
        why: "the fuzz targets build, and survive a short run",
        work: Work::Commands(&[
            // In the project's own directory, so that the crates of the compiler are not built again.
            "cargo test --manifest-path fuzz/Cargo.toml --target-dir target --no-default-features --features checks",
        ]),
    },
    Check {
        name: "loom",
        why: "what threads share is right in every order in which they can take their turns",
        work: Work::Commands(&["cargo run --manifest-path loom/Cargo.toml --target-dir target"]),
    },
    Check {
        name: "asan",
        why: "the store neither reads nor writes what it has freed, or past what it has",
        work: Work::Optional {
            what: "the store's tests under AddressSanitizer, by nightly Rust; with its sources, the \
                   standard library too",
            call: nightly::asan,
        },
    },
    Check {
        name: "miri",
        why: "no undefined behaviour in what has no machine code",
        work: Work::Optional {
            what: "tests of wasm-types, wasm-artifact and wasm-wasi's view of memories, by Miri of nightly Rust",
            call: nightly::miri,
        },
    },
    Check {
        name: "package",
        why: "each crate can be published, and builds from its package",
        work: Work::Function {
            what: "cargo package of all crates, with verification",
            call: package::package,
        },
    },
];

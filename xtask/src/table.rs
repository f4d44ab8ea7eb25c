//! The table of checks. To add one, add a row. CI runs these rows in this order.

use crate::c_api;
use crate::check::{Check, Work};
use crate::checks::{
    aot, components, features, features_docs, layers, locks, names, nightly, no_std, package,
    paths, readme, targets, tools, widths,
};

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
        name: "locks",
        why: "versions of dependencies are those that the checks ran with: each lock file fits its manifests",
        work: Work::Function {
            what: "`cargo update --workspace --locked` for each Cargo.lock",
            call: locks::locks,
        },
    },
    Check {
        name: "spelling",
        why: "no words that are spelled wrong",
        work: Work::Optional {
            what: "`typos`, with what _typos.toml allows; by the program typos",
            call: tools::spelling,
        },
    },
    Check {
        name: "deny",
        why: "dependencies come from the registry, have a licence that fits, and no known vulnerability",
        work: Work::Optional {
            what: "`cargo deny check` with deny.toml, by the program cargo-deny; advisories where their list can \
                   be fetched",
            call: tools::deny,
        },
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
        name: "names",
        why: "nobody is sent to crates of other people that have the same names",
        work: Work::Function {
            what: "a search for lines that install or depend on these crates by name alone",
            call: names::names,
        },
    },
    Check {
        name: "paths",
        why: "texts and comments name files that exist",
        work: Work::Function {
            what: "a search for source files and folders that are named and not there",
            call: paths::paths,
        },
    },
    Check {
        name: "widths",
        why: "texts and comments can be read side by side with others",
        work: Work::Function {
            what: "a search for lines of more than 100 columns in texts and comments",
            call: widths::widths,
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
            what: "`cargo check` of each crate with none, each, all, and the usual combinations of its features: no \
                   warnings",
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
        name: "cross",
        why: "what does not run code compiles for other machines and systems",
        work: Work::Optional {
            what: "`cargo check` of what does not run code, for Linux on aarch64 and riscv64, and for macOS on \
                   aarch64, by these targets",
            call: targets::cross,
        },
    },
    Check {
        name: "oldest",
        why: "the oldest compiler that the manifests promise compiles everything",
        work: Work::Optional {
            what: "`cargo check --workspace` by the compiler that `rust-version` names",
            call: tools::oldest,
        },
    },
    Check {
        name: "test",
        why: "the tests, by the README's command",
        work: Work::Function { what: "cargo test --workspace", call: readme::test },
    },
    Check {
        name: "component-suite",
        why: "the component model's own test scripts hold, with components on the spot and in artifacts",
        work: Work::Optional {
            what: "the scripts of ../shared/component-tests, where they are, but for `async`",
            call: components::beside,
        },
    },
    Check {
        name: "c-api-python",
        why: "bindings for Wasmtime load the C library, and their tests pass with it",
        work: Work::Optional {
            what: "the tests of the Python package wasmtime 48.0.0, by python3 and PyPI",
            call: c_api::python,
        },
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
        why: "runners of artifacts stay below 627 KB, or 682 KB with objects, the C library without a compiler \
              below 750 KB, and each runs one",
        work: Work::Function {
            what: "builds the example aot_run and libwasm_runtime_aot.so with the profile `small`, measures and \
                   runs them",
            call: aot::size,
        },
    },
    Check {
        name: "embed",
        why: "a program with an artifact in it needs the compiler to be built, and not to run",
        work: Work::Commands(&[
            "test \"$(cargo run --quiet --manifest-path wasm-runtime/examples/embed/Cargo.toml --target-dir target)\" = 42",
        ]),
    },
    Check {
        name: "fuzz-smoke",
        why: "the fuzz targets build, and survive a short run",
        work: Work::Commands(&[
            // In the project's own target directory, so that the crates of the compiler are not
            // built again.
            "cargo test --manifest-path fuzz/Cargo.toml --target-dir target --no-default-features --features checks",
        ]),
    },
    Check {
        name: "fuzz-targets",
        why: "the fuzz targets and their tools compile as fuzzers, too",
        work: Work::Commands(&[
            // The fuzzer's own C++ library is only needed for linking.
            "CUSTOM_LIBFUZZER_PATH=target/libfuzzer.a cargo check --quiet --manifest-path fuzz/Cargo.toml --target-dir \
             target --bins --examples",
        ]),
    },
    Check {
        name: "bench",
        why: "the benchmarks compile, so that they can be run at any time",
        work: Work::Commands(&[
            "cargo check --quiet --manifest-path bench/Cargo.toml --target-dir target --all-targets",
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
        name: "tsan",
        why: "threads that share a memory, or wait in it, race for nothing but its bytes",
        work: Work::Optional {
            what: "the store's tests of shared memories and interruption under ThreadSanitizer, by \
                   nightly Rust with its sources",
            call: nightly::tsan,
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
            what: "`cargo package` of all crates, and `cargo check` of what is in the packages",
            call: package::package,
        },
    },
    Check {
        name: "semver",
        why: "the version says what the difference to the last release means to users",
        work: Work::Optional {
            what: "`cargo semver-checks` of each crate that has been released, by the program cargo-semver-checks",
            call: tools::semver,
        },
    },
];

//! Refuses hosts that are not supported.
//!
//! This is not a `compile_error!` in the crate, since the compiler would go on and also report
//! everything that is missing because of it.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |what: &str, value: &str| env::var(what).is_ok_and(|found| found == value);
    // The hosts that `src/vm/arch` and `src/vm/sys` have folders for.
    if !(is("CARGO_CFG_TARGET_ARCH", "x86_64") && is("CARGO_CFG_TARGET_OS", "linux")) {
        println!(
            "cargo::error=code runs on x86-64 Linux only so far, and `wasm-store` and `wasm-runtime` \
             are built for nothing else. Modules can be compiled there for other machines \
             (`wasm-runtime compile --target`); `wasm-types`, `wasm-translate`, `wasm-artifact`, \
             `wasm-hooks`, `wasm-rewrite`, `wasm-component` and `wasm-component-translate` are built \
             everywhere"
        );
    }
}

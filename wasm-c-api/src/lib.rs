//! The C API: the functions that `wasm.h`, `wasmtime.h` and its parts, `wasi.h` and
//! `wasm_runtime.h` declare, for programs in C and for bindings to it.
//!
//! There is nothing here for Rust: use `wasm-runtime`. `cargo xtask c-api` builds and installs
//! `libwasm_runtime.so`, `libwasm_runtime.a`, the headers (in `include/`), a CMake package and a
//! file for pkg-config.
//!
//! # The border
//!
//! Each header has a file here, which turns pointers into references, calls the facade, and turns
//! results into pointers. The header is the contract: what it asks of a pointer is what each
//! `unsafe` block here counts on. Functions do not unwind: a panic in one ends the program with a
//! message, and one in a call of a guest is a trap.
//!
//! All functions of Wasmtime 48's API exist. Those that can do nothing yet are in one list
//! (`missing.rs`), and say their name.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `jit` (default): Compile WebAssembly and its text format. Without it, functions that compile
//!   return an error, and everything else works with artifacts.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod asynchronous;
mod border;
mod component;
mod config;
mod engine;
mod error;
mod extensions;
mod external;
mod frame;
mod func;
mod global;
mod handles;
mod instance;
mod linker;
mod memory;
mod missing;
mod module;
mod object;
mod pooling;
mod profiling;
mod refs;
mod sharedmemory;
mod store;
mod table;
mod tag;
mod trap;
mod types;
mod unchecked;
mod val;
mod vec;
mod wasi;
mod wasm;
mod wat;

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
//! message, and one in a call of a guest is a trap. `libwasm_runtime_aot.so` ends the program at
//! any panic.
//!
//! All functions of Wasmtime 48's API exist. Those that can do nothing yet are in one list
//! (`missing.rs`), and say their name.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `jit` (default): Compile WebAssembly and its text format, and keep what was compiled in the
//!   user's cache. Without it, functions that compile return an error that says so, and everything
//!   else works with artifacts.
//! * `gc`: Artifacts with objects of the garbage-collected heap, exceptions or continuations, and
//!   references to such objects: `wasmtime/anyref.h`, `wasmtime/exnref.h` and their kind.
//! * `async` (default): Calls that may wait: `wasmtime/async.h`.
//! * `wasi`: WASI preview 1: `wasi.h`.
//! * `component` (default): Components, and WASI 0.2 for them: `wasmtime/component.h`.
//! * `observe` (default): What watches running code: hooks, profilers, debuggers, and places in the
//!   source in backtraces.
//! * `sign` (default): Artifacts that are trusted by a key:
//!   `wasm_runtime_module_deserialize_trusted`.
//! * `snapshot` (default): States of instances, saved, restored and copied:
//!   `wasm_runtime_snapshot_new` and its kind.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "async")]
mod asynchronous;
mod border;
#[cfg(feature = "component")]
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
#[cfg(feature = "observe")]
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
#[cfg(feature = "wasi")]
mod wasi;
mod wasm;
#[cfg(feature = "jit")]
mod wat;

//! Loads compiled WebAssembly artifacts into executable memory.
//!
//! [`Loaded`] maps an artifact from a file or from bytes, checks it against this machine, and makes
//! its code executable: in a fixed number of system calls, without relocations and without work for
//! each function. No page is ever writable and executable at once. While an artifact is loaded, the
//! [`registry`] finds it by addresses in its code, also in signal handlers. [`LoadedComponent`]
//! does the same for the artifact of a component, which has several modules in one file.
//!
//! # Should I use this?
//!
//! Use it to write a runtime of your own on artifacts. What is loaded is machine code with the ABI
//! of `wasm_types::abi`, and needs an instance context and a stack. To simply run WebAssembly, use
//! `wasm-runtime`; to look into artifacts without running them, use `wasm-artifact`.
//!
//! # Example
//!
//! ```no_run
//! use wasm_loader::{Loaded, registry};
//!
//! // SAFETY: the artifact comes from our own compiler, and nobody changes the file meanwhile.
//! let loaded = unsafe { Loaded::from_file("program.artifact") }?;
//! let function = wasm_types::DefinedFuncIndex::new(0);
//! let entry = loaded.function_ptr(function)?;
//! assert!(registry::is_code(entry.addr()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Refusals
//!
//! [`check_host`], which loading calls by itself, compares the version of the run-time ABI,
//! architecture, operating system, the extensions of the instruction set that the code uses, page
//! size, and what the code takes for granted of memories and stacks. The [`Error`] lists every
//! [`Mismatch`] at once, each with the artifact's value, the host's value and the way out.
//! Extensions that neither this crate nor the system knows are refused. What an artifact requires
//! of an engine is in its [`Requirements`]: code that knows the engine adds to the same list what
//! does not fit ([`Error::and`]).
//!
//! # Safety
//!
//! Loading runs, or lets run, whatever machine code the bytes hold: hence `unsafe`. Artifacts that
//! were damaged outside of their code are no danger, since everything is checked where it is read.
//! A file must not be changed while it is loaded: the kernel may show the changes. With the feature
//! `sign` there are safe functions beside the unsafe ones, for artifacts that a policy trusts.
//!
//! The crate is for Unix systems with the memory mapping of [`rustix`]. If an artifact is loaded
//! from bytes, initial images of its memories can be mapped on Linux, and are copied elsewhere.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `profile`: Names of loaded functions for `perf` (perf maps and jitdump files), GDB and LLDB,
//!   as the module `profile`; on Linux.
//! * `debug-info`: GDB and LLDB know lines and variables of the source, too, for modules that keep
//!   their debugging information.
//! * `mac`: Loading what a trust policy accepts, as safe functions (`Loaded::verified_from_file`
//!   and its relatives): authenticated artifacts, or those with known hashes.
//! * `sign`: The same for signed artifacts.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod code_map;
mod component;
mod error;
mod host;
mod images;
mod isa;
mod loaded;
mod mapping;
mod mismatch;
mod place;
#[cfg(feature = "profile")]
pub mod profile;
mod requirements;
#[cfg(feature = "mac")]
mod verified;

pub use component::LoadedComponent;
pub use error::Error;
pub use host::{check_host, host_page_size};
pub use images::ImageSource;
pub use isa::host_extensions;
pub use loaded::Loaded;
pub use mismatch::{Mismatch, Party};
pub use requirements::Requirements;

/// Which loaded code an address belongs to.
pub mod registry {
    pub use crate::code_map::{code_range, fuel_ahead_at, is_code, trap_at};
    pub use crate::loaded::find;
}

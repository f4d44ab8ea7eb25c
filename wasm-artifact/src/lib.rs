//! Compiled WebAssembly as ELF files: written once, read in place.
//!
//! An artifact is a valid ELF file that `readelf`, `objdump` and `gdb` understand, with every
//! function under its WebAssembly name. For a loader it is a file that needs no work: page-aligned
//! code without relocations, page-aligned initial contents of memories, and tables that are used
//! straight from the mapped bytes. Opening one costs the same for a hundred functions as for a
//! hundred thousand.
//!
//! # Should I use this?
//!
//! Use it to look into artifacts (their types, exports, traps, names), to distinguish files
//! ([`identify`]), or to keep the output of a compiler of your own in this form ([`write()`]). To
//! put an artifact into executable memory take `wasm-loader`; to run WebAssembly take
//! `wasm-runtime`.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "write")] {
//! use wasm_artifact::{Artifact, FileKind, WriteOptions, identify, write};
//! use wasm_types::{CompiledModule, Module};
//!
//! // Normally parsed from a binary, and compiled from that.
//! let module = Module::default();
//! let compiled = CompiledModule {
//!     target: "x86_64-unknown-linux-gnu".into(),
//!     ..CompiledModule::default()
//! };
//! let bytes = write(&module, b"", &compiled, &WriteOptions::new())?;
//!
//! assert_eq!(identify(&bytes).kind, FileKind::Artifact);
//! let artifact = Artifact::parse(&bytes)?;
//! assert_eq!(artifact.target(), "x86_64-unknown-linux-gnu");
//! assert!(artifact.export("main").is_none());
//! # }
//! # Ok::<(), wasm_artifact::Error>(())
//! ```
//!
//! # What is in an artifact
//!
//! The first note (`.note.wasm-rt`) identifies it: versions of format and run-time ABI, producer,
//! target, settings, and a directory of the tables. Readers use the directory alone; ELF's section
//! headers and symbols describe the same bytes to other tools. Do not `strip` an artifact: it would
//! move what the directory points to (write it without symbols instead, see
//! [`WriteOptions::symbols`]).
//!
//! Active segments that are certain to fit become *images*: the contents of a memory as whole pages
//! that can be mapped copy-on-write ([`Artifact::memory_image`]), and of a table as a list that is
//! looked at when an element is first used ([`Artifact::table_image`]). Instantiation writes
//! only the others, those that are not [`in_image`](DataRef::in_image).
//!
//! # Damage
//!
//! [`Artifact::parse`] checks the header, which has a checksum, and the place of each table. Each
//! block of the tables has a checksum, too, which is compared when something in the block is first
//! read. So damage gives errors, in functions that return an `Option` for people's sake (names,
//! places for backtraces) nothing, and never a panic. That says nothing about machine code and the
//! initial contents of memories, which have no checksums, nor about an attacker who makes the
//! checksums right: for that there are signatures (feature `sign`).
//!
//! # Components
//!
//! The artifact of a component is one file, too: its modules are artifacts of their own in it, with
//! their code in one text and the initial contents of their memories in one place, so that loading
//! it takes no more than loading a module. Beside them stands the *plan*, which says how they are
//! put together, in the form of the crate `wasm-component`. [`ComponentArtifact`] reads such a
//! file, and
//! [`write_component`] writes it.
//!
//! # Versions
//!
//! [`FORMAT_VERSION`] changes only when old readers could not read new artifacts correctly or the
//! other way round; it has nothing to do with the version of this crate.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `write` (default): Writing artifacts, as the function `write`: what a compiler needs, and a
//!   program that only runs them does not.
//! * `inspect` (default): A report of what is in an artifact, as the function `inspect`: a summary,
//!   everything, or one table.
//! * `mac`: Authentication codes and hashes of artifacts, and policies of whom to trust, as the
//!   module `sign`.
//! * `sign`: Signatures: the rest of the module `sign`.
//! <!-- end of features -->
//!
//! The crate is `no_std` and uses `alloc`.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod address_map;
mod blocks;
mod checksums;
mod codes;
mod const_expr;
mod elf;
mod error;
mod format;
mod identify;
#[cfg(feature = "inspect")]
mod inspect;
mod read;
#[cfg(feature = "mac")]
pub mod sign;
mod symbols;
mod traps;
mod varint;
#[cfg(feature = "write")]
mod write;

pub use address_map::AddressMap;
pub use const_expr::ConstExprRef;
pub use error::{Error, ErrorKind};
pub use format::FORMAT_VERSION;
pub use identify::{FileKind, Identity, identify};
#[cfg(feature = "inspect")]
pub use inspect::{ComponentReport, Report, inspect, inspect_component};
pub use read::{
    Artifact, CatchSiteRef, ComponentArtifact, Counts, DataRef, DataRefKind, DataUse, ElementRef,
    ElementRefKind, ExportRef, ExprList, FrameRef, FuncList, ImportRef, ItemsRef, MemoryImage,
    SectionInfo, StopRange, TableImage, text_range,
};
pub use symbols::Symbol;
pub use traps::Traps;
#[cfg(feature = "write")]
pub use write::{__write_checksums, WriteOptions, write, write_component};

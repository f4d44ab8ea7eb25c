//! Debugging information of WebAssembly modules: DWARF in the custom sections `.debug_*`, with
//! addresses that are offsets into the contents of the code section
//! (<https://yurydelendik.github.io/webassembly-dwarf/>).
//!
//! [`Places`] says which places in the source an instruction comes from. With the feature
//! `translate`, there is debugging information of machine code that was made of a module.
//!
//! # Hostile modules
//!
//! Nothing in a section causes a panic. What is read and kept is bounded by the size of the
//! sections, however they refer to each other: what would be more is left out.
//!
//! # Should I use this?
//!
//! If you have the sections of a module. If you embed a runtime, take `wasm-runtime` with feature
//! `backtrace-details`.
//!
//! # Example
//!
//! ```
//! use wasm_dwarf::Places;
//!
//! // The contents of a section of the module; empty if there is none of this name.
//! let section = |_name: &str| -> &[u8] { &[] };
//! let places = Places::read(&section);
//! assert!(places.find(&section, 0x42).is_empty());
//! ```
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `translate`: Debugging information of machine code that was made of a module, for native
//!   debuggers: the function `translate`.
//! <!-- end of features -->

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod budget;
mod functions;
mod lines;
#[cfg(feature = "translate")]
mod locals;
#[cfg(feature = "translate")]
mod locations;
mod place;
mod places;
mod ranges;
mod sections;
#[cfg(feature = "translate")]
mod translate;
mod units;

#[cfg(feature = "translate")]
pub use locals::{NamedLocals, named_locals};
pub use place::Place;
pub use places::Places;
pub use sections::Section;
#[cfg(feature = "translate")]
pub use translate::{Code, KeptFrame, KeptLocal, translate};

//! Translates WebAssembly components.
//!
//! [`translate`] validates a component and takes it apart: all components within it are inlined
//! until core modules remain, a *plan* of how they are instantiated and wired
//! ([`wasm_component::Plan`]), and *adapters*: functions that one component lifts and another
//! lowers become core modules, too. So what runs a component has to know core modules and the
//! plan.
//!
//! # Should I use this?
//!
//! Use it if you write a runtime or a compiler for components. To run components take
//! `wasm-runtime`.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `translate` (default): The translation. Without it this crate is empty, and needs nothing: a
//!   crate can depend on it, and leave it to one of its own features whether there are components
//!   at all.
//! <!-- end of features -->

#![cfg(feature = "translate")]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapt;
mod def;
mod emit;
mod error;
mod inline;
mod module_types;
mod parse;
mod translate;
mod types;

pub use emit::Translation;
pub use error::{Error, ErrorKind};
pub use translate::translate;

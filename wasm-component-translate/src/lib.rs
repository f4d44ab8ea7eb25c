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
//! # Example
//!
//! ```
//! # #[cfg(feature = "translate")] {
//! use wasm_component::Plan;
//! use wasm_component_translate::translate;
//! use wasm_types::WasmFeatures;
//!
//! let wasm = wat::parse_str(
//!     r#"(component
//!         (core module $m (func (export "one") (result i32) (i32.const 1)))
//!         (core instance $m (instantiate $m))
//!         (func (export "one") (result u32) (canon lift (core func $m "one"))))"#,
//! )?;
//! let translation = translate(&wasm, WasmFeatures::default())?;
//! assert_eq!(translation.modules.len(), 1);
//! let plan = Plan::parse(&translation.plan)?;
//! assert_eq!(plan.show().to_string(), "export one: func() -> u32;\n");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is not supported
//!
//! Start functions, components as imports or exports of the outermost component, functions that it
//! imports and exports again, and what comes with WASI 0.3: each is refused by name, built-in
//! functions when they are called. Maps and lists of a fixed length are features of their own
//! (`WasmFeatures` of `wasm-types`).
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
mod compose;
mod def;
mod emit;
mod error;
mod inline;
mod module_types;
mod parse;
mod translate;
mod types;

pub use compose::{Composed, HostAccess, compose};
pub use emit::Translation;
pub use error::{Error, ErrorKind};
pub use translate::{translate, translate_with_access};

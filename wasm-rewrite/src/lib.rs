//! Rewrites WebAssembly modules: binaries go in, binaries come out.
//!
//! * [`expose`] exports every global, table and memory. A runtime that shows only exports then
//!   shows all of an instance's state.
//! * [`preinitialize`] makes a module that starts in a given [state](wasm_types::ModuleState).
//!   Whatever an instance had computed when the state was captured need not be computed again. The
//!   module is portable: it needs nothing of the runtime that the state was captured in.
//!
//! Code is copied byte for byte (the exceptions are at [`preinitialize`]), and so are all sections
//! that need no change. Input and output are validated, and the output needs no proposal of a later
//! edition of the specification than the input did. The same input gives the same output.
//!
//! # Should I use this?
//!
//! Use it if you have a state, or make one, and want a module that starts in it; or if you want to
//! watch the state of modules in a runtime that does not show it. It does not run anything. To run
//! a module and capture its state, use a runtime such as `wasm-runtime`. If a command like `wizer`
//! is all that you want, use Wizer.
//!
//! # Example
//!
//! ```
//! use wasm_rewrite::{ExposeOptions, PreinitializeOptions, expose, preinitialize};
//! use wasm_types::{GlobalState, ModuleState};
//!
//! let wasm = wat::parse_str("(module (global $count (mut i32) (i32.const 0)))")?;
//! let exposed = expose(&wasm, &ExposeOptions::default())?;
//! assert_eq!(exposed.items[0].name, "__global_count");
//!
//! let state =
//!     ModuleState { globals: vec![Some(GlobalState::I32(42))], ..ModuleState::default() };
//! let started = preinitialize(&exposed.wasm, &state, &PreinitializeOptions::default())?;
//! let expected = wat::parse_str(
//!     r#"(module (global $count (mut i32) (i32.const 42)) (export "__global_count" (global 0)))"#,
//! )?;
//! assert_eq!(started.wasm, expected);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod expose;
mod item;
mod names;
mod preinitialize;
mod sections;
mod validate;

pub use error::{Error, ErrorKind};
pub use expose::{ExposeOptions, Exposed, ExposedItem, Namer, expose};
pub use item::{Item, ItemKind};
pub use preinitialize::{Imported, PreinitializeOptions, Preinitialized, preinitialize};

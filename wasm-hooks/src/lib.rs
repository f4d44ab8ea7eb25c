//! What watches running WebAssembly.
//!
//! This version holds the vocabulary of call hooks. [`CallHook`] is the four moments at which
//! control passes between the host and Wasm. [`CallDirection`] is the direction of a call.
//! [`CallFilter`] selects the calls that a hook is notified of. A store reports these calls; which
//! hook is called, and with what data, is the store's business (`Store::call_hook` and
//! `Store::add_call_hook` of `wasm-store`, with its feature `call-hook`).
//!
//! [`FunctionEvent`] and [`NamePattern`] are the same for Wasm functions that were compiled to
//! report when they are entered and left (`Store::function_hook`, with its feature
//! `function-hook`).
//!
//! # Should I use this?
//!
//! Use it directly if you write a library of hooks (a profiler, a meter, a tracer) that should not
//! depend on a particular store. Otherwise you find [`CallHook`] re-exported where you need it.
//!
//! # Example
//!
//! A meter that counts how often the host is entered, written without knowing any store:
//!
//! ```
//! use wasm_hooks::CallHook;
//!
//! #[derive(Default)]
//! struct Meter {
//!     entered_host: u64,
//! }
//!
//! impl Meter {
//!     fn event(&mut self, event: CallHook) {
//!         self.entered_host += u64::from(event.entering_host());
//!     }
//! }
//!
//! let mut meter = Meter::default();
//! // What a store reports for one call of a Wasm function that calls the host once.
//! for event in [
//!     CallHook::CallingWasm,
//!     CallHook::CallingHost,
//!     CallHook::ReturningFromHost,
//!     CallHook::ReturningFromWasm,
//! ] {
//!     meter.event(event);
//! }
//! assert_eq!(meter.entered_host, 2);
//! ```
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `observers`: Ready-made observers, as the module `observe`: call counts with times, samples
//!   for profilers, coverage, lines of a trace, and the files that they write (LCOV, folded stacks,
//!   the Firefox Profiler's JSON). Needs the standard library.
//! * `dwarf`: Where functions begin in the source, by the debugging information (DWARF) of a
//!   module: for coverage.
//! * `demangle`: Patterns match names as they stand in Rust and C++ sources, too.
//! * `tracing`: Calls as events of the crate `tracing`.
//! <!-- end of features -->

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(feature = "observers")]
extern crate std;

mod call_hook;
mod direction;
mod filter;
mod function_event;
mod name_pattern;
#[cfg(feature = "observers")]
pub mod observe;

pub use call_hook::CallHook;
pub use direction::CallDirection;
pub use filter::{CallFilter, CallTarget};
pub use function_event::FunctionEvent;
pub use name_pattern::{NamePattern, NamePatternError, unnamed_function};

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

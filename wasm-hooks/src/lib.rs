//! What watches running WebAssembly.
//!
//! This version holds the vocabulary of call hooks: [`CallHook`], the four moments at which control
//! passes between the host and Wasm. A store reports them; which hook is called, and with what data,
//! is the store's business (`Store::call_hook` of `wasm-store`, with its feature `call-hook`).
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
//! None. The crate is `no_std`, does not allocate and has no dependencies.

#![no_std]
#![forbid(unsafe_code)]

mod call_hook;

pub use call_hook::CallHook;

/// The example of the README, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

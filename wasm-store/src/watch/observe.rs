//! Ready-made observers of running code (feature `observe`): each a few lines to switch on.
//!
//! | observer | what it needs | what it gives |
//! |---|---|---|
//! | [`CallCounter`] | `Config::function_hooks` | calls of each function, with self and total time and cycles |
//! | [`CallTracer`] | `Config::function_hooks`, for host functions `Store::add_call_hook` | a line for each call, with arguments and results; or events of the crate `tracing` |
//! | [`FunctionCoverage`] | `Config::function_hooks` | a tracefile of LCOV: which functions were called, how often |
//! | [`GuestProfiler`] | `Config::epoch_interruption` | a profile for the Firefox Profiler, or folded stacks for flame graphs |
//!
//! What they gather and write is in `wasm_hooks::observe`, which knows no store.
//!
//! A store has one function hook. To use several observers, or an observer and something else, call
//! the `observe` of each in a hook of your own. Call first those whose `observe` can fail. If one
//! of them fails at the entry of a function, the function is not entered and its exit is never
//! reported. A counter that had observed the entry before that would count the function as running
//! from then on. At an exit, call the counter even if another observer has failed.

mod clock;
mod counter;
mod coverage;
mod modules;
mod profiler;
mod tracer;
mod value;

pub use clock::CycleClock;
pub use counter::CallCounter;
pub use coverage::FunctionCoverage;
pub use profiler::GuestProfiler;
pub use tracer::CallTracer;
pub use value::ShownValue;
pub use wasm_hooks::observe::{
    CallCounts, CallLine, CallSide, CallTotals, Clock, Coverage, FirefoxProfile, FunctionId,
    FunctionKey, FunctionNames, Moment, SampledFrame, Samples, WallClock,
};
#[cfg(feature = "dwarf")]
pub use wasm_hooks::observe::{SourceLines, SourceLinesError};

//! Calls that wait: they are left while a host function is not ready, and gone on with by whatever
//! thread polls them next, or given up at any point, and leave nothing behind.

#![cfg(all(feature = "async", feature = "jit", feature = "wat"))]

mod atomics;
mod calls;
mod destructors;
mod edges;
mod ends;
mod fuel;
mod heap;
#[cfg(feature = "call-hook")]
mod hook_that_waits;
#[cfg(feature = "call-hook")]
mod hooks;
mod instances;
mod limits;
mod nested;
mod required;
mod storms;
mod support;
#[cfg(feature = "wasi")]
mod wasi;
mod yields;

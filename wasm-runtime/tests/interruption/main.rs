//! Running code that is interrupted: wherever it is, and whatever it is doing, it stops or goes on as it
//! was; by handles, by deadlines in epochs, and by timeouts.

#![cfg(all(feature = "jit", feature = "wat"))]

mod code;
mod ends;
mod epochs;
mod support;
mod timeouts;

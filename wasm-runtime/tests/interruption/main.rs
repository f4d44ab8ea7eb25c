//! Interruption of running code. Wherever the code is and whatever it does, it stops, or goes on as
//! if nothing had happened. It is interrupted by handles, by deadlines in epochs, and by timeouts.

#![cfg(all(feature = "jit", feature = "wat"))]

mod code;
mod ends;
mod epochs;
mod support;
mod timeouts;

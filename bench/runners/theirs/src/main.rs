//! Loads an artifact, calls one of its functions, and ends: `runner ARTIFACT FUNCTION ARGUMENT`.

use wasmtime as api;

include!("../../main.in.rs");

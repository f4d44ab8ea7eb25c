//! Loads an artifact, calls one of its functions, and ends: `runner ARTIFACT FUNCTION ARGUMENT`.

use wasm_runtime as api;

include!("../../main.in.rs");

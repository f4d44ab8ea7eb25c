//! The code section (Wasm 3.0, section 5.5.13): where the bodies stand. They are read by the code
//! that validates or translates them.

use crate::module::{FunctionBody, Module};

pub(super) fn read(module: &mut Module, body: &wasmparser::FunctionBody<'_>) {
    // The binary is in memory: its offsets fit a `usize`.
    let range = body.range();
    module.bodies.push(FunctionBody { range: range.start as usize..range.end as usize });
}

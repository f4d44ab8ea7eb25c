//! The tables of functions that stand in place of calls.

use alloc::vec::Vec;

use wasm_types::CompiledModule;

use super::Writer;
use crate::format::{InlinedFunctionRecord, InlinedRangeRecord, NONE, Part};

impl Writer {
    pub(super) fn add_inlined(&mut self, compiled: &CompiledModule) {
        let functions = compiled.inlined_functions.iter().map(|inlined| InlinedFunctionRecord {
            func: inlined.func.as_u32().into(),
            call: inlined.call.into(),
            caller: inlined.caller.unwrap_or(NONE).into(),
        });
        self.add(Part::InlinedFunctions, functions.collect::<Vec<_>>());
        let ranges = compiled.inlined_ranges.iter().map(|range| InlinedRangeRecord {
            offset: range.offset.into(),
            function: range.function.unwrap_or(NONE).into(),
        });
        self.add(Part::InlinedRanges, ranges.collect::<Vec<_>>());
    }
}

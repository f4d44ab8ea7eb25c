//! The functions that stand in place of calls.

use wasm_types::{FuncIndex, InlinedFunction, InlinedRange};

use super::Artifact;
use crate::error::Error;
use crate::format::NONE;

impl<'a> Artifact<'a> {
    /// Whether any function stands in place of a call.
    #[inline]
    pub fn has_inlined_functions(&self) -> bool {
        self.tables.inlined_ranges.len() > 0
    }

    /// The functions that stand in place of calls where the code at this offset in the text comes
    /// from: first the one that it is of, then the one that this is called by, and so on. The last
    /// one is called by the function [that has its code there](Self::function_at). None if the code
    /// is that function's own. Ends early in a damaged artifact.
    pub fn inlined_at(
        &self,
        text_offset: u32,
    ) -> impl Iterator<Item = InlinedFunction> + use<'_, 'a> {
        let mut next = self.range_at(text_offset);
        core::iter::from_fn(move || {
            let number = next.take()?;
            let record = self.tables.inlined_functions.get(number as usize, &self.checksums)?;
            let caller = record.caller.get();
            // A smaller number each time, so that there is an end.
            next = (caller < number).then_some(caller);
            Some(InlinedFunction {
                func: FuncIndex::new(record.func.get()),
                call: record.call.get(),
                caller: next,
            })
        })
    }

    /// The number of the function that stands in place of a call at an offset in the text.
    fn range_at(&self, text_offset: u32) -> Option<u32> {
        let (ranges, checksums) = (self.tables.inlined_ranges, &self.checksums);
        let after = ranges.partition_point(checksums, |range| range.offset.get() <= text_offset)?;
        let function = ranges.get(after.checked_sub(1)?, checksums)?.function.get();
        (function != NONE).then_some(function)
    }

    /// Every function that stands in place of a call, each after its caller.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn inlined_functions(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = InlinedFunction> + use<'a>, Error> {
        let functions = self.tables.inlined_functions.all(&self.checksums).ok_or_else(damaged)?;
        Ok(functions.iter().map(|record| InlinedFunction {
            func: FuncIndex::new(record.func.get()),
            call: record.call.get(),
            caller: Some(record.caller.get()).filter(|caller| *caller != NONE),
        }))
    }

    /// Where the code of such functions is, sorted by offset: each up to the next.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there.
    pub fn inlined_ranges(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = InlinedRange> + use<'a>, Error> {
        let ranges = self.tables.inlined_ranges.all(&self.checksums).ok_or_else(damaged)?;
        Ok(ranges.iter().map(|record| InlinedRange {
            offset: record.offset.get(),
            function: Some(record.function.get()).filter(|function| *function != NONE),
        }))
    }
}

fn damaged() -> Error {
    Error::damaged("the tables of functions that stand in place of calls")
}

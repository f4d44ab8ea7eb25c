//! What is alive where an object is made.

use cranelift_codegen::ir::Value;
use smallvec::SmallVec;

use crate::constant::constant;
use crate::environ::{FuncEnvironment, LiveReferences};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// If more is alive than this, all of it is left to the code generator. So are operands below as
/// many others.
const MAX: usize = 24;

/// The places on the operand stack of what is alive there.
pub(super) type Places = SmallVec<[usize; 8]>;

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Notes that what is on the operand stack is alive during a call.
    pub(crate) fn note_operands_during_call(&mut self) {
        for value in self.stacks.values.iter().rev().take(MAX) {
            self.stacks.during_calls.insert(*value);
        }
    }

    /// Notes that a local was read, which may be alive during calls.
    #[inline]
    pub(super) fn note_local(&mut self, local: u32, value: Value) {
        if !self.live_locals.is_empty() && self.live_locals.is_used_after_call(local) {
            self.stacks.during_calls.insert(value);
        }
    }

    /// What is alive where an object is made, after these operands were popped, that is to be saved
    /// only if there is no room for it.
    pub(super) fn live_references(
        &mut self,
        operands: &[Value],
    ) -> Result<(LiveReferences, Places), Error> {
        let mut live = LiveReferences::default();
        let mut places = Places::new();
        if self.live_locals.is_empty() {
            return Ok((live, places));
        }
        let count = operands.len();
        for (number, operand) in operands.iter().enumerate() {
            if self.is_to_be_saved(count - 1 - number, *operand) {
                live.operands.push(*operand);
            }
        }
        // What is below the innermost construct is there behind it as well, also where the code did
        // not come by here. So it keeps its value, and the code generator keeps that.
        let height = self.stacks.frames.last().map_or(0, |frame| frame.height);
        let below = self.stacks.values.iter().enumerate().skip(height).rev().take(MAX);
        for (depth, (place, value)) in below.enumerate() {
            if self.is_to_be_saved(count + depth, *value) {
                live.stack.push(*value);
                places.push(place);
            }
        }
        live.locals.extend(self.live_locals.at(self.offset).map(|local| self.local(local)));
        if live.operands.len() + live.stack.len() + live.locals.len() > MAX {
            return Ok(Default::default());
        }
        self.budget.blocks(1, live.stack.len() + live.locals.len())?;
        Ok((live, places))
    }

    /// Puts references to the operand stack as they are after an object was made.
    pub(super) fn update_references(&mut self, live: &LiveReferences, places: &Places) {
        for (place, value) in places.iter().zip(&live.stack) {
            self.stacks.values[*place] = *value;
        }
    }

    fn is_to_be_saved(&self, depth: usize, value: Value) -> bool {
        let is_reference = depth < u64::BITS as usize && self.reference_operands >> depth & 1 != 0;
        is_reference
            && !self.stacks.during_calls.contains(value)
            && constant(self.builder.func, value).is_none()
    }
}

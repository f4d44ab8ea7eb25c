//! The values of locals and operands, for code that can be debugged: which of them are to be
//! written to the frame before an operator, and what is known of the operand stack there.

use std::collections::HashMap;

use cranelift_codegen::ir::Value;
use wasm_types::wasmparser::{FuncValidator, Operator, ValidatorResources};
use wasm_types::{FrameOperand, FramePoint, FrameValueKind, FunctionFrame, ValType};

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::operand_types;
use crate::translator::FuncTranslator;

/// What is known of the frame of a function that can be debugged.
#[derive(Default)]
pub(crate) struct DebuggedFrame {
    /// What is in the places of the operands, from the bottom of the stack on.
    kept: Vec<Value>,
    /// The top of the stack that each of them would be: see [`FramePoint::top`].
    tops: Vec<u32>,
    /// The number of each top.
    known: HashMap<FrameOperand, u32>,
    frame: FunctionFrame,
}

impl DebuggedFrame {
    /// All that debuggers need to know, but where the frame has it.
    pub(crate) fn into_frame(self) -> FunctionFrame {
        self.frame
    }

    fn kind_of(&self, depth: usize) -> FrameValueKind {
        self.frame.operands[self.tops[depth] as usize - 1].kind
    }

    /// Whether an operand is in its place.
    fn has(&self, depth: usize, value: Value, kind: FrameValueKind) -> bool {
        self.kept.get(depth) == Some(&value) && self.kind_of(depth) == kind
    }

    fn push(&mut self, value: Value, kind: FrameValueKind) {
        let operand = FrameOperand { below: self.tops.last().copied().unwrap_or(0), kind };
        let operands = &mut self.frame.operands;
        let top = *self.known.entry(operand).or_insert_with(|| {
            operands.push(operand);
            operands.len() as u32
        });
        self.kept.push(value);
        self.tops.push(top);
    }

    fn forget_above(&mut self, height: usize) {
        self.kept.truncate(height);
        self.tops.truncate(height);
    }
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// Keeps a new local.
    pub(crate) fn keep_new_local(&mut self, ty: ValType, value: Value) {
        if let Some(debugged) = &mut self.debugged {
            let (place, kind) = (debugged.frame.locals.len(), FrameValueKind::of(ty));
            debugged.frame.locals.push(kind);
            self.env.keep_value(&mut self.builder, place as u32, kind, value);
        }
    }

    /// The value of a local, if it is in its place and nowhere else: code that can be debugged
    /// reads it from there. It may end at each operator, so that values which stay alive would be
    /// passed to as many blocks, all of them to each.
    #[inline]
    pub(crate) fn kept_local(&mut self, local: u32) -> Result<Option<Value>, Error> {
        let Some(debugged) = &self.debugged else { return Ok(None) };
        let ty = debugged.frame.locals[local as usize].value_type();
        let value = self.env.kept_value(&mut self.builder, local, ty)?;
        self.note_reference(value, ty);
        Ok(Some(value))
    }

    /// Keeps the value that a local has got. `false` if the code can't be debugged.
    #[inline]
    pub(crate) fn keep_local(&mut self, local: u32, value: Value) -> bool {
        let Some(debugged) = &self.debugged else { return false };
        let kind = debugged.frame.locals[local as usize];
        self.env.keep_value(&mut self.builder, local, kind, value);
        true
    }

    /// Before an operator that can be reached: the operands that are not in their places yet are
    /// written there, and the code may stop.
    ///
    /// Operators take operands from the top and put others there. So what is below the first one
    /// that is in its place is, too.
    pub(crate) fn debug_point(
        &mut self,
        validator: &FuncValidator<ValidatorResources>,
        pc: u64,
    ) -> Result<(), Error> {
        let Some(debugged) = &mut self.debugged else { return Ok(()) };
        let values = &self.stacks.values;
        debugged.forget_above(values.len());
        let mut news = Vec::new();
        for depth in (0..values.len()).rev() {
            let kind = operand_types::kind(validator, values.len() - 1 - depth);
            if debugged.has(depth, values[depth], kind) {
                break;
            }
            news.push((values[depth], kind));
        }
        let unchanged = values.len() - news.len();
        debugged.forget_above(unchanged);
        let locals = debugged.frame.locals.len();
        for (number, (value, kind)) in news.into_iter().rev().enumerate() {
            debugged.push(value, kind);
            let place = (locals + unchanged + number) as u32;
            self.env.keep_value(&mut self.builder, place, kind, value);
        }
        let top = debugged.tops.last().copied().unwrap_or(0);
        let pc = pc as u32;
        debugged.frame.points.push(FramePoint { pc, top });
        self.env.debug_point(&mut self.builder, pc)
    }

    /// At the head of a loop: its parameters come from elsewhere each time.
    pub(crate) fn keep_loop_params(&mut self, count: usize) {
        let Some(debugged) = &mut self.debugged else { return };
        let locals = debugged.frame.locals.len();
        let height = self.stacks.values.len() - count;
        for depth in height..self.stacks.values.len() {
            let (kind, value) = (debugged.kind_of(depth), self.stacks.values[depth]);
            debugged.kept[depth] = value;
            self.env.keep_value(&mut self.builder, (locals + depth) as u32, kind, value);
        }
    }

    /// How many operands there were when the innermost construct began.
    pub(crate) fn innermost_height(&self) -> usize {
        self.stacks.frames.last().map_or(0, |frame| frame.height)
    }

    /// After an operator: what has become of the places. `height` is that of the construct that was
    /// the innermost one before.
    pub(crate) fn after_debugged(&mut self, operator: &Operator<'_>, height: usize) {
        let innermost = self.innermost_height();
        let Some(debugged) = &mut self.debugged else { return };
        match operator {
            // The operands above the construct that begins or ends come from different places of
            // the code. Those below can't have changed in it.
            Operator::If { .. }
            | Operator::Else
            | Operator::Try { .. }
            | Operator::TryTable { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll => debugged.forget_above(innermost),
            Operator::End | Operator::Delegate { .. } => debugged.forget_above(height),
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::CallRef { .. }
            | Operator::Resume { .. }
            | Operator::ResumeThrow { .. }
            | Operator::ResumeThrowRef { .. }
            | Operator::Suspend { .. }
            | Operator::Switch { .. }
                if self.reachable =>
            {
                self.env.call_returned(&mut self.builder);
            }
            _ => {}
        }
    }
}

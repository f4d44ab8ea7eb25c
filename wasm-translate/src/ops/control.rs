//! Blocks, loops, conditions and branches (Wasm 3.0, section 4.6.8), and code that is never
//! reached.
//!
//! `end` makes a block of CLIF only where some branch goes to it. Constructs within code that is
//! never reached are not translated at all; only their nesting is counted.

use cranelift_codegen::ir::{Block, InstBuilder as _};
use wasm_types::ValType;
use wasm_types::wasmparser::{BlockType, Operator};

use super::branch::{
    block_args, branch, branch_if, branch_on_non_null, branch_on_null, return_from_function,
};
use super::signature::Signature;
use super::variable::{end_loop, keep_globals};
use super::{branch_table, exceptions};
use crate::control_stack::{Else, Frame, FrameKind};
use crate::environ::{FuncEnvironment, Values};
use crate::error::Error;
use crate::translator::FuncTranslator;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    match op {
        Operator::Block { blockty } => {
            let ty = Signature::new(t, *blockty)?;
            let target = t.new_block(&ty.results);
            t.enter(FrameKind::Block, target, ty.results.len(), ty.num_params);
        }
        Operator::Loop { blockty } => enter_loop(t, *blockty)?,
        Operator::If { blockty } => enter_if(t, *blockty)?,
        Operator::Else => {
            t.budget.blocks(1, 0)?;
            enter_else(t);
        }
        Operator::End | Operator::Delegate { .. } => end(t)?,
        Operator::Br { relative_depth } => branch(t, *relative_depth)?,
        Operator::BrIf { relative_depth } => branch_if(t, *relative_depth)?,
        Operator::BrOnNull { relative_depth } => branch_on_null(t, *relative_depth)?,
        Operator::BrOnNonNull { relative_depth } => branch_on_non_null(t, *relative_depth)?,
        Operator::BrTable { targets } => branch_table::translate(t, targets)?,
        Operator::Return => return_from_function(t)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Translates an operator at a place that is never reached: nothing, unless a construct ends.
pub(super) fn translate_unreachable<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<(), Error> {
    match op {
        Operator::Block { .. }
        | Operator::Loop { .. }
        | Operator::If { .. }
        | Operator::TryTable { .. }
        | Operator::Try { .. } => t.skipped += 1,
        // A `delegate` ends its construct.
        Operator::End | Operator::Delegate { .. } if t.skipped > 0 => t.skipped -= 1,
        Operator::End | Operator::Delegate { .. } => end(t)?,
        Operator::Else if t.skipped == 0 => enter_else(t),
        Operator::Catch { .. } | Operator::CatchAll if t.skipped == 0 => {
            exceptions::next_clause(t)?;
        }
        _ => {}
    }
    Ok(())
}

impl<E: FuncEnvironment + ?Sized> FuncTranslator<'_, '_, E> {
    /// A block with parameters of the given types.
    pub(crate) fn new_block(&mut self, types: &[ValType]) -> Block {
        let block = self.builder.create_block();
        for ty in types {
            let clif = self.env.value_type(*ty);
            let value = self.builder.append_block_param(block, clif);
            self.note_reference(value, *ty);
        }
        block
    }

    /// Whether the condition of the operator is likely to hold, if a profile or a hint says so.
    #[inline]
    pub(super) fn is_likely(&mut self) -> Option<bool> {
        if let Some(flow) = self.flow.filter(|flow| flow.has_branch(self.offset)) {
            return flow.is_likely(self.offset);
        }
        self.hints.as_mut()?.is_likely(self.offset)
    }

    /// Pushes a frame whose parameters are on the operand stack.
    pub(super) fn enter(
        &mut self,
        kind: FrameKind,
        target: Block,
        branch_arity: usize,
        num_params: usize,
    ) {
        let height = self.stacks.values.len() - num_params;
        let frame = Frame { kind, target, branch_arity, height, end_is_target: false };
        self.stacks.frames.push(frame);
    }

    /// The topmost operands, in canonical form. They stay on the stack.
    pub(super) fn top(&mut self, count: usize) -> Values {
        self.canonicalize_top(count);
        let values = &self.stacks.values;
        Values::from_slice(&values[values.len() - count..])
    }

    /// Jumps to a block with the topmost operands.
    pub(super) fn jump(&mut self, target: Block, arity: usize) {
        let args = block_args(&self.top(arity));
        self.builder.ins().jump(target, &args);
    }

    /// Continues in a block all of whose predecessors are known, with its parameters as operands.
    fn continue_in(&mut self, block: Block) {
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
        self.stacks.values.extend_from_slice(self.builder.block_params(block));
        self.reachable = true;
    }

    /// The place of a frame on the control stack.
    pub(super) fn frame_at(&self, depth: u32) -> usize {
        self.stacks.frames.len() - 1 - depth as usize
    }

    /// What a branch to a frame needs: the block and how many operands go with it.
    pub(super) fn branch_target(&mut self, depth: u32) -> (Block, usize) {
        let place = self.frame_at(depth);
        let frame = &mut self.stacks.frames[place];
        if !matches!(frame.kind, FrameKind::Loop) {
            frame.end_is_target = true;
        }
        (frame.target, frame.branch_arity)
    }
}

fn enter_loop<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: BlockType,
) -> Result<(), Error> {
    let ty = Signature::new(t, ty)?;
    let head = t.new_block(&ty.params);
    keep_globals(t)?;
    t.jump(head, ty.num_params);
    if t.flow.is_some_and(|flow| flow.is_hot_loop(t.offset)) {
        t.often.push(head);
    }
    t.enter(FrameKind::Loop, head, ty.num_params, ty.num_params);
    let height = t.stacks.values.len() - ty.num_params;
    t.stacks.values.truncate(height);
    // The head is sealed at the end of the loop, when all branches to it are known.
    t.builder.switch_to_block(head);
    t.stacks.values.extend_from_slice(t.builder.block_params(head));
    t.keep_loop_params(ty.num_params);
    t.env.loop_head(&mut t.builder)
}

fn enter_if<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    ty: BlockType,
) -> Result<(), Error> {
    let ty = Signature::new(t, ty)?;
    let condition = t.pop();
    let end = t.new_block(&ty.results);
    let then = t.builder.create_block();
    let likely = t.is_likely();
    if likely == Some(false) {
        t.builder.set_cold_block(then);
    }
    let is_cold = likely == Some(true);
    let otherwise = if ty.params.is_empty() && ty.results.is_empty() {
        Else::Absent { branch: t.builder.ins().brif(condition, then, &[], end, &[]), is_cold }
    } else {
        let params = t.top(ty.num_params).into_iter().collect();
        let block = t.builder.create_block();
        if is_cold {
            t.builder.set_cold_block(block);
        }
        t.builder.ins().brif(condition, then, &[], block, &[]);
        t.builder.seal_block(block);
        Else::Block { block, params }
    };
    t.enter(FrameKind::If(otherwise), end, ty.results.len(), ty.num_params);
    t.builder.seal_block(then);
    t.builder.switch_to_block(then);
    Ok(())
}

fn enter_else<E: FuncEnvironment + ?Sized>(t: &mut FuncTranslator<'_, '_, E>) {
    let mut frame = t.stacks.frames.pop().expect("validation pairs `else` with `if`");
    if t.reachable {
        t.jump(frame.target, frame.branch_arity);
        frame.end_is_target = true;
    }
    t.stacks.values.truncate(frame.height);
    let FrameKind::If(otherwise) = &mut frame.kind else {
        unreachable!("validation pairs `else` with `if`");
    };
    let block = match std::mem::replace(otherwise, Else::Done) {
        Else::Absent { branch, is_cold } => {
            let block = t.builder.create_block();
            if is_cold {
                t.builder.set_cold_block(block);
            }
            t.builder.change_jump_destination(branch, frame.target, block);
            t.builder.seal_block(block);
            block
        }
        Else::Block { block, params } => {
            t.stacks.values.extend_from_slice(&params);
            block
        }
        Else::Done => unreachable!("validation allows one `else` for each `if`"),
    };
    t.builder.switch_to_block(block);
    t.reachable = true;
    t.stacks.frames.push(frame);
}

pub(super) fn end<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
) -> Result<(), Error> {
    let mut frame = t.stacks.frames.pop().expect("validation pairs `end` with what it ends");
    match &frame.kind {
        FrameKind::Function => return end_function(t, &frame),
        FrameKind::Loop => {
            t.builder.seal_block(frame.target);
            end_loop(t);
            if !t.reachable {
                t.stacks.values.truncate(frame.height);
            }
            return Ok(());
        }
        FrameKind::If(Else::Absent { .. }) => frame.end_is_target = true,
        FrameKind::If(Else::Block { block, params }) => {
            // There was no `else`: the parameters are the results.
            if t.reachable {
                t.jump(frame.target, frame.branch_arity);
            }
            t.builder.switch_to_block(*block);
            t.builder.ins().jump(frame.target, &block_args(params));
            t.reachable = false;
            frame.end_is_target = true;
        }
        FrameKind::Try(_) => {
            if let FrameKind::Try(construct) = std::mem::replace(&mut frame.kind, FrameKind::Block)
            {
                exceptions::end(t, &construct, &mut frame)?;
            }
        }
        FrameKind::If(Else::Done) | FrameKind::Block => {}
    }
    if frame.end_is_target {
        if t.reachable {
            t.jump(frame.target, frame.branch_arity);
        }
        t.stacks.values.truncate(frame.height);
        t.continue_in(frame.target);
    } else if !t.reachable {
        t.stacks.values.truncate(frame.height);
    }
    Ok(())
}

fn end_function<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    frame: &Frame,
) -> Result<(), Error> {
    if frame.end_is_target {
        if t.reachable {
            t.jump(frame.target, frame.branch_arity);
        }
        t.stacks.values.clear();
        t.continue_in(frame.target);
    }
    if t.reachable {
        let results = t.top(frame.branch_arity);
        t.env.translate_return(&mut t.builder, &results)?;
    }
    t.reachable = false;
    Ok(())
}

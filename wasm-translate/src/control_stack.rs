//! The control stack: what encloses the current place of a function body.

use cranelift_codegen::ir::{Block, Inst, Value};
use smallvec::SmallVec;

/// Where the code goes that an `if` has for a condition of zero.
#[derive(Clone, Debug)]
pub(crate) enum Else {
    /// No `else` was seen yet, and none need come: the branch goes to the end of the `if`, and is
    /// led elsewhere if an `else` comes after all. Only where there are neither parameters nor
    /// results.
    Absent {
        /// The branch.
        branch: Inst,
        /// Whether an `else` that comes after all is unlikely to run.
        is_cold: bool,
    },
    /// To a block of its own, which `else` fills, or `end` where there is none.
    Block {
        /// The block.
        block: Block,
        /// The parameters of the `if`.
        params: SmallVec<[Value; 2]>,
    },
    /// `else` was seen.
    Done,
}

/// What kind of construct a frame is.
#[derive(Clone, Debug)]
pub(crate) enum FrameKind {
    /// The function body: a branch to it returns.
    Function,
    /// `block`.
    Block,
    /// `loop`; branches go to its head.
    Loop,
    /// `if`.
    If(Else),
}

/// A construct that encloses the current place, and whose start can be reached.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// What it is.
    pub(crate) kind: FrameKind,
    /// Where branches to it go: the head of a loop, else the code after its end. The operands that
    /// they take with them are the block's parameters.
    pub(crate) target: Block,
    /// How many operands such branches take.
    pub(crate) branch_arity: usize,
    /// How many operands are on the stack below its parameters and results.
    pub(crate) height: usize,
    /// Whether some branch goes to the end.
    pub(crate) end_is_target: bool,
}

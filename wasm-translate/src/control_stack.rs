//! The control stack: what encloses the current place of a function body.

use std::rc::Rc;

use cranelift_codegen::ir::{Block, Inst, SourceLoc, Value};
use smallvec::SmallVec;
use wasm_types::TagIndex;
use wasm_types::wasmparser::Catch;

use crate::environ::{Handler, Values};

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
    /// `try_table`, or the older `try`.
    Try(Box<Try>),
}

/// A construct that catches exceptions.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) kind: TryKind,
    pub(crate) clauses: Vec<Clause>,
    /// What catches exceptions at the current place, in the construct or around it.
    pub(crate) handlers: Rc<[Handler]>,
    /// Where it stands in the binary.
    pub(crate) place: SourceLoc,
}

/// Which of the constructs it is.
#[derive(Clone, Debug)]
pub(crate) enum TryKind {
    /// `try_table`, with what each clause does.
    Table { catches: Vec<Catch> },
    /// `try`.
    Legacy {
        /// For each clause whether the code in it throws the exception again.
        rethrown: Vec<bool>,
        /// The number of the clause that comes next.
        next: usize,
        /// In a clause, the exception.
        caught: Option<Caught>,
    },
}

/// A clause, and the block that exceptions go to which it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clause {
    /// The tag, or `None` if it takes all.
    pub(crate) tag: Option<TagIndex>,
    pub(crate) block: Block,
}

/// An exception that can be thrown again.
#[derive(Clone, Debug)]
pub(crate) enum Caught {
    /// Its tag and its values are known.
    Values { tag: TagIndex, values: Values },
    /// It is kept by the environment, if it is thrown again, for the handler at this depth.
    Kept { depth: u32 },
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

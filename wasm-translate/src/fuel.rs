//! Fuel: counting what operators cost, exactly, and with as few instructions as that allows.
//!
//! An environment records while a function is translated, as [`Event`]s, what is used where, and
//! where others may see how much is left. When the function is complete, [`meter`] takes fuel:
//!
//! * [`graph`] divides the blocks into pieces,
//! * [`placement`] decides how much is taken in which of them,
//! * [`emit`] makes the instructions,
//! * [`yielding`] has the code ask for more where it would trap, if it is to.
//!
//! So what is taken follows from the code as it was translated, before any optimisation. What is
//! *used* is a matter of the operators alone: it is the same however the code is compiled.

mod cost;
mod emit;
mod graph;
mod placement;
mod yielding;

use std::collections::HashMap;

use cranelift_codegen::entity::packed_option::PackedOption;
use cranelift_codegen::ir::{Block, Function, Inst, Signature, SourceLoc, Value};

pub(crate) use cost::cost_of;
pub(crate) use emit::Access;

/// What entering a function costs, so that even an empty one costs something.
pub(crate) const ENTRY_COST: i64 = 1;

/// Something that was translated, or is about to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// The block it belongs to.
    pub(crate) block: Block,
    /// The last instruction of the block before it.
    pub(crate) after: PackedOption<Inst>,
    /// Where it is in the binary.
    pub(crate) place: SourceLoc,
    pub(crate) kind: EventKind,
}

/// What it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EventKind {
    /// This much is used from here on.
    Used(i64),
    /// Control leaves the code here: what is taken has to be what was used up to now, and may be
    /// another number afterwards. If `checked`, it does not leave if that is more than there is.
    Exact {
        /// Whether the code checks how much is left.
        checked: bool,
    },
    /// The entry of the function.
    Entry,
    /// The entry of a function that stands in place of a call, and checks that any fuel is left.
    InlinedEntry,
    /// The head of a loop.
    LoopHead,
}

/// How a function is metered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The instance context.
    pub(crate) context: Value,
    /// Whether the function checks at its entry that any fuel is left.
    pub(crate) checks_entry: bool,
    /// Whether the host may change how much is left at the head of a loop: a host that interrupts
    /// the code can.
    pub(crate) interrupted: bool,
    /// Whether the host may have put some fuel aside, so that code which finds too little asks for
    /// it ([`yielding`]).
    pub(crate) yields: bool,
    /// Whether fuel is taken for each operator by itself, as it is used: for tests.
    pub(crate) each_operator: bool,
}

/// How much fuel was taken ahead of its use where an operator traps. Keyed by the operator's offset
/// in the binary; operators where nothing was taken ahead are left out.
pub(crate) type TrapLeads = HashMap<u32, i32>;

/// Makes a function take the fuel that the events say it uses. `more` is the signature of the
/// builtin that it calls where it finds too little.
pub(crate) fn meter(
    func: &mut Function,
    events: &mut [Event],
    plan: Plan,
    more: Signature,
) -> TrapLeads {
    // Blocks are not translated one after the other, but each from its start to its end.
    events.sort_by_key(|event| event.block.as_u32());
    let mut graph = graph::Graph::new(func, events, plan);
    graph.place();
    let leads = graph.leads_of_operators();
    emit::emit(func, &graph, plan);
    if plan.yields {
        yielding::ask_for_more(func, plan.context, more);
    }
    leads
}

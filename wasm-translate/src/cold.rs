//! Code that is unlikely to run stands behind the rest of its function.
//!
//! Branch hints and profiles make the first blocks of such code cold. What is only reached through
//! cold blocks is cold too, unless a profile says that it runs often all the same: a loop behind
//! one that is left once.

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{Block, Function};

/// Makes the blocks cold that can't be reached from the entry, or from others that run often, but
/// through cold ones.
pub(crate) fn spread(func: &mut Function, often: &[Block]) {
    let flow = ControlFlowGraph::with_function(func);
    let Some(entry) = func.layout.entry_block() else { return };
    let mut is_warm = cranelift_codegen::entity::EntitySet::<Block>::new();
    let mut pending = vec![entry];
    pending.extend(often.iter().filter(|block| func.layout.is_block_inserted(**block)));
    pending.iter().for_each(|block| _ = is_warm.insert(*block));
    while let Some(block) = pending.pop() {
        for next in flow.succ_iter(block) {
            if !func.layout.is_cold(next) && is_warm.insert(next) {
                pending.push(next);
            }
        }
    }
    let cold: Vec<Block> = func.layout.blocks().filter(|block| !is_warm.contains(*block)).collect();
    cold.into_iter().for_each(|block| func.layout.set_cold(block));
}

//! `br_table` (Wasm 3.0, section 4.6.8): as a jump table, or as comparisons where that is faster.
//!
//! A jump through a table costs a load and an indirect jump, and on machines that speculate a clamp
//! of the index. A few comparisons are predicted better and cost less.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder as _, JumpTableData, Value};
use wasm_types::wasmparser::BrTable;

use super::branch::{block_args, branch};
use crate::environ::FuncEnvironment;
use crate::error::{Error, ErrorKind};
use crate::translator::FuncTranslator;

/// Up to this many indices that do not go to the default are compared with one by one.
const MAX_SINGLE: usize = 4;

/// Up to this many ranges of indices with the same target are compared with in order.
const MAX_RUNS: usize = 7;

/// Up to this many tables of a function become comparisons. Each is several blocks, and the
/// optimiser takes time by how many blocks there are for each constant in them: of a function with
/// thousands of small tables, twice the time. The loops of interpreters have a few dozen.
const MAX_COMPARED: u32 = 256;

/// Indices below `end`, and not below the end of the run before, go to `depth`.
struct Run {
    end: usize,
    depth: u32,
}

pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    table: &BrTable<'_>,
) -> Result<(), Error> {
    let default = table.default();
    let arity = t.stacks.frames[t.frame_at(default)].branch_arity;
    t.budget.blocks(table.len() as usize, arity)?;
    let index = t.pop();
    // The body was validated up to and with this operator.
    let unread = |error: wasm_types::wasmparser::Error| {
        Error::new(ErrorKind::Codegen, format!("a jump table can't be read: {error}"))
    };
    let mut targets = table.targets().collect::<Result<Vec<u32>, _>>().map_err(unread)?;
    while targets.last() == Some(&default) {
        targets.pop();
    }
    if targets.is_empty() {
        return branch(t, default);
    }
    t.budget.blocks(1, arity)?;
    let (default_block, arity) = t.branch_target(default);
    // All targets take the same operands.
    let args = block_args(&t.top(arity));
    t.reachable = false;

    if t.compared_tables < MAX_COMPARED && translate_compared(t, index, &targets, default, &args) {
        t.compared_tables += 1;
        return Ok(());
    }
    let default = t.builder.func.dfg.block_call(default_block, &args);
    let mut calls = Vec::with_capacity(targets.len());
    for depth in targets {
        let (block, _): (Block, usize) = t.branch_target(depth);
        calls.push(t.builder.func.dfg.block_call(block, &args));
    }
    let jump_table = t.builder.create_jump_table(JumpTableData::new(default, &calls));
    t.builder.ins().br_table(index, jump_table);
    Ok(())
}

/// Compares with the indices; false, and nothing is done, if there are too many that differ.
fn translate_compared<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    index: Value,
    targets: &[u32],
    default: u32,
    args: &[BlockArg],
) -> bool {
    let single = |(index, depth): (usize, &u32)| (*depth != default).then_some((index, *depth));
    let singles: Vec<(usize, u32)> =
        targets.iter().enumerate().filter_map(single).take(MAX_SINGLE + 1).collect();
    if singles.len() <= MAX_SINGLE {
        for (number, depth) in singles {
            branch_if(t, IntCC::Equal, index, number, depth, args);
        }
    } else {
        let runs = runs(targets);
        if runs.len() > MAX_RUNS {
            return false;
        }
        for run in runs {
            branch_if(t, IntCC::UnsignedLessThan, index, run.end, run.depth, args);
        }
    }
    let (default, _) = t.branch_target(default);
    t.builder.ins().jump(default, args);
    true
}

/// The ranges of indices with the same target, in order.
fn runs(targets: &[u32]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, depth) in targets.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.depth == *depth => run.end = index + 1,
            _ => runs.push(Run { end: index + 1, depth: *depth }),
        }
    }
    runs
}

/// Branches if the comparison with a number holds, and goes on in a new block if not.
fn branch_if<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    condition: IntCC,
    index: Value,
    number: usize,
    depth: u32,
    args: &[BlockArg],
) {
    let (target, _) = t.branch_target(depth);
    let holds = t.builder.ins().icmp_imm_u(condition, index, number as i64);
    let next = t.builder.create_block();
    t.builder.ins().brif(holds, target, args, next, &[]);
    t.builder.seal_block(next);
    t.builder.switch_to_block(next);
}

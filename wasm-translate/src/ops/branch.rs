//! Branches, of which some return (Wasm 3.0, section 4.6.8).

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder as _, Value};
use smallvec::SmallVec;
use wasm_types::profile::PointKind;

use crate::control_stack::FrameKind;
use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;

pub(super) fn return_from_function<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
) -> Result<(), Error> {
    if let Some(inlined) = &t.inlined {
        let depth = inlined.depth(t.stacks.frames.len());
        return branch(t, depth);
    }
    let arity = t.stacks.frames[0].branch_arity;
    let results = t.top(arity);
    t.env.translate_return(&mut t.builder, &results)?;
    t.reachable = false;
    Ok(())
}

pub(super) fn branch<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
) -> Result<(), Error> {
    if t.frame_at(depth) == 0 {
        return return_from_function(t);
    }
    let (target, arity) = t.branch_target(depth);
    t.budget.blocks(1, arity)?;
    t.jump(target, arity);
    t.reachable = false;
    Ok(())
}

pub(super) fn branch_if<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
) -> Result<(), Error> {
    let condition = t.pop();
    let (target, arity) = t.branch_target(depth);
    t.budget.blocks(1, arity)?;
    let args = block_args(&t.top(arity));
    let next = t.builder.create_block();
    let likely = t.is_likely();
    let counter = t.counter(PointKind::Taken);
    if likely == Some(true) {
        t.builder.set_cold_block(next);
    }
    if likely == Some(false) || counter.is_some() {
        // The target may be reached from elsewhere too, and then is not cold.
        let aside = t.builder.create_block();
        if likely == Some(false) {
            t.builder.set_cold_block(aside);
        }
        if matches!(t.stacks.frames[t.frame_at(depth)].kind, FrameKind::Loop) {
            // The register allocator gets the first way of a branch behind all that follows the
            // second, and takes what stands between the head of a loop and the last way back to it
            // for a part of the loop. So the way back comes second.
            let is_other = t.builder.ins().icmp_imm_u(IntCC::Equal, condition, 0);
            t.builder.ins().brif(is_other, next, &[], aside, &[]);
        } else {
            t.builder.ins().brif(condition, aside, &[], next, &[]);
        }
        t.builder.seal_block(aside);
        t.builder.switch_to_block(aside);
        if let Some(counter) = counter {
            t.env.count(&mut t.builder, counter);
        }
        t.builder.ins().jump(target, &args);
    } else {
        t.builder.ins().brif(condition, target, &args, next, &[]);
    }
    t.builder.seal_block(next);
    t.builder.switch_to_block(next);
    Ok(())
}

/// `br_on_null`: without the reference to the target, or on with it.
pub(super) fn branch_on_null<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
) -> Result<(), Error> {
    let reference = t.pop();
    let is_null = t.env.ref_is_null(&mut t.builder, reference)?;
    t.push(is_null);
    branch_if(t, depth)?;
    t.push(reference);
    Ok(())
}

/// `br_on_non_null`: with the reference to the target, or on without it.
pub(super) fn branch_on_non_null<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    depth: u32,
) -> Result<(), Error> {
    let reference = t.pop();
    let is_null = t.env.ref_is_null(&mut t.builder, reference)?;
    t.push(reference);
    let (target, arity) = t.branch_target(depth);
    t.budget.blocks(1, arity)?;
    let args = block_args(&t.top(arity));
    t.pop();
    let next = t.builder.create_block();
    t.builder.ins().brif(is_null, next, &[], target, &args);
    t.builder.seal_block(next);
    t.builder.switch_to_block(next);
    Ok(())
}

pub(super) fn block_args(values: &[Value]) -> SmallVec<[BlockArg; 4]> {
    values.iter().map(|value| BlockArg::Value(*value)).collect()
}

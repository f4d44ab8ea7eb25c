//! Addresses into linear memories: from the operand of a load or store to a native address.

use cranelift_codegen::ir::{
    Endianness, InstBuilder as _, MemFlagsData, Value, condcodes::IntCC, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::TrapCode;

use crate::environ::{FuncEnvironment, Heap, HeapAccess, HeapBound};
use crate::error::Error;
use crate::trap::clif_trap_code;

/// Makes a native address of an access: flags, address and constant offset for a load or store.
///
/// The code is made for 64-bit targets, where the whole of a 32-bit index plus its offset can be
/// added to an address without overflow.
pub(crate) fn prepare_access<E: FuncEnvironment + ?Sized>(
    builder: &mut FunctionBuilder<'_>,
    env: &mut E,
    access: HeapAccess,
) -> Result<(MemFlagsData, Value, i32), Error> {
    let heap = env.heap(builder, access.memory)?;
    let flags = MemFlagsData::new()
        .with_endianness(Endianness::Little)
        .with_trap_code(Some(clif_trap_code(TrapCode::MemoryOutOfBounds)))
        .with_alias_region(heap.alias_region);
    let index = match builder.func.dfg.value_type(access.index) {
        types::I64 => access.index,
        _ => builder.ins().uextend(types::I64, access.index),
    };
    // Beyond 2^64 no memory reaches.
    let Some(end) = access.offset.checked_add(u64::from(access.size)) else {
        return Ok((flags, always_out_of_bounds(builder), 0));
    };
    let is_narrow = index != access.index;
    let out_of_bounds = match heap.bound {
        HeapBound::Static { reserved } => {
            match reserved.saturating_add(heap.guard).checked_sub(end) {
                None => return Ok((flags, always_out_of_bounds(builder), 0)),
                Some(last) if is_narrow && last >= u64::from(u32::MAX) => None,
                Some(last) => {
                    let last = builder.ins().iconst(types::I64, last as i64);
                    Some(builder.ins().icmp(IntCC::UnsignedGreaterThan, index, last))
                }
            }
        }
        HeapBound::Dynamic { length } if end <= heap.guard => {
            Some(builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length))
        }
        HeapBound::Dynamic { length } => {
            let end_offset = builder.ins().iconst(types::I64, end as i64);
            let end = if is_narrow && end <= u64::MAX - u64::from(u32::MAX) {
                builder.ins().iadd(index, end_offset)
            } else {
                let code = clif_trap_code(TrapCode::MemoryOutOfBounds);
                builder.ins().uadd_overflow_trap(index, end_offset, code)
            };
            Some(builder.ins().icmp(IntCC::UnsignedGreaterThan, end, length))
        }
    };
    Ok(checked_address(builder, &heap, index, access.offset, out_of_bounds, flags))
}

/// The address, after the check if there is one.
fn checked_address(
    builder: &mut FunctionBuilder<'_>,
    heap: &Heap,
    index: Value,
    offset: u64,
    out_of_bounds: Option<Value>,
    flags: MemFlagsData,
) -> (MemFlagsData, Value, i32) {
    let guarded = out_of_bounds.filter(|_| heap.spectre_mitigation);
    if let (Some(condition), None) = (out_of_bounds, guarded) {
        builder.ins().trapnz(condition, clif_trap_code(TrapCode::MemoryOutOfBounds));
    }
    let start = builder.ins().iadd(heap.base, index);
    // An offset goes into the instruction, unless the address may be replaced by null: null plus an
    // offset need not be an address that faults.
    if let (Ok(offset), None) = (i32::try_from(offset), guarded) {
        return (flags, start, offset);
    }
    let address = if offset == 0 {
        start
    } else {
        let offset = builder.ins().iconst(types::I64, offset as i64);
        builder.ins().iadd(start, offset)
    };
    match guarded {
        None => (flags, address, 0),
        Some(condition) => {
            let null = builder.ins().iconst(types::I64, 0);
            (flags, builder.ins().select_spectre_guard(condition, null, address), 0)
        }
    }
}

/// Traps. The code after it needs an address all the same, though it is never used.
fn always_out_of_bounds(builder: &mut FunctionBuilder<'_>) -> Value {
    let yes = builder.ins().iconst(types::I32, 1);
    builder.ins().trapnz(yes, clif_trap_code(TrapCode::MemoryOutOfBounds));
    builder.ins().iconst(types::I64, 0)
}

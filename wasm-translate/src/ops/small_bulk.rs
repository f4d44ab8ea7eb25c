//! `memory.copy` and `memory.fill` of a few bytes, as many as a constant says: loads and stores in
//! place of a call.
//!
//! Bounds are checked first, for all bytes at once, so that nothing is written if some are out of
//! bounds (Wasm 3.0, section 4.6.7). Of a copy, everything is loaded before anything is stored, so
//! the two places may overlap.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Value, types};
use smallvec::SmallVec;
use wasm_types::{MemoryIndex, TrapCode};

use super::vectors;
use crate::constant::constant;
use crate::environ::{BulkOperands, BulkOperation, FuncEnvironment, HeapBound};
use crate::error::Error;
use crate::pieces::{MAX, pieces};
use crate::translator::FuncTranslator;
use crate::trap::clif_trap_code;

/// Translates a bulk operator; `false` if it is not one of a few bytes.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    operation: BulkOperation,
    operands: BulkOperands,
) -> Result<bool, Error> {
    match operation {
        BulkOperation::MemoryCopy { to, from } => copy(t, to, from, operands),
        BulkOperation::MemoryFill { memory } => fill(t, memory, operands),
        _ => Ok(false),
    }
}

/// Translates `memory.copy`; `false` if it is not a small one.
fn copy<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    to: MemoryIndex,
    from: MemoryIndex,
    operands: BulkOperands,
) -> Result<bool, Error> {
    let Some(len) = small_length(t, operands.len) else { return Ok(false) };
    let Some(target) = MemoryRange::new(t, to, operands.to)? else { return Ok(false) };
    let Some(source) = MemoryRange::new(t, from, operands.from)? else { return Ok(false) };
    if to == from {
        // The range that begins later ends later.
        let later = t.builder.ins().umax(target.index, source.index);
        check(t, later, len, target.size);
    } else {
        check(t, target.index, len, target.size);
        check(t, source.index, len, source.size);
    }
    let vectors = vectors::supported(t.env.isa()).is_ok();
    let pieces = pieces(len, if vectors { 16 } else { 8 });
    let values: SmallVec<[Value; 8]> = pieces
        .iter()
        .map(|piece| t.builder.ins().load(piece.ty(), source.flags, source.address, piece.offset))
        .collect();
    for (piece, value) in pieces.iter().zip(values) {
        t.builder.ins().store(target.flags, value, target.address, piece.offset);
    }
    Ok(true)
}

/// Translates `memory.fill`; `false` if it is not a small one.
fn fill<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    memory: MemoryIndex,
    operands: BulkOperands,
) -> Result<bool, Error> {
    let Some(len) = small_length(t, operands.len) else { return Ok(false) };
    let Some(target) = MemoryRange::new(t, memory, operands.to)? else { return Ok(false) };
    check(t, target.index, len, target.size);
    // The byte in each byte of a word.
    let byte = t.builder.ins().ireduce(types::I8, operands.from);
    let byte = t.builder.ins().uextend(types::I64, byte);
    let ones = t.builder.ins().iconst(types::I64, 0x0101_0101_0101_0101);
    let word = t.builder.ins().imul(byte, ones);
    for piece in pieces(len, 8) {
        let value = match piece.ty() {
            types::I64 => word,
            ty => t.builder.ins().ireduce(ty, word),
        };
        t.builder.ins().store(target.flags, value, target.address, piece.offset);
    }
    Ok(true)
}

/// How many bytes a length stands for, if it is a constant and small, but not zero.
fn small_length<E: FuncEnvironment + ?Sized>(
    t: &FuncTranslator<'_, '_, E>,
    len: Value,
) -> Option<u8> {
    let len = constant(t.builder.func, len)?;
    u8::try_from(len).ok().filter(|len| t.small_bulk && (1..=MAX).contains(len))
}

/// Some bytes of a memory.
struct MemoryRange {
    address: Value,
    flags: MemFlagsData,
    /// Where they begin, and how long the memory is, both of type `i64`.
    index: Value,
    size: Value,
}

impl MemoryRange {
    /// The bytes from an address on; `None` if the memory is not one where this is known.
    fn new<E: FuncEnvironment + ?Sized>(
        t: &mut FuncTranslator<'_, '_, E>,
        memory: MemoryIndex,
        address: Value,
    ) -> Result<Option<Self>, Error> {
        if !t.env.memory_is_reserved(memory) {
            return Ok(None);
        }
        let size = t.env.memory_length(&mut t.builder, memory)?;
        let heap = t.env.heap(&mut t.builder, memory)?;
        // Speculation may run ahead of the check, but not leave what is reserved.
        let HeapBound::Static { .. } = heap.bound else { return Ok(None) };
        if heap.spectre_mitigation && heap.guard < u64::from(MAX) {
            return Ok(None);
        }
        let index = t.builder.ins().uextend(types::I64, address);
        let flags = MemFlagsData::new()
            .with_endianness(Endianness::Little)
            .with_trap_code(None)
            .with_alias_region(heap.alias_region);
        let address = t.builder.ins().iadd(heap.base, index);
        Ok(Some(Self { address, flags, index, size }))
    }
}

/// Traps if so many bytes from an index on are out of bounds.
fn check<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    index: Value,
    len: u8,
    size: Value,
) {
    let end = t.builder.ins().iadd_imm_s(index, i64::from(len));
    let outside = t.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, size);
    t.builder.ins().trapnz(outside, clif_trap_code(TrapCode::MemoryOutOfBounds));
}

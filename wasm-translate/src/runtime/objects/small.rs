//! `array.copy` and `array.fill` of a few bytes, as many as a constant says: loads and stores in
//! place of a call.
//!
//! As the call would, the code looks for null and for bounds before it writes anything. Nothing is
//! a safepoint between the loads and the stores of a copy, so references may be copied as numbers,
//! several at a time.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Endianness, InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use smallvec::SmallVec;
use wasm_types::abi::heap;
use wasm_types::{StorageType, TrapCode};

use super::super::{Region, RuntimeEnvironment};
use super::fill::pattern;
use super::stored::may_refer;
use crate::constant::constant;
use crate::environ::{ArrayRange, ArraySource, Reference, Result};
use crate::ops::vectors;
use crate::pieces::{MAX, pieces};
use crate::trap::clif_trap_code;

/// Elements of an array whose length was read.
struct Elements {
    array: Value,
    start: Value,
    /// How many the array has.
    length: Value,
}

impl RuntimeEnvironment<'_> {
    /// Writes to an array in place; `false` if the elements are not few, or come from a segment.
    pub(super) fn write_few(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: ArrayRange,
        source: ArraySource,
    ) -> Result<bool> {
        let storage = self.element_type(to.ty)?.storage;
        let Some(bytes) = self.few_bytes(builder, storage, to.len) else { return Ok(false) };
        match source {
            ArraySource::Value(value) => self.fill_few(builder, storage, to, bytes, value),
            ArraySource::Array { array, from } => {
                self.copy_few(builder, storage, to, bytes, (array, from));
            }
            ArraySource::Segment { .. } => return Ok(false),
        }
        Ok(true)
    }

    /// How many bytes so many elements have, if that is a constant and small.
    fn few_bytes(
        &self,
        builder: &FunctionBuilder<'_>,
        storage: StorageType,
        len: Value,
    ) -> Option<u8> {
        let len = constant(builder.func, len).filter(|_| self.direct_bulk)?;
        let bytes = u32::try_from(len).ok()?.checked_mul(storage.object_size())?;
        u8::try_from(bytes).ok().filter(|bytes| *bytes <= MAX)
    }

    fn fill_few(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        to: ArrayRange,
        bytes: u8,
        value: Value,
    ) {
        let value = self.stored(builder, storage, value);
        let target = self.elements(builder, to.array, to.start);
        target.check(builder, to.len);
        if bytes == 0 {
            return;
        }
        if value.needs_barrier(builder) {
            self.write_barrier(builder, to.array, None);
        }
        let (address, flags) = self.elements_at(builder, storage, &target);
        let word = pattern(builder, value);
        let size = builder.func.dfg.value_type(word).bytes();
        if size > 8 {
            // Vectors have their lowest lane first on every machine.
            let flags = flags.with_endianness(Endianness::Little);
            for offset in (0..u32::from(bytes)).step_by(size as usize) {
                builder.ins().store(flags, word, address, (heap::ARRAY_ELEMENTS + offset) as i32);
            }
            return;
        }
        let word = match builder.func.dfg.value_type(word) {
            types::F64 => builder.ins().bitcast(types::I64, MemFlagsData::new(), word),
            _ => word,
        };
        for piece in pieces(bytes, 8) {
            let value = match piece.ty() {
                types::I64 => word,
                ty => builder.ins().ireduce(ty, word),
            };
            let offset = heap::ARRAY_ELEMENTS as i32 + piece.offset;
            builder.ins().store(flags, value, address, offset);
        }
    }

    fn copy_few(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        to: ArrayRange,
        bytes: u8,
        (array, from): (Value, Value),
    ) {
        let target = self.elements(builder, to.array, to.start);
        let source = self.elements(builder, array, from);
        target.check(builder, to.len);
        source.check(builder, to.len);
        if bytes == 0 {
            return;
        }
        if may_refer(storage) {
            self.write_barrier(builder, to.array, None);
        }
        let largest = if vectors::supported(self.isa).is_ok() { 16 } else { 8 };
        let (from, flags) = self.elements_at(builder, storage, &source);
        // In the same order both ways, whatever the elements are.
        let flags = flags.with_endianness(Endianness::Little);
        let offset = heap::ARRAY_ELEMENTS as i32;
        let pieces = pieces(bytes, largest);
        let values: SmallVec<[Value; 8]> = pieces
            .iter()
            .map(|piece| builder.ins().load(piece.ty(), flags, from, offset + piece.offset))
            .collect();
        let (to, _) = self.elements_at(builder, storage, &target);
        for (piece, value) in pieces.iter().zip(values) {
            builder.ins().store(flags, value, to, offset + piece.offset);
        }
    }

    /// Elements from an index on. Traps if the array is null.
    fn elements(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        array: Value,
        start: Value,
    ) -> Elements {
        let length = self.array_length(builder, Reference { value: array, nullable: true });
        Elements { array, start, length }
    }

    /// What is [`ARRAY_ELEMENTS`](heap::ARRAY_ELEMENTS) before the elements, and flags for accesses
    /// to a part of one or to several.
    fn elements_at(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        elements: &Elements,
    ) -> (Value, MemFlagsData) {
        let address = self.element_address_of(builder, storage, elements.array, elements.start);
        let region = self.region(builder, Region::Element);
        let flags = MemFlagsData::new().with_trap_code(None).with_alias_region(Some(region));
        (address, flags)
    }
}

impl Elements {
    /// Traps if so many are out of bounds.
    fn check(&self, builder: &mut FunctionBuilder<'_>, count: Value) {
        // In 64 bits, so that nothing overflows.
        let [start, length, count] =
            [self.start, self.length, count].map(|value| builder.ins().uextend(types::I64, value));
        let end = builder.ins().iadd(start, count);
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, length);
        builder.ins().trapnz(outside, clif_trap_code(TrapCode::ArrayOutOfBounds));
    }
}

//! Arrays: their length, single elements, and many of them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, heap};
use wasm_types::{StorageType, TrapCode};

use super::super::{Region, RuntimeEnvironment};
use crate::environ::{ArrayRange, ArraySource, Reference, Segment};
use crate::trap::clif_trap_code;

impl RuntimeEnvironment<'_> {
    /// The length. Traps if the reference is null.
    pub(super) fn array_length(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        array: Reference,
    ) -> Value {
        let address = self.object_address(builder, array.value);
        let trap = array.nullable.then_some(TrapCode::NullReference);
        let flags = self.object_flags(builder, Region::Length, types::I32, trap);
        builder.ins().load(types::I32, flags, address, heap::ARRAY_LENGTH as i32)
    }

    /// Traps if the reference is null or the index out of bounds.
    pub(super) fn check_index(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        array: Reference,
        index: Value,
    ) {
        let length = self.array_length(builder, array);
        let outside = builder.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, index, length);
        builder.ins().trapnz(outside, clif_trap_code(TrapCode::ArrayOutOfBounds));
    }

    /// What is [`ARRAY_ELEMENTS`](heap::ARRAY_ELEMENTS) before an element, after the index was
    /// checked. It is computed in 32 bits, so that a processor that runs ahead of the check does
    /// not leave the heap.
    pub(super) fn element_address_of(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        storage: StorageType,
        array: Value,
        index: Value,
    ) -> Value {
        let log2 = i64::from(storage.object_size().trailing_zeros());
        let distance = match log2 {
            0 => index,
            _ => builder.ins().ishl_imm_u(index, log2),
        };
        let place = builder.ins().iadd(array, distance);
        self.object_address(builder, place)
    }

    /// `array.fill`, `array.copy`, `array.init_data`, `array.init_elem`.
    pub(super) fn write_elements(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        to: ArrayRange,
        source: ArraySource,
    ) {
        let ArrayRange { array, start, len, .. } = to;
        match source {
            ArraySource::Value(value) => {
                let value = self.spill(builder, &[value]);
                self.call_builtin(builder, Builtin::ArrayFill, &[array, start, value, len]);
            }
            ArraySource::Array { array: source, from } => {
                let args = [array, start, source, from, len];
                self.call_builtin(builder, Builtin::ArrayCopy, &args);
            }
            ArraySource::Segment { segment, from } => {
                let (builtin, segment) = match segment {
                    Segment::Data(data) => (Builtin::ArrayInitData, data.as_u32()),
                    Segment::Elem(elem) => (Builtin::ArrayInitElem, elem.as_u32()),
                };
                self.call_indexed_builtin(builder, builtin, &[segment], &[array, start, from, len]);
            }
        }
    }
}

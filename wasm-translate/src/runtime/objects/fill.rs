//! New arrays, with what is in them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder as _, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;
use smallvec::SmallVec;
use wasm_types::abi::{ArrayLayout, Builtin, heap};
use wasm_types::{StorageType, TypeIndex};

use super::super::{Region, RuntimeEnvironment};
use super::allocate::{Allocation, MAX_SIZE, NewObject};
use super::part::Part;
use super::save::Done;
use super::stored::{Stored, stored_type};
use crate::constant::constant;
use crate::environ::{LiveReferences, Result, Segment, Values};
use crate::error::{Error, ErrorKind};

/// Up to this many bytes are filled without a loop.
const MAX_UNROLLED: u32 = 128;

impl RuntimeEnvironment<'_> {
    /// `array.new_fixed`.
    pub(super) fn fixed_array(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        values: &[Stored],
        live: &mut LiveReferences,
    ) -> Result<Value> {
        let storage = self.element_type(ty)?.storage;
        let layout = ArrayLayout { element: storage.object_size() };
        let size = layout
            .size(values.len() as u32)
            .ok_or_else(|| Error::new(ErrorKind::Limit, "an array is larger than any heap"))?;
        let flags = self.element_access(builder, storage);
        let offset = |place: usize| heap::ARRAY_ELEMENTS + place as u32 * layout.element;
        let parts: SmallVec<[Part; 8]> = (values.iter().enumerate())
            .map(|(place, value)| Part { flags, value: *value, offset: offset(place) })
            .collect();
        let elements = values.len() as u32;
        Ok(self.new_object(builder, NewObject { ty, size, elements, parts: &parts }, live))
    }

    /// `array.new`, and `array.new_default`, for which there is no value before it is stored: that
    /// is what the store makes.
    pub(super) fn filled_array(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        (stored, value): (Stored, Option<Value>),
        len: Value,
        live: &mut LiveReferences,
    ) -> Value {
        let live_values = self.live_values(builder, live);
        let layout = ArrayLayout { element: stored.storage.object_size() };
        let most = layout.most_elements(MAX_SIZE);
        let constant = constant(builder.func, len).map(|len| len as u32);
        let full = match constant {
            Some(len) if len > most => None,
            Some(_) => Some(None),
            None => {
                let large = builder.create_block();
                builder.set_cold_block(large);
                let limit = builder.ins().iconst(types::I32, i64::from(most));
                let is_large = builder.ins().icmp(IntCC::UnsignedGreaterThan, len, limit);
                let small = builder.create_block();
                builder.ins().brif(is_large, large, &[], small, &[]);
                builder.seal_block(small);
                builder.switch_to_block(small);
                Some(Some(large))
            }
        };
        // Nobody but the store makes one that is always large.
        let Some(large) = full else {
            let array = self.ask_for_object(builder, ty, len);
            if let Some(value) = value {
                self.fill_whole(builder, array, value, len);
            }
            return array;
        };
        let done = Done::new(builder, live);

        let size = array_size(builder, layout, len);
        let Allocation { object, full } = self.take_room(builder, size);
        self.write_header(builder, ty, object, len);
        let bytes = constant.and_then(|len| layout.size(len));
        self.fill(builder, object, (size, bytes), stored);
        done.jump(builder, object, &live.stack);

        if let Some(large) = large {
            builder.seal_block(large);
            builder.switch_to_block(large);
            builder.ins().jump(full, &[]);
        }
        builder.seal_block(full);
        builder.switch_to_block(full);
        let mut saved = self.save(builder, &live_values);
        let object = self.ask_for_object(builder, ty, len);
        saved.note_call(builder);
        if let Some(value) = value {
            let value = saved.read(builder, value);
            self.fill_whole(builder, object, value, len);
            saved.note_call(builder);
        }
        saved.restore(builder);
        let stack: Values = live.stack.iter().map(|value| saved.now(*value)).collect();
        done.jump(builder, object, &stack);
        done.enter(builder, live)
    }

    /// Has the store write a value to all elements of a new array.
    fn fill_whole(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        array: Value,
        value: Value,
        len: Value,
    ) {
        let value = self.spill(builder, &[value]);
        let start = builder.ins().iconst(types::I32, 0);
        self.call_builtin(builder, Builtin::ArrayFill, &[array, start, value, len]);
    }

    /// Writes the elements of a new array of so many bytes, with what follows them.
    fn fill(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: Value,
        (size, constant): (Value, Option<u32>),
        stored: Stored,
    ) {
        let word = pattern(builder, stored);
        let ty = builder.func.dfg.value_type(word);
        let step = ty.bytes();
        let flags = self.object_flags(builder, Region::Element, ty, None);
        let address = self.object_address(builder, object);
        if let Some(size) = constant.filter(|size| *size <= MAX_UNROLLED) {
            for offset in (heap::ARRAY_ELEMENTS..size).step_by(step as usize) {
                builder.ins().store(flags, word, address, offset as i32);
            }
            return;
        }
        let first = builder.ins().iadd_imm_u(address, i64::from(heap::ARRAY_ELEMENTS));
        let size = builder.ins().uextend(types::I64, size);
        let end = builder.ins().iadd(address, size);
        let (body, next): (Block, Block) = (builder.create_block(), builder.create_block());
        let place = builder.append_block_param(body, types::I64);
        let is_empty = builder.ins().icmp(IntCC::Equal, first, end);
        builder.ins().brif(is_empty, next, &[], body, &[first.into()]);
        builder.switch_to_block(body);
        builder.ins().store(flags, word, place, 0);
        let after = builder.ins().iadd_imm_u(place, i64::from(step));
        let is_last = builder.ins().icmp(IntCC::Equal, after, end);
        builder.ins().brif(is_last, next, &[], body, &[after.into()]);
        builder.seal_block(body);
        builder.seal_block(next);
        builder.switch_to_block(next);
    }

    /// `array.new_data`, `array.new_elem`.
    pub(super) fn array_of_segment(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        segment: Segment,
        from: Value,
        len: Value,
    ) -> Value {
        let (builtin, segment) = match segment {
            Segment::Data(data) => (Builtin::ArrayNewData, data.as_u32()),
            Segment::Elem(elem) => (Builtin::ArrayNewElem, elem.as_u32()),
        };
        let indices = [ty.as_u32(), segment];
        self.call_indexed_builtin(builder, builtin, &indices, &[from, len])
            .expect("making an array has a result")
    }
}

/// The size of an array that is small.
fn array_size(builder: &mut FunctionBuilder<'_>, layout: ArrayLayout, len: Value) -> Value {
    let log2 = i64::from(layout.element.trailing_zeros());
    let elements = builder.ins().ishl_imm_u(len, log2);
    let rounding = heap::ALIGNMENT - 1;
    if layout.element >= heap::ALIGNMENT {
        return builder.ins().iadd_imm_u(elements, i64::from(heap::ARRAY_ELEMENTS));
    }
    let size = builder.ins().iadd_imm_u(elements, i64::from(heap::ARRAY_ELEMENTS + rounding));
    builder.ins().band_imm_u(size, i64::from(!rounding))
}

/// A value as often as it is in 8 bytes; one that is larger, as it is.
pub(super) fn pattern(builder: &mut FunctionBuilder<'_>, stored: Stored) -> Value {
    let Stored { value, storage } = stored;
    let repeated = |builder: &mut FunctionBuilder<'_>, ty: Type, ones: i64| {
        let narrow = match builder.func.dfg.value_type(value) {
            found if found == ty => value,
            _ => builder.ins().ireduce(ty, value),
        };
        let wide = builder.ins().uextend(types::I64, narrow);
        let ones = builder.ins().iconst(types::I64, ones);
        builder.ins().imul(wide, ones)
    };
    match (storage, stored_type(storage)) {
        (StorageType::I8, _) => repeated(builder, types::I8, 0x0101_0101_0101_0101),
        (StorageType::I16, _) => repeated(builder, types::I16, 0x0001_0001_0001_0001),
        (_, types::I32) => repeated(builder, types::I32, 0x0000_0001_0000_0001),
        (_, types::F32) => {
            let bits = builder.ins().bitcast(types::I32, MemFlagsData::new(), value);
            let wide = builder.ins().uextend(types::I64, bits);
            let ones = builder.ins().iconst(types::I64, 0x0000_0001_0000_0001);
            builder.ins().imul(wide, ones)
        }
        _ => value,
    }
}

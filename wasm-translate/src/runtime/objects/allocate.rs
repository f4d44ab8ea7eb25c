//! Room for new objects: the next bytes of the nursery, or what the store finds.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use smallvec::SmallVec;
use wasm_types::TypeIndex;
use wasm_types::abi::{Builtin, heap};

use super::super::{Region, RuntimeEnvironment};
use super::part::Part;
use super::save::Done;
use crate::environ::{LiveReferences, Values};

/// The largest object that code makes by itself, in bytes. It is far smaller than the nursery, and
/// does not take long to fill.
pub(super) const MAX_SIZE: u32 = 16 << 10;

/// Up to this many parts are written both where there is room and where the store is called, so
/// that they need not be brought together.
const MAX_TWICE: usize = 8;

/// A new object of a constant size.
#[derive(Clone, Copy)]
pub(super) struct NewObject<'a> {
    pub(super) ty: TypeIndex,
    pub(super) size: u32,
    /// How many elements an array has.
    pub(super) elements: u32,
    /// All that is in it but the header and the length.
    pub(super) parts: &'a [Part],
}

/// Where the code goes on that makes an object.
pub(in super::super) struct Allocation {
    /// The current block, where there is room: the new object, of which nothing is written.
    pub(in super::super) object: Value,
    /// Where there is none: the store has to be asked. Cold, and not sealed.
    pub(in super::super) full: Block,
}

impl RuntimeEnvironment<'_> {
    /// Makes an object.
    pub(super) fn new_object(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        object: NewObject<'_>,
        live: &mut LiveReferences,
    ) -> Value {
        let NewObject { ty, size, elements, parts } = object;
        let elements = builder.ins().iconst(types::I32, i64::from(elements));
        if size > MAX_SIZE {
            let made = self.ask_for_object(builder, ty, elements);
            self.write_parts(builder, made, parts);
            return made;
        }
        let is_small = parts.len() <= MAX_TWICE;
        if !is_small {
            // They are written behind the call, if there is one.
            live.operands.clear();
        }
        let live_values = self.live_values(builder, live);
        let bytes = builder.ins().iconst(types::I32, i64::from(size));
        let Allocation { object, full } = self.take_room(builder, bytes);
        self.write_header(builder, ty, object, elements);
        if is_small {
            self.write_parts(builder, object, parts);
        }
        let done = Done::new(builder, live);
        done.jump(builder, object, &live.stack);

        builder.seal_block(full);
        builder.switch_to_block(full);
        let mut saved = self.save(builder, &live_values);
        let object = self.ask_for_object(builder, ty, elements);
        saved.note_call(builder);
        saved.restore(builder);
        if is_small {
            let parts: SmallVec<[Part; 8]> = parts.iter().map(|part| saved.part(*part)).collect();
            self.write_parts(builder, object, &parts);
        }
        let stack: Values = live.stack.iter().map(|value| saved.now(*value)).collect();
        done.jump(builder, object, &stack);
        let made = done.enter(builder, live);
        if !is_small {
            self.write_parts(builder, made, parts);
        }
        made
    }

    fn write_parts(&mut self, builder: &mut FunctionBuilder<'_>, object: Value, parts: &[Part]) {
        if parts.is_empty() {
            return;
        }
        let address = self.object_address(builder, object);
        for part in parts {
            part.value.store(builder, part.flags, address, part.offset as i32);
        }
    }

    /// Takes so many bytes, no more than [`MAX_SIZE`] and a multiple of
    /// [`ALIGNMENT`](heap::ALIGNMENT), of the nursery.
    pub(in super::super) fn take_room(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        bytes: Value,
    ) -> Allocation {
        let start = self.heap_start(builder);
        let flags = self.object_flags(builder, Region::Room, types::I32, None);
        let object = builder.ins().load(types::I32, flags, start, heap::TOP as i32);
        let limit = builder.ins().load(types::I32, flags, start, heap::LIMIT as i32);
        // Both are within the nursery, so that nothing overflows.
        let end = builder.ins().iadd(object, bytes);
        let is_full = builder.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        let (full, room) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(full);
        builder.ins().brif(is_full, full, &[], room, &[]);
        builder.seal_block(room);
        builder.switch_to_block(room);
        builder.ins().store(flags, end, start, heap::TOP as i32);
        Allocation { object, full }
    }

    /// Writes the header of an object for which there was room, and the length if it is an array.
    pub(super) fn write_header(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        object: Value,
        elements: Value,
    ) {
        let address = self.object_address(builder, object);
        let header = self.type_number(builder, ty);
        let header = builder.ins().bor_imm_u(header, i64::from(heap::LOGGED));
        let flags = self.object_flags(builder, Region::Header, types::I32, None);
        builder.ins().store(flags, header, address, 0);
        if self.is_array(ty) {
            let flags = self.object_flags(builder, Region::Length, types::I32, None);
            builder.ins().store(flags, elements, address, heap::ARRAY_LENGTH as i32);
        }
    }

    /// Has the store make an object, all of it zero but for its header and its length.
    pub(super) fn ask_for_object(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        ty: TypeIndex,
        elements: Value,
    ) -> Value {
        let ty = builder.ins().iconst(types::I32, i64::from(ty.as_u32()));
        let object = self.call_builtin_for(builder, Builtin::NewObject, &[ty, elements]);
        builder.declare_value_needs_stack_map(object);
        object
    }

    fn is_array(&self, ty: TypeIndex) -> bool {
        self.element_type(ty).is_ok()
    }
}

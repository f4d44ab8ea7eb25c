//! Code that can be debugged: it keeps locals and operands in its frame, as
//! [`FunctionFrame`](wasm_types::FunctionFrame) says, and looks before each operator whether it is
//! to stop.

use cranelift_codegen::cursor::{Cursor as _, FuncCursor};
use cranelift_codegen::ir::{
    Function, InstBuilder as _, StackSlot, StackSlotData, StackSlotKind, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::{Builtin, stops};
use wasm_types::{FRAME_PLACE_SIZE, FRAME_REFERENCE_KIND, FrameValueKind, ValType};

use super::{Region, RuntimeEnvironment, clif_type};
use crate::environ::{Debugging, Result};
use crate::error::{Error, ErrorKind};

/// Where a function keeps locals and operands.
#[derive(Clone, Copy, Default)]
pub(crate) struct DebugSlots {
    /// Numbers and vectors.
    pub(crate) numbers: Option<StackSlot>,
    /// References, each with its kind.
    pub(crate) references: Option<StackSlot>,
}

impl Debugging for RuntimeEnvironment<'_> {
    fn is_debugged(&self) -> bool {
        self.tunables.guest_debug
    }

    fn keep_value(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        place: u32,
        kind: FrameValueKind,
        value: Value,
    ) {
        let slots = &mut self.function.debug_slots;
        let row = match kind.is_reference() {
            true => &mut slots.references,
            false => &mut slots.numbers,
        };
        let end = (place + 1) * FRAME_PLACE_SIZE;
        let slot = *row.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, end, 4);
            builder.create_sized_stack_slot(data)
        });
        let data = &mut builder.func.sized_stack_slots[slot];
        data.size = data.size.max(end);
        let offset = (place * FRAME_PLACE_SIZE) as i32;
        builder.ins().stack_store(types::I64, value, slot, offset);
        if kind.is_reference() {
            let kind = builder.ins().iconst(types::I32, i64::from(kind as u8));
            let offset = offset + FRAME_REFERENCE_KIND as i32;
            builder.ins().stack_store(types::I64, kind, slot, offset);
        }
    }

    fn kept_value(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        place: u32,
        ty: ValType,
    ) -> Result<Value> {
        let slots = self.function.debug_slots;
        let row = match FrameValueKind::of(ty).is_reference() {
            true => slots.references,
            false => slots.numbers,
        };
        let none = || Error::new(ErrorKind::Codegen, "a local is read that was never kept");
        let offset = (place * FRAME_PLACE_SIZE) as i32;
        let slot = row.ok_or_else(none)?;
        Ok(builder.ins().stack_load(types::I64, clif_type(ty), slot, offset))
    }

    fn debug_point(&mut self, builder: &mut FunctionBuilder<'_>, pc: u32) -> Result<()> {
        let first = self.module.bodies.first().map_or(0, |body| body.range.start);
        let place = (pc as usize).saturating_sub(first) + stops::FLAGS as usize;
        let Ok(place) = i32::try_from(place) else {
            let message = "the module is too large to be debugged: its code takes more than 2 GiB";
            return Err(Error::new(ErrorKind::Limit, message));
        };
        let flags = self.trusted(builder, Region::Stops);
        let base = self.load_constant(builder, self.layout.stops());
        let stops = builder.ins().uload8(types::I32, flags, base, place);
        let (stop, next) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(stop);
        builder.ins().brif(stops, stop, &[], next, &[]);
        builder.seal_block(stop);
        builder.switch_to_block(stop);
        self.call_builtin(builder, Builtin::DebugStop, &[]);
        builder.ins().jump(next, &[]);
        builder.seal_block(next);
        builder.switch_to_block(next);
        Ok(())
    }

    fn keep_memory_place(&mut self, builder: &mut FunctionBuilder<'_>) -> Result<bool> {
        Ok(self.keep_address_of_memory(builder))
    }

    fn keep_named_local(&mut self, builder: &mut FunctionBuilder<'_>, local: u32, value: Value) {
        self.keep_in_new_place(builder, Some(local), value);
    }

    fn keep_named_local_again(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        local: u32,
        value: Value,
    ) {
        self.keep_in_place(builder, local, value);
    }

    fn call_returned(&mut self, builder: &mut FunctionBuilder<'_>) {
        let flags = self.trusted(builder, Region::Stops);
        let base = self.load_constant(builder, self.layout.stops());
        let place = stops::RETURNS as i32;
        let returns = builder.ins().load(types::I64, flags, base, place);
        let returns = builder.ins().iadd_imm_s(returns, 1);
        builder.ins().store(flags, returns, base, place);
    }
}

impl RuntimeEnvironment<'_> {
    /// Makes the places of references ones without any, before anything else that the function
    /// does.
    pub(super) fn clear_references(&self, func: &mut Function) {
        let Some(slot) = self.function.debug_slots.references else { return };
        let places = func.sized_stack_slots[slot].size / FRAME_PLACE_SIZE;
        let Some(entry) = func.layout.entry_block() else { return };
        let mut cursor = FuncCursor::new(func).at_first_insertion_point(entry);
        let none = cursor.ins().iconst(types::I32, 0);
        for place in 0..places {
            let offset = (place * FRAME_PLACE_SIZE + FRAME_REFERENCE_KIND) as i32;
            cursor.ins().stack_store(types::I64, none, slot, offset);
        }
    }
}

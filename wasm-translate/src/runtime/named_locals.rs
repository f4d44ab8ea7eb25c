//! What functions keep in their frames for native debuggers.

use cranelift_codegen::ir::{
    InstBuilder as _, StackSlot, StackSlotData, StackSlotKind, Value, types,
};
use cranelift_frontend::FunctionBuilder;
use wasm_types::MemoryIndex;

use super::RuntimeEnvironment;

/// How many bytes a place has.
pub(crate) const PLACE_SIZE: u32 = 8;

/// Where a function keeps what native debuggers find variables by.
#[derive(Default)]
pub(crate) struct NamedPlaces {
    /// A row of places.
    pub(crate) slot: Option<StackSlot>,
    /// What is in each, and its size in bytes: a local, or where the base of the memory is.
    pub(crate) places: Vec<(Option<u32>, u8)>,
}

impl NamedPlaces {
    pub(super) fn clear(&mut self) {
        self.slot = None;
        self.places.clear();
    }
}

impl RuntimeEnvironment<'_> {
    /// What the function that was translated last keeps.
    pub(crate) fn named_places(&self) -> &NamedPlaces {
        &self.function.named_places
    }

    pub(super) fn keep_address_of_memory(&mut self, builder: &mut FunctionBuilder<'_>) -> bool {
        if self.module.memories.is_empty() {
            return false;
        }
        let address = self.address_of_base(builder, MemoryIndex::new(0));
        self.keep_in_new_place(builder, None, address);
        true
    }

    pub(super) fn keep_in_new_place(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        local: Option<u32>,
        value: Value,
    ) {
        let size = builder.func.dfg.value_type(value).bytes() as u8;
        let named = &mut self.function.named_places;
        let slot = *named.slot.get_or_insert_with(|| {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 0, 3);
            builder.create_sized_stack_slot(data)
        });
        let place = named.places.len() as u32;
        named.places.push((local, size));
        builder.func.sized_stack_slots[slot].size = (place + 1) * PLACE_SIZE;
        builder.ins().stack_store(types::I64, value, slot, (place * PLACE_SIZE) as i32);
    }

    pub(super) fn keep_in_place(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        local: u32,
        value: Value,
    ) {
        let NamedPlaces { slot, places } = &self.function.named_places;
        // What has no place is no number.
        let place = places.binary_search_by_key(&Some(local), |(local, _)| *local);
        if let (Some(slot), Ok(place)) = (*slot, place) {
            let offset = place as u32 * PLACE_SIZE;
            builder.ins().stack_store(types::I64, value, slot, offset as i32);
        }
    }
}

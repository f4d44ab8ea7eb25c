//! References during a call that makes an object: saved right before it, and read again behind it.
//! Both ways, with the call and without, come together behind.

use cranelift_codegen::ir::{
    Block, BlockArg, InstBuilder as _, MemFlagsData, StackSlot, StackSlotData, StackSlotKind,
    UserStackMapEntry, Value, types,
};
use cranelift_frontend::{FunctionBuilder, Variable};
use smallvec::SmallVec;

use super::super::RuntimeEnvironment;
use super::part::Part;
use crate::constant::constant;
use crate::environ::LiveReferences;

/// What is alive, each value once.
pub(super) struct LiveValues {
    values: SmallVec<[Value; 8]>,
    locals: SmallVec<[(Variable, Value); 8]>,
}

/// What was saved.
pub(super) struct Saved {
    /// Each value, where it is, and what it is now.
    values: SmallVec<[(Value, StackSlot, Value); 8]>,
    locals: SmallVec<[(Variable, Value); 8]>,
}

impl RuntimeEnvironment<'_> {
    /// What is alive at the current place.
    pub(super) fn live_values(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        live: &LiveReferences,
    ) -> LiveValues {
        let mut found = LiveValues { values: SmallVec::new(), locals: SmallVec::new() };
        for local in &live.locals {
            let value = builder.use_var(*local);
            if constant(builder.func, value).is_none() {
                found.locals.push((*local, value));
            }
        }
        let locals = found.locals.iter().map(|(_, value)| value);
        for value in live.operands.iter().chain(&live.stack).chain(locals) {
            if !found.values.contains(value) {
                found.values.push(*value);
            }
        }
        found
    }

    /// Saves references where the stack maps of the calls that follow say.
    pub(super) fn save(&mut self, builder: &mut FunctionBuilder<'_>, live: &LiveValues) -> Saved {
        let slots = &mut self.function.saved;
        while slots.len() < live.values.len() {
            let data = StackSlotData::new(StackSlotKind::ExplicitSlot, 4, 2);
            slots.push(builder.create_sized_stack_slot(data));
        }
        let mut values = SmallVec::new();
        for (value, slot) in live.values.iter().zip(slots) {
            let address = builder.ins().stack_addr(types::I64, *slot, 0);
            builder.ins().store(MemFlagsData::trusted(), *value, address, 0);
            values.push((*value, *slot, *value));
        }
        Saved { values, locals: live.locals.clone() }
    }
}

impl Saved {
    /// Says for the call that was made last where references are.
    pub(super) fn note_call(&self, builder: &mut FunctionBuilder<'_>) {
        let block = builder.current_block().expect("there is a call in the current block");
        let call = builder.func.layout.last_inst(block).expect("there is a call in the block");
        for (_, slot, _) in &self.values {
            let entry = UserStackMapEntry { ty: types::I32, slot: *slot, offset: 0 };
            builder.func.dfg.append_user_stack_map_entry(call, entry);
        }
    }

    /// Reads everything again, and writes it to the locals.
    pub(super) fn restore(&mut self, builder: &mut FunctionBuilder<'_>) {
        for (_, slot, now) in &mut self.values {
            *now = load(builder, *slot);
        }
        for (local, before) in self.locals.clone() {
            let now = self.now(before);
            builder.def_var(local, now);
        }
    }

    /// Reads one value again, if it was saved.
    pub(super) fn read(&self, builder: &mut FunctionBuilder<'_>, before: Value) -> Value {
        let found = self.values.iter().find(|(value, ..)| *value == before);
        found.map_or(before, |(_, slot, _)| load(builder, *slot))
    }

    /// What a value is now.
    pub(super) fn now(&self, before: Value) -> Value {
        let found = self.values.iter().find(|(value, ..)| *value == before);
        found.map_or(before, |(.., now)| *now)
    }

    /// A part of an object as it is now.
    pub(super) fn part(&self, mut part: Part) -> Part {
        part.value.value = self.now(part.value.value);
        part
    }
}

fn load(builder: &mut FunctionBuilder<'_>, slot: StackSlot) -> Value {
    let address = builder.ins().stack_addr(types::I64, slot, 0);
    builder.ins().load(types::I32, MemFlagsData::trusted(), address, 0)
}

/// Where the code goes on with a new object, and with what is on the operand stack.
pub(super) struct Done {
    block: Block,
}

impl Done {
    pub(super) fn new(builder: &mut FunctionBuilder<'_>, live: &LiveReferences) -> Self {
        let block = builder.create_block();
        for _ in 0..=live.stack.len() {
            let param = builder.append_block_param(block, types::I32);
            builder.declare_value_needs_stack_map(param);
        }
        Self { block }
    }

    pub(super) fn jump(&self, builder: &mut FunctionBuilder<'_>, object: Value, stack: &[Value]) {
        let all = [object];
        let args: SmallVec<[BlockArg; 8]> =
            all.iter().chain(stack).map(|value| BlockArg::Value(*value)).collect();
        builder.ins().jump(self.block, &args);
    }

    /// Goes on in the block: the object.
    pub(super) fn enter(
        &self,
        builder: &mut FunctionBuilder<'_>,
        live: &mut LiveReferences,
    ) -> Value {
        builder.seal_block(self.block);
        builder.switch_to_block(self.block);
        let params = builder.block_params(self.block);
        let stack = live.stack.len();
        live.stack.copy_from_slice(&params[1..=stack]);
        params[0]
    }
}

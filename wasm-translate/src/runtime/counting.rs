//! Counting how often the code runs, for a profile.
//!
//! The words that are counted in belong to the instance, whose context has a pointer to them. They
//! are no part of its state: nothing but this code writes them, and going back to an earlier state
//! leaves them alone. So counting takes one instruction, which nothing waits for, and is right
//! where code traps, throws or is stopped.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, MemFlagsData, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::profile::TARGETS;

use super::call::Callee;
use super::{Region, RuntimeEnvironment};

const WORD: i32 = 8;

impl RuntimeEnvironment<'_> {
    fn counters(&mut self, builder: &mut FunctionBuilder<'_>) -> (Value, MemFlagsData) {
        let flags = self.trusted(builder, Region::Counter);
        (self.load_constant(builder, self.layout.counters()), flags)
    }

    /// Counts up a word.
    pub(super) fn count_word(&mut self, builder: &mut FunctionBuilder<'_>, word: u32) {
        let (base, flags) = self.counters(builder);
        add(builder, flags, base, word as i32 * WORD, 1);
    }

    /// Counts an entry of the function, and if it is the first one, notes when it was.
    pub(super) fn count_entry_word(&mut self, builder: &mut FunctionBuilder<'_>, word: u32) {
        let (base, flags) = self.counters(builder);
        let place = word as i32 * WORD;
        let entries = builder.ins().load(types::I64, flags, base, place);
        let (first, next) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(first);
        builder.ins().brif(entries, next, &[], first, &[]);
        builder.seal_block(first);
        builder.switch_to_block(first);
        let order = builder.ins().load(types::I64, flags, base, 0);
        let order = builder.ins().iadd_imm_s(order, 1);
        builder.ins().store(flags, order, base, 0);
        builder.ins().store(flags, order, base, place + WORD);
        builder.ins().jump(next, &[]);
        builder.seal_block(next);
        builder.switch_to_block(next);
        let entries = builder.ins().iadd_imm_s(entries, 1);
        builder.ins().store(flags, entries, base, place);
    }

    /// Counts what is called next, if that is wanted: by pairs of an address and a count. A
    /// function takes the first pair that is free. If there is none, the last pair counts down for
    /// each call of another function, and changes hands at zero: so it ends up with the one that
    /// has most of the calls, if one has.
    pub(super) fn count_callee(&mut self, builder: &mut FunctionBuilder<'_>, callee: Callee) {
        let Some(word) = self.function.counted_callee.take() else { return };
        let Callee::Indirect { code, .. } = callee else { return };
        let (base, flags) = self.counters(builder);
        let first = word as i32 * WORD;
        let pair = 2 * WORD;
        let last = first + (TARGETS as i32 - 1) * pair;
        let head = builder.create_block();
        let found = builder.append_block_param(head, types::I64);
        let [other, taken, claim, crowded, lessen, hit, done] =
            std::array::from_fn(|_| builder.create_block());
        let start = builder.ins().iadd_imm_s(base, i64::from(first));
        builder.ins().jump(head, &[start.into()]);

        builder.switch_to_block(head);
        let owner = builder.ins().load(types::I64, flags, found, 0);
        let is_own = builder.ins().icmp(IntCC::Equal, owner, code);
        builder.ins().brif(is_own, hit, &[], other, &[]);

        builder.switch_to_block(other);
        builder.ins().brif(owner, taken, &[], claim, &[]);

        builder.switch_to_block(taken);
        let end = builder.ins().iadd_imm_s(base, i64::from(last));
        let is_last = builder.ins().icmp(IntCC::Equal, found, end);
        let next = builder.ins().iadd_imm_s(found, i64::from(pair));
        builder.ins().brif(is_last, crowded, &[], head, &[next.into()]);
        builder.seal_block(head);

        builder.switch_to_block(crowded);
        let count = builder.ins().load(types::I64, flags, found, WORD);
        builder.ins().brif(count, lessen, &[], claim, &[]);

        builder.switch_to_block(lessen);
        add(builder, flags, found, WORD, -1);
        // This call, and the one that is not counted there any more.
        add(builder, flags, base, last + pair, 2);
        builder.ins().jump(done, &[]);

        builder.switch_to_block(claim);
        builder.ins().store(flags, code, found, 0);
        builder.ins().jump(hit, &[]);

        builder.switch_to_block(hit);
        add(builder, flags, found, WORD, 1);
        builder.ins().jump(done, &[]);

        builder.seal_block(other);
        builder.seal_block(taken);
        builder.seal_block(claim);
        builder.seal_block(crowded);
        builder.seal_block(lessen);
        builder.seal_block(hit);
        builder.seal_block(done);
        builder.switch_to_block(done);
    }
}

/// Adds to a word.
fn add(
    builder: &mut FunctionBuilder<'_>,
    flags: MemFlagsData,
    base: Value,
    offset: i32,
    number: i64,
) {
    let count = builder.ins().load(types::I64, flags, base, offset);
    let count = builder.ins().iadd_imm_s(count, number);
    builder.ins().store(flags, count, base, offset);
}

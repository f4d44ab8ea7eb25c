//! Calls through tables and references that a profile says mostly lead to one function: the code
//! compares with that one first, and then calls it directly.
//!
//! What is compared is known to be the function beforehand, with its type and this instance: the
//! number of an element that nothing changes, or the record that this instance has for references
//! to it. So where they are equal, nothing else is to be checked; and where not, everything is as
//! without a profile.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder as _, Value};
use cranelift_frontend::FunctionBuilder;
use wasm_types::{FuncType, TableIndex, TypeIndex};

use super::RuntimeEnvironment;
use super::call::Callee;
use crate::environ::Values;
use crate::flow::LikelyCallee;

impl RuntimeEnvironment<'_> {
    /// Takes the function that the next call is expected to lead to, if it is one that can be
    /// called directly by a type.
    pub(super) fn take_expected_callee(&mut self, ty: TypeIndex) -> Option<LikelyCallee> {
        let expected = self.function.expected_callee.take()?;
        let index = *self.module.functions.get(expected.func.index())?;
        // A profile may say anything. Types that are equal without being the same are rare.
        let is_own = self.module.defined_func(expected.func).is_some();
        let is_referred_to = self.module.funcref_slot(expected.func).is_some();
        (index == ty && is_own && is_referred_to).then_some(expected)
    }

    /// Whether the element of a table that nothing changes is the expected function: `None` if the
    /// table is not one of those, or has the function not once.
    pub(super) fn is_expected_element(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        table: TableIndex,
        index: Value,
        expected: LikelyCallee,
    ) -> Option<Value> {
        let elements = &self.immutable_tables?.get(table)?.elements;
        let mut places = (0_i64..).zip(elements).filter(|(_, func)| **func == Some(expected.func));
        let (place, _) = places.next()?;
        if places.next().is_some() {
            return None;
        }
        Some(builder.ins().icmp_imm_u(IntCC::Equal, index, place))
    }

    /// Whether a record is the one that this instance has for the expected function.
    pub(super) fn is_expected_record(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        record: Value,
        expected: LikelyCallee,
    ) -> Value {
        let slot = self.module.funcref_slot(expected.func);
        let slot = slot.expect("what is expected is a function that can be referred to");
        let own = i64::from(self.layout.func_ref(slot));
        let own = builder.ins().iadd_imm_s(self.context(), own);
        builder.ins().icmp(IntCC::Equal, record, own)
    }

    /// Calls the expected function if the condition holds, and else what is found then.
    pub(super) fn guarded_call(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        (is_expected, expected): (Value, LikelyCallee),
        ty: &FuncType,
        args: &[Value],
        otherwise: impl FnOnce(&mut Self, &mut FunctionBuilder<'_>) -> Callee,
    ) -> Values {
        let [direct, other, done] = std::array::from_fn(|_| builder.create_block());
        for ty in ty.results() {
            builder.append_block_param(done, super::clif_type(*ty));
        }
        if expected.nearly_always {
            builder.set_cold_block(other);
        }
        builder.ins().brif(is_expected, direct, &[], other, &[]);
        builder.seal_block(direct);
        builder.seal_block(other);

        builder.switch_to_block(direct);
        self.fuel_before_call(builder, None);
        let callee = self.callee(builder, expected.func);
        let results = self.finish_call(builder, callee, ty, args);
        jump(builder, done, &results);

        builder.switch_to_block(other);
        let callee = otherwise(self, builder);
        self.fuel_before_call(builder, None);
        let results = self.finish_call(builder, callee, ty, args);
        jump(builder, done, &results);

        builder.seal_block(done);
        builder.switch_to_block(done);
        Values::from_slice(builder.block_params(done))
    }
}

fn jump(builder: &mut FunctionBuilder<'_>, to: cranelift_codegen::ir::Block, values: &[Value]) {
    let args: Vec<_> = values.iter().map(|value| (*value).into()).collect();
    builder.ins().jump(to, &args);
}

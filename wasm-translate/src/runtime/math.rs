//! Arithmetic for machines that lack an instruction: calls of builtins, lane by lane for vectors.

use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::Builtin;

use super::RuntimeEnvironment;
use crate::environ::Rounding;

impl RuntimeEnvironment<'_> {
    pub(super) fn round_float(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        rounding: Rounding,
        x: Value,
    ) -> Value {
        if self.isa.has_round() {
            return match rounding {
                Rounding::Ceil => builder.ins().ceil(x),
                Rounding::Floor => builder.ins().floor(x),
                Rounding::Trunc => builder.ins().trunc(x),
                Rounding::Nearest => builder.ins().nearest(x),
            };
        }
        let (single, double) = match rounding {
            Rounding::Ceil => (Builtin::CeilF32, Builtin::CeilF64),
            Rounding::Floor => (Builtin::FloorF32, Builtin::FloorF64),
            Rounding::Trunc => (Builtin::TruncF32, Builtin::TruncF64),
            Rounding::Nearest => (Builtin::NearestF32, Builtin::NearestF64),
        };
        self.float_builtin(builder, single, double, &[x])
    }

    pub(super) fn fused_multiply_add(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        x: Value,
        y: Value,
        z: Value,
    ) -> Value {
        if self.isa.has_native_fma() {
            return builder.ins().fma(x, y, z);
        }
        self.float_builtin(builder, Builtin::FmaF32, Builtin::FmaF64, &[x, y, z])
    }

    /// Calls the builtin for the type of the operands: for vectors, once for each lane.
    fn float_builtin(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        single: Builtin,
        double: Builtin,
        operands: &[Value],
    ) -> Value {
        let ty = builder.func.dfg.value_type(operands[0]);
        let builtin = if ty.lane_type() == types::F32 { single } else { double };
        if !ty.is_vector() {
            return self.call_builtin_for(builder, builtin, operands);
        }
        let mut result = operands[0];
        for lane in 0..ty.lane_count() as u8 {
            let scalars: Vec<Value> =
                operands.iter().map(|vector| builder.ins().extractlane(*vector, lane)).collect();
            let scalar = self.call_builtin_for(builder, builtin, &scalars);
            result = builder.ins().insertlane(result, scalar, lane);
        }
        result
    }
}

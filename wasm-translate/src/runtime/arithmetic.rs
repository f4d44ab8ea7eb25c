//! Arithmetic for machines that lack an instruction: calls of builtins, lane by lane for vectors.

use cranelift_codegen::ir::{InstBuilder as _, Value, types};
use cranelift_frontend::FunctionBuilder;
use wasm_types::abi::Builtin;

use super::RuntimeEnvironment;
use crate::environ::{Arithmetic, Result, Rounding};

impl Arithmetic for RuntimeEnvironment<'_> {
    fn relaxed_simd_deterministic(&self) -> bool {
        self.tunables.relaxed_simd_deterministic
    }

    fn round(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        rounding: Rounding,
        x: Value,
    ) -> Result<Value> {
        if self.isa.has_round() {
            return Ok(rounding.instruction(builder, x));
        }
        let (single, double) = match rounding {
            Rounding::Ceil => (Builtin::CeilF32, Builtin::CeilF64),
            Rounding::Floor => (Builtin::FloorF32, Builtin::FloorF64),
            Rounding::Trunc => (Builtin::TruncF32, Builtin::TruncF64),
            Rounding::Nearest => (Builtin::NearestF32, Builtin::NearestF64),
        };
        Ok(self.float_builtin(builder, single, double, &[x]))
    }

    fn fma(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        x: Value,
        y: Value,
        z: Value,
    ) -> Result<Value> {
        if self.isa.has_native_fma() {
            return Ok(builder.ins().fma(x, y, z));
        }
        Ok(self.float_builtin(builder, Builtin::FmaF32, Builtin::FmaF64, &[x, y, z]))
    }
}

impl RuntimeEnvironment<'_> {
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

//! Arithmetic that not every machine has.

use cranelift_codegen::ir::{InstBuilder as _, Value};
use cranelift_frontend::FunctionBuilder;

use super::{Functions, Result};

/// Directions to round a float to an integral value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// Up.
    Ceil,
    /// Down.
    Floor,
    /// Towards zero.
    Trunc,
    /// To the nearest, ties to even.
    Nearest,
}

impl Rounding {
    /// The CLIF instruction.
    pub(crate) fn instruction(self, builder: &mut FunctionBuilder<'_>, x: Value) -> Value {
        match self {
            Rounding::Ceil => builder.ins().ceil(x),
            Rounding::Floor => builder.ins().floor(x),
            Rounding::Trunc => builder.ins().trunc(x),
            Rounding::Nearest => builder.ins().nearest(x),
        }
    }
}

/// Arithmetic that not every machine has. By default it is the CLIF instruction, which becomes a
/// call of a library function where the machine has none.
pub trait Arithmetic: Functions {
    /// Whether relaxed vector operators give the same result on every machine.
    fn relaxed_simd_deterministic(&self) -> bool {
        false
    }

    /// Rounds a float, or each lane of a vector of floats, to an integral value.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn round(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        rounding: Rounding,
        x: Value,
    ) -> Result<Value> {
        Ok(rounding.instruction(builder, x))
    }

    /// `x * y + z` rounded once, for floats or for each lane of vectors of floats.
    ///
    /// # Errors
    ///
    /// If the environment does not support it.
    fn fma(
        &mut self,
        builder: &mut FunctionBuilder<'_>,
        x: Value,
        y: Value,
        z: Value,
    ) -> Result<Value> {
        Ok(builder.ins().fma(x, y, z))
    }
}

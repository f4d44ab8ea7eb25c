//! 128-bit arithmetic on pairs of 64-bit integers (the wide-arithmetic proposal).

use wasm_types::wasmparser::Operator;

use crate::environ::FuncEnvironment;
use crate::error::Error;
use crate::translator::FuncTranslator;
use crate::wide;

/// Translates an operator of this family; `false` if it is of another one.
pub(super) fn translate<E: FuncEnvironment + ?Sized>(
    t: &mut FuncTranslator<'_, '_, E>,
    op: &Operator<'_>,
) -> Result<bool, Error> {
    let halves = match op {
        Operator::I64Add128 | Operator::I64Sub128 => {
            let (b_low, b_high) = t.pop2();
            let (a_low, a_high) = t.pop2();
            let operation =
                if matches!(op, Operator::I64Add128) { wide::add } else { wide::subtract };
            operation(&mut t.builder, [a_low, a_high], [b_low, b_high])
        }
        Operator::I64MulWideS | Operator::I64MulWideU => {
            let (a, b) = t.pop2();
            let is_signed = matches!(op, Operator::I64MulWideS);
            let multiply = if is_signed { wide::multiply_signed } else { wide::multiply_unsigned };
            multiply(&mut t.builder, a, b)
        }
        _ => return Ok(false),
    };
    t.push_all(&halves);
    Ok(true)
}

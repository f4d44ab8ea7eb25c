//! Which results come back in registers and which through the caller's buffer.

use alloc::vec::Vec;

use crate::types::ValType;

/// Where a result is found after a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResultLocation {
    /// In a register: the code generator's convention says which.
    Register,
    /// In the caller's buffer, at this offset in bytes.
    Buffer(u32),
}

/// How many integer and reference results, and how many float results, come back in registers. The
/// same for every target, so that the shape of a signature does not depend on it. Vectors never do:
/// not every target's convention has a register for them.
pub const REGISTER_RESULTS: (u32, u32) = (2, 2);

/// The place of each result. If any is in the buffer, the function takes the buffer's address (16
/// bytes for each such result, 16-byte aligned) as its last parameter.
pub fn register_results(results: &[ValType]) -> Vec<ResultLocation> {
    let mut used = (0, 0);
    let mut buffer = 0;
    let mut place = |ty: &ValType| {
        let (count, limit) = match ty {
            ValType::V128 => (&mut 0, 0),
            ValType::F32 | ValType::F64 => (&mut used.1, REGISTER_RESULTS.1),
            _ => (&mut used.0, REGISTER_RESULTS.0),
        };
        if *count < limit {
            *count += 1;
            return ResultLocation::Register;
        }
        buffer += 16;
        ResultLocation::Buffer(buffer - 16)
    };
    results.iter().map(&mut place).collect()
}

//! Which argument of a signature travels in which register: the code generator's `tail`
//! convention on x86-64, restated for the thunks that are not generated.
//!
//! Integers and references take `rdi` (the context), `rsi`, `rdx`, `rcx`, `r8`, `r9`; floats and
//! vectors `xmm0` to `xmm7`; what is left goes to the stack in order, 8 bytes each (16, aligned,
//! for vectors), and the callee pops it. The tests of the facade check this against compiled code
//! for random signatures.

use wasm_types::abi::{ResultLocation, register_results};
use wasm_types::{FuncType, ValType};

/// Integer registers that carry arguments, the context's included.
pub(crate) const INT_REGISTERS: usize = 6;
/// Vector registers that carry arguments.
pub(crate) const VECTOR_REGISTERS: usize = 8;

/// How wide a value is in an array of arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Width {
    /// 4 bytes.
    Word,
    /// 8 bytes.
    Double,
    /// 16 bytes.
    Vector,
}

impl Width {
    fn of(ty: ValType) -> Self {
        match ty.byte_size() {
            4 => Width::Word,
            8 => Width::Double,
            _ => Width::Vector,
        }
    }
}

/// Where one parameter or result of a call is passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ValueLocation {
    /// An integer register, by its number in the order of the convention.
    Int(u8),
    /// A vector register.
    Vector(u8),
    /// The stack, bytes above the first stack argument; or for a result, bytes into the buffer.
    Memory(u32),
}

/// Where all parameters and results of a signature are passed.
#[derive(Clone, Debug)]
pub(crate) struct CallLayout {
    pub(crate) params: Box<[(ValueLocation, Width)]>,
    pub(crate) results: Box<[(ValueLocation, Width)]>,
    /// Where the address of the buffer for results is passed, if there is one.
    pub(crate) buffer: Option<ValueLocation>,
    /// The size of that buffer, in bytes: a multiple of 16.
    pub(crate) buffer_size: u32,
    /// Bytes of stack arguments, which the callee pops: a multiple of 16.
    pub(crate) stack_size: u32,
    fits_registers: bool,
}

impl CallLayout {
    /// The layout of calls of the given type.
    pub(crate) fn new(ty: &FuncType) -> Self {
        let mut next_int = 1;
        let mut next_vector = 0;
        let mut stack_size = 0u32;
        let mut place = |ty: ValType| {
            let (next, count, make): (&mut u8, usize, fn(u8) -> ValueLocation) =
                if ty.is_float_or_vector() {
                    (&mut next_vector, VECTOR_REGISTERS, ValueLocation::Vector)
                } else {
                    (&mut next_int, INT_REGISTERS, ValueLocation::Int)
                };
            if usize::from(*next) < count {
                *next += 1;
                return make(*next - 1);
            }
            let size = ty.byte_size().max(8);
            let offset = stack_size.next_multiple_of(size);
            stack_size = offset + size;
            ValueLocation::Memory(offset)
        };
        let params: Box<[_]> = ty.params().iter().map(|&ty| (place(ty), Width::of(ty))).collect();
        let places = register_results(ty.results());
        let in_buffer = places.iter().filter(|p| matches!(p, ResultLocation::Buffer(_))).count();
        let buffer = (in_buffer > 0).then(|| place(ValType::I64));
        let (mut next_int, mut next_vector) = (0, 0);
        let results: Box<[_]> = ty
            .results()
            .iter()
            .zip(&places)
            .map(|(&ty, place)| {
                let place = match place {
                    ResultLocation::Buffer(offset) => ValueLocation::Memory(*offset),
                    ResultLocation::Register if ty.is_float_or_vector() => {
                        next_vector += 1;
                        ValueLocation::Vector(next_vector - 1)
                    }
                    ResultLocation::Register => {
                        next_int += 1;
                        ValueLocation::Int(next_int - 1)
                    }
                };
                (place, Width::of(ty))
            })
            .collect();
        let has_vectors = ty.params().iter().chain(ty.results()).any(|ty| *ty == ValType::V128);
        let fits_registers = stack_size == 0 && results.len() <= 1 && !has_vectors;
        Self {
            params,
            results,
            buffer,
            buffer_size: in_buffer as u32 * 16,
            stack_size: stack_size.next_multiple_of(16),
            fits_registers,
        }
    }

    /// Whether all parameters and the result, if any, are passed in registers as in the system's C
    /// convention too, so that no array is needed.
    pub(crate) fn fits_registers(&self) -> bool {
        self.fits_registers
    }

    /// Values that an array of arguments and results must have room for.
    pub(crate) fn array_len(&self) -> usize {
        self.params.len().max(self.results.len())
    }
}

//! Why Wasm was ended, as an error of the API.

use std::fmt;

use wasm_types::TrapCode;

macro_rules! traps {
    ($($(#[$doc:meta])* $name:ident = $message:literal $(($code:ident))?;)*) => {
        /// Why a computation was ended by the rules of WebAssembly.
        /// [`Error::downcast_ref`](crate::Error::downcast_ref) finds it in the error that a call
        /// returned. A host function that returns one as its error ends the computation with it.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Trap {
            $($(#[$doc])* $name,)*
        }

        impl Trap {
            const ALL: &[Trap] = &[$(Trap::$name,)*];

            fn message(self) -> &'static str {
                match self {
                    $(Trap::$name => $message,)*
                }
            }

            pub(crate) fn from_code(code: TrapCode) -> Self {
                match code {
                    $($(TrapCode::$code => Trap::$name,)?)*
                    // A code of a later version, from an artifact of a later version, which the
                    // loader refuses.
                    _ => Trap::UnreachableCodeReached,
                }
            }
        }
    };
}

traps! {
    /// The Wasm stack is used up.
    StackOverflow = "call stack exhausted" (StackOverflow);
    /// An access outside of a linear memory.
    MemoryOutOfBounds = "out of bounds memory access" (MemoryOutOfBounds);
    /// An atomic access to an address that is not aligned.
    HeapMisaligned = "unaligned atomic" (HeapMisaligned);
    /// An access outside of a table.
    TableOutOfBounds = "undefined element: out of bounds table access" (TableOutOfBounds);
    /// An indirect call through a null table element.
    IndirectCallToNull = "uninitialized element" (IndirectCallToNull);
    /// An indirect call to a function of another type.
    BadSignature = "indirect call type mismatch" (BadSignature);
    /// A signed division that overflowed.
    IntegerOverflow = "integer overflow" (IntegerOverflow);
    /// A division by zero.
    IntegerDivisionByZero = "integer divide by zero" (IntegerDivisionByZero);
    /// A conversion to an integer of a number out of range, or of none.
    BadConversionToInteger = "invalid conversion to integer" (BadConversionToInteger);
    /// An `unreachable` instruction.
    UnreachableCodeReached = "wasm `unreachable` instruction executed" (UnreachableCodeReached);
    /// The host interrupted the computation.
    Interrupt = "interrupt" (Interrupt);
    /// All fuel was used up.
    OutOfFuel = "all fuel consumed by WebAssembly" (OutOfFuel);
    /// An atomic wait on a memory that is not shared.
    AtomicWaitNonSharedMemory = "atomic wait on non-shared memory" (AtomicWaitNonSharedMemory);
    /// A null reference where none may be.
    NullReference = "null reference" (NullReference);
    /// An access outside of an array.
    ArrayOutOfBounds = "out of bounds array access" (ArrayOutOfBounds);
    /// An allocation that can never succeed.
    AllocationTooLarge = "allocation size too large" (AllocationTooLarge);
    /// A cast to a type that the reference does not have.
    CastFailure = "cast failure" (CastFailure);
    /// A component instance was called while it is in a call, or after it has trapped.
    CannotEnterComponent = "cannot enter component instance";
    /// A component instance has called out while it may not: while its memory is written for it,
    /// or in `post-return`.
    CannotLeaveComponent = "cannot leave component instance";
    /// A variant of a component has a discriminant that no case has.
    InvalidDiscriminant = "invalid variant discriminant";
    /// A `char` of a component is a surrogate, or beyond the last character.
    InvalidChar = "invalid `char` bit pattern";
    /// A pointer that a component has passed is not aligned as its type needs.
    UnalignedPointer = "unaligned pointer";
    /// A string that a component has passed does not lie within its memory.
    StringOutOfBounds = "string content out-of-bounds";
    /// A list that a component has passed does not lie within its memory.
    ListOutOfBounds = "list content out-of-bounds";
    /// A suspension, or a switch, that nothing handles: neither on the stack, nor above the host.
    UnhandledTag = "unhandled tag" (UnhandledTag);
    /// A continuation that was resumed already.
    ContinuationAlreadyConsumed = "continuation already consumed" (ContinuationAlreadyConsumed);
}

impl Trap {
    /// The trap with the given number, which `trap as u8` gives.
    pub fn from_u8(byte: u8) -> Option<Trap> {
        Self::ALL.get(usize::from(byte)).copied()
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wasm trap: {}", self.message())
    }
}

impl std::error::Error for Trap {}

/// The access that a [`Trap::MemoryOutOfBounds`] was about: context of its error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryFault {
    /// The address within the memory.
    pub(crate) wasm_address: u64,
    /// The size of the memory, in bytes.
    pub(crate) memory_size: usize,
}

impl fmt::Display for MemoryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "memory fault at wasm address {:#x} in linear memory of size {:#x}",
            self.wasm_address, self.memory_size
        )
    }
}

/// What the cast was about that a [`Trap::CastFailure`] is of: context of its error. Types as in
/// the text format.
#[derive(Clone, Debug)]
pub(crate) enum CastFault {
    /// Null, where it may not be.
    Null,
    /// A reference of another type.
    Type { wanted: String, found: String },
}

impl fmt::Display for CastFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CastFault::Null => f.write_str("cast of a null reference to a type without null"),
            CastFault::Type { wanted, found } => {
                write!(f, "cast to `{wanted}` of a reference of type `{found}`")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_lead_to_traps() {
        for (number, trap) in Trap::ALL.iter().enumerate() {
            assert_eq!(*trap as usize, number);
            assert_eq!(Trap::from_u8(number as u8), Some(*trap));
        }
        assert_eq!(Trap::from_u8(200), None);
        for code in TrapCode::ALL {
            assert_eq!(format!("{:?}", Trap::from_code(*code)), format!("{code:?}"));
        }
        let text = Trap::from_code(TrapCode::IntegerDivisionByZero).to_string();
        assert_eq!(text, "wasm trap: integer divide by zero");
    }
}

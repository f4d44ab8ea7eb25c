//! Trap codes: why a computation was ended.

use core::fmt;

macro_rules! trap_codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $message:literal;)*) => {
        /// Why a computation was ended. The numbers stand in artifacts and never change meaning.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum TrapCode {
            $($(#[$doc])* $name = $code,)*
        }

        impl TrapCode {
            /// Every code there is, in order.
            pub const ALL: &[TrapCode] = &[$(TrapCode::$name,)*];

            /// The code with the given number.
            pub const fn from_u8(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(TrapCode::$name),)*
                    _ => None,
                }
            }

            /// The message, in the words of the specification's reference interpreter where it
            /// has some.
            pub const fn message(self) -> &'static str {
                match self {
                    $(TrapCode::$name => $message,)*
                }
            }
        }
    };
}

trap_codes! {
    /// The Wasm stack is used up.
    StackOverflow = 1, "call stack exhausted";
    /// An access outside of a linear memory.
    MemoryOutOfBounds = 2, "out of bounds memory access";
    /// An atomic access to an address that is not aligned.
    HeapMisaligned = 3, "unaligned atomic";
    /// An access outside of a table.
    TableOutOfBounds = 4, "undefined element: out of bounds table access";
    /// An indirect call through a null table element.
    IndirectCallToNull = 5, "uninitialized element";
    /// An indirect call to a function of another type.
    BadSignature = 6, "indirect call type mismatch";
    /// A signed division that overflowed.
    IntegerOverflow = 7, "integer overflow";
    /// A division by zero.
    IntegerDivisionByZero = 8, "integer divide by zero";
    /// A conversion to an integer of NaN or a number out of range.
    BadConversionToInteger = 9, "invalid conversion to integer";
    /// An `unreachable` instruction.
    UnreachableCodeReached = 10, "unreachable";
    /// The host interrupted the computation.
    Interrupt = 11, "interrupt";
    /// All fuel was used up.
    OutOfFuel = 12, "all fuel consumed by WebAssembly";
    /// A null reference where none may be.
    NullReference = 13, "null reference";
    /// An access outside of an array.
    ArrayOutOfBounds = 14, "out of bounds array access";
    /// An allocation that can never succeed.
    AllocationTooLarge = 15, "allocation size too large";
    /// A cast to a type that the reference does not have.
    CastFailure = 16, "cast failure";
    /// An atomic wait on a memory that is not shared.
    AtomicWaitNonSharedMemory = 17, "expected shared memory";
    /// A suspension, or a switch, that nothing on the stack handles.
    UnhandledTag = 18, "unhandled tag";
    /// A continuation that was resumed already.
    ContinuationAlreadyConsumed = 19, "continuation already consumed";
}

impl fmt::Display for TrapCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

//! The environment: everything of a translation that depends on a runtime's layout.
//!
//! The translator knows what an operator means; the environment knows where the runtime keeps
//! things and how they are reached. It is one trait per family of operators, each in a file of its
//! own. [`RuntimeEnvironment`](crate::RuntimeEnvironment) implements them for the ABI of
//! [`wasm_types::abi`], one file per family under `runtime/`.

mod arithmetic;
mod atomic;
mod bulk;
mod call;
mod casts;
mod continuations;
mod debugging;
mod exceptions;
mod function;
mod global;
mod memory;
mod metering;
mod objects;
mod reference;
mod table;

use cranelift_codegen::ir::Value;
use smallvec::SmallVec;

use crate::error::Error;

pub use arithmetic::{Arithmetic, Rounding};
pub use atomic::{Atomics, WaitOperands};
pub use bulk::{BulkOperands, BulkOperation, BulkOperations, Segment};
pub use call::Calls;
pub use casts::{Casts, TypeTest};
pub use continuations::{Continuations, ResumeHandler, ResumeWith, Resumed};
pub use debugging::Debugging;
pub use exceptions::{Exceptions, Handler};
pub use function::Functions;
pub use global::{GlobalVariable, Globals};
pub use memory::{Heap, HeapAccess, HeapBound, Memories};
pub use metering::Metering;
pub use objects::{
    ArrayRange, ArraySource, Extension, Field, LiveReferences, NewArray, NewStruct, Objects,
    Reference,
};
pub use reference::References;
pub use table::Tables;

/// A few CLIF values: arguments, results.
pub type Values = SmallVec<[Value; 4]>;

/// What comes out of the translation of something.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that depends on the runtime: all families together.
///
/// Nobody implements this trait itself: it is there for every type that implements the families.
/// [`Functions`] is the one that a runtime has to fill in. The others have a default for each
/// method, which refuses the operator by name or does what costs nothing, so a runtime fills in
/// what it needs and has an empty `impl` for each of the rest.
///
/// Methods make CLIF at the builder's current place. They may make new blocks (and seal them) as
/// long as they leave the builder in one that is not terminated. Addresses, lengths and indices of
/// a memory or table are passed as Wasm has them: `i32`, or `i64` for 64-bit memories and tables.
///
/// One environment translates one function at a time; [`begin_function`](Functions::begin_function)
/// is called before each.
///
/// Operators of a new proposal become a family of their own, which is one more bound here, and one
/// more empty `impl` in a runtime that does not have the proposal.
pub trait FuncEnvironment:
    Functions
    + Calls
    + References
    + Globals
    + Memories
    + Tables
    + BulkOperations
    + Arithmetic
    + Metering
    + Exceptions
    + Objects
    + Casts
    + Atomics
    + Continuations
    + Debugging
{
}

impl<E> FuncEnvironment for E where
    E: Functions
        + Calls
        + References
        + Globals
        + Memories
        + Tables
        + BulkOperations
        + Arithmetic
        + Metering
        + Exceptions
        + Objects
        + Casts
        + Atomics
        + Continuations
        + Debugging
        + ?Sized
{
}

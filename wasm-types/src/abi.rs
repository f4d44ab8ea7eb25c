//! The run-time ABI: the one definition of what compiled code, thunks and the store agree on.
//!
//! # Calls
//!
//! Every Wasm function takes the **instance context** pointer first, then its parameters, in the
//! code generator's `tail` convention. A reference to a function is a
//! 64-bit integer, the address of a [`func_ref`] record; every other reference is a 32-bit integer,
//! the place of an object in the store's garbage-collected heap. Null is 0. Results that the
//! convention can't return in registers (see [`register_results`]) go to a buffer whose address the
//! caller passes as one more, last, 64-bit parameter: 16 bytes for each such result, in order.
//!
//! A call to an imported function loads code and context from the import record ([`import`]) and
//! calls with that context instead of its own. A call through a reference does the same from the
//! [`func_ref`] record.
//!
//! Wasm frames keep frame pointers and live on a Wasm stack of their own; there is no stack-limit
//! check. Builtins ([`Builtin`]) are called in the target's C convention, with the instance context
//! first, through the array of code pointers that the instance context points to; the code found
//! there changes stacks.
//!
//! # Garbage collection
//!
//! While a function of the module, the host or a builtin is called, objects may move. So references
//! to objects that are used after a call are in the frame of the caller during the call, and
//! nowhere else. For each call the code generator says where
//! ([`StackMapEntry`](crate::StackMapEntry)). Arguments belong to who is called; leaves among the
//! builtins move nothing. A reference in a place of 8 or 16 bytes (an element of a table, a global,
//! a value in an array or a buffer) is in its first 4 bytes in the order of the machine. What
//! objects look like and how they are made is said in [`heap`].
//!
//! # Interruption
//!
//! Code with [`Tunables::interruption`](crate::Tunables::interruption) reads 4 bytes, for nothing
//! but the fault, at the head of each loop and at the entry of each function that calls another.
//! They are in a page that the host makes inaccessible to interrupt the code
//! ([`INTERRUPT_PAGE_SIZE`] bytes): the one below the first byte of the module's first memory, if
//! that is reserved whole and not shared; else the one below the address at
//! [`context::INTERRUPT_PAGE`]. The instruction is one that traps with
//! [`TrapCode::Interrupt`](crate::TrapCode::Interrupt), and what it reads is not used, so that the
//! code can go on behind it.
//!
//! # Debugging
//!
//! Code with [`Tunables::guest_debug`](crate::Tunables::guest_debug) looks at a byte of its
//! instance's [`stops`] before each operator, and calls [`Builtin::DebugStop`] where it is not
//! zero. Before that it has written the values of locals and operands to its frame
//! ([`FunctionFrame`](crate::FunctionFrame)), so that they are there also where it traps or calls
//! something. References into the heap are among those that a collection finds and changes.
//!
//! # Layout
//!
//! All targets have 64-bit pointers. [`ContextLayout`] computes where everything stands in the
//! instance context of a module; the `context`, `memory`, … modules hold the offsets within each
//! record.

mod builtin;
mod cast_target;
pub mod continuation;
pub mod heap;
mod layout;
mod object_layout;
mod results;

pub use builtin::{Builtin, BuiltinType};
pub use cast_target::{cast_target, cast_target_of_bits};
pub use layout::{
    ContextCounts, ContextLayout, context, func_ref, import, memory, memory_import, stops, table,
    table_import, type_record,
};
pub use object_layout::{ArrayLayout, StructLayout};
pub use results::{REGISTER_RESULTS, ResultLocation, register_results};

/// The version of this ABI: an artifact states it, and a host runs only its own.
pub const ABI_VERSION: u32 = 6;

/// The size of a pointer, in bytes.
pub const POINTER_SIZE: u32 = 8;

/// How much below an address code may read to find out whether it is to be interrupted, in bytes.
/// The host makes as much accessible and inaccessible, which takes pages of at most this size.
pub const INTERRUPT_PAGE_SIZE: u32 = 4096;

/// A type id that no function has: what the null element of a table holds.
pub const NO_TYPE_ID: u32 = u32::MAX;

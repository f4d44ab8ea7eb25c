//! All that knows a register: assembly, which argument travels where, and what a signal handler
//! reads and writes of an interrupted thread.
//!
//! A port to another processor is a folder beside `x86_64` that provides what is listed below, a
//! case in each of the lists, and nothing elsewhere in this crate:
//!
//! | file | provides | what it is |
//! |---|---|---|
//! | `layout` | `CallLayout`, `ValueLocation`, `Width`, `INT_REGISTERS`, `VECTOR_REGISTERS` | the code generator's `tail` convention: which argument of a signature is in which register |
//! | `thunks` | `RegisterImage` | the registers of a call that goes by an array |
//! | | `enter_registers_thunk`, `enter_array_thunk` | from the host to Wasm |
//! | | `host_registers`, `host_array`, `builtin_thunk!` | from Wasm to the host |
//! | | `unwind_thunk`, `raise` | from Wasm, or the host called by it, to the innermost entry |
//! | | `resume` | from the host, called by Wasm, to a handler of an exception in a frame of Wasm |
//! | | `FRAME_WASM_SP` | where the frame of an entry has the Wasm stack's pointer |
//! | `waiting` | `enter_waiting_thunk`, `WaitingImage`, `host_waiting`, `host_waiting_registers`, `LEFT`, `is_waiting_entry` | as `thunks`, for calls that may be left while they wait (feature `async`) |
//! | | `suspend`, `Saved`, `Resume`, `resume_thunk`, `go_on_thunk`, `fail_thunk` | leaving such a call, and going on with it |
//! | | `memory_grow`, `table_grow`, `atomic_wait32`, `atomic_wait64`, `new_object`, `array_new_data`, `array_new_elem`, `new_continuation`, `continuation_object`, `bind_continuation`, `out_of_fuel`, `caught_exception`, (feature `debug`) `debug_stop` | the thunks of these builtins, which may wait |
//! | `continuations` | `resume_continuation`, `resume_throw`, `resume_throw_ref`, `suspend_continuation`, `switch_continuation` | from one Wasm stack to another |
//! | | `new_exit` | what a stack is entered by for the first time |
//! | `registers` | `Interrupted` | program counter, stack and frame pointer of a thread that a signal stopped |
//! | | `go_on_unwinding` | makes that thread continue in `unwind_thunk` |
//! | `interruption` | `decide`, `decide_or_wait` | whether code that is to stop goes on |
//! | | `divert` | makes that thread check whether it is to stop; without a reason it continues after the read |
//! | | `divert_trap` | the same for a trap that a debugger is to be told of (feature `debug`) |
//! | `witness` | `look`, `skip_look` | a read that a signal handler can answer |
//! | `cycles` | `time_stamp` | the counter of cycles, for `observe` |
//!
//! Each instruction of a thunk that can fault must keep the rules at the head of `thunks`. The test
//! `entering` of the workspace steps through these instructions.

#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(feature = "observe")]
pub(crate) use x86_64::time_stamp;
pub(crate) use x86_64::{
    CallLayout, FRAME_WASM_SP, Interrupted, RegisterImage, ValueLocation, Width, builtin_thunk,
    decide, divert, enter_array_thunk, enter_registers_thunk, go_on_unwinding, host_array,
    host_registers, leave_for_host, look, new_exit, raise, resume, resume_continuation,
    resume_throw, resume_throw_ref, return_to_wasm, skip_look, suspend_continuation,
    switch_continuation,
};
#[cfg(feature = "async")]
pub(crate) use x86_64::{
    LEFT, Resume, Saved, WaitingImage, array_new_data, array_new_elem, atomic_wait32,
    atomic_wait64, bind_continuation, caught_exception, continuation_object, decide_or_wait,
    enter_waiting_thunk, fail_thunk, go_on_thunk, host_waiting, host_waiting_registers,
    is_waiting_entry, memory_grow, new_continuation, new_object, out_of_fuel, resume_thunk,
    suspend, table_grow,
};
#[cfg(feature = "debug")]
pub(crate) use x86_64::{debug_stop, divert_trap};

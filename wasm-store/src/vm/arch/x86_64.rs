//! x86-64, as Linux has it.

mod continuations;
#[cfg(feature = "observe")]
mod cycles;
mod interruption;
mod layout;
mod registers;
mod saved;
mod thunks;
#[cfg(feature = "async")]
mod waiting;
mod witness;

pub(crate) use continuations::{
    new_exit, resume_continuation, resume_throw, resume_throw_ref, suspend_continuation,
    switch_continuation,
};
#[cfg(feature = "observe")]
pub(crate) use cycles::time_stamp;
#[cfg(feature = "async")]
pub(crate) use interruption::decide_or_wait;
pub(crate) use interruption::{decide, divert};
pub(crate) use layout::{CallLayout, ValueLocation, Width};
pub(crate) use registers::{Interrupted, go_on_unwinding};
#[cfg(feature = "async")]
pub(crate) use saved::Saved;
pub(crate) use thunks::{
    FRAME_WASM_SP, RegisterImage, builtin_thunk, enter_array_thunk, enter_registers_thunk,
    host_array, host_registers, leave_for_host, raise, resume, return_to_wasm,
};
#[cfg(feature = "async")]
pub(crate) use waiting::{
    LEFT, Resume, WaitingImage, array_new_data, array_new_elem, atomic_wait32, atomic_wait64,
    bind_continuation, caught_exception, continuation_object, enter_waiting_thunk, fail_thunk,
    go_on_thunk, host_waiting, host_waiting_registers, is_waiting_entry, memory_grow,
    new_continuation, new_object, out_of_fuel, resume_thunk, suspend, table_grow,
};
pub(crate) use witness::{look, skip_look};
#[cfg(feature = "debug")]
pub(crate) use {interruption::divert_trap, waiting::debug_stop};

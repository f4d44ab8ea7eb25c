//! x86-64, as Linux has it.

#[cfg(feature = "observe")]
mod cycles;
mod interruption;
mod layout;
mod registers;
mod thunks;
mod witness;

#[cfg(feature = "observe")]
pub(crate) use cycles::time_stamp;
pub(crate) use interruption::{decide, divert};
pub(crate) use layout::{CallLayout, ValueLocation, Width};
pub(crate) use registers::{Interrupted, go_on_unwinding};
pub(crate) use thunks::{
    FRAME_WASM_SP, RegisterImage, builtin_thunk, enter_array_thunk, enter_registers_thunk,
    host_array, host_registers, raise, resume,
};
pub(crate) use witness::{look, skip_look};

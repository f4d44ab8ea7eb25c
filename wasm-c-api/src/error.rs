//! `wasmtime/error.h`: errors, and how results of Rust become errors and traps of C.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_int};

use wasm_runtime::{Error, Result, ThrownException, Trap};

use crate::border::{Out, abort};
use crate::frame::{Frames, frames_of};
use crate::object::Object;
use crate::vec::CBytes;

/// `wasmtime_error_t`.
pub(crate) struct CError(pub(crate) Error);

/// What functions return that can fail: null if they succeeded.
pub(crate) type Failure = Option<Box<CError>>;

/// The error of a result, if it is one; else the value is given away.
pub(crate) fn failure<T>(result: Result<T>, ok: impl FnOnce(T)) -> Failure {
    match result {
        Ok(value) => {
            ok(value);
            None
        }
        Err(error) => Some(Box::new(CError(error))),
    }
}

/// Tells an error of a call that is a trap, or an exception that nobody caught, from others.
pub(crate) fn call_failure(error: Error, trap: Out<'_, Option<Box<Object>>>) -> Failure {
    if error.is::<Trap>() || error.is::<ThrownException>() {
        trap.write(Some(Box::new(Object::trap(error))));
        return None;
    }
    Some(Box::new(CError(error)))
}

/// As [`failure`], for calls, which can also trap.
pub(crate) fn call_result<T>(
    result: Result<T>,
    trap: Out<'_, Option<Box<Object>>>,
    ok: impl FnOnce(T),
) -> Failure {
    match result {
        Ok(value) => {
            ok(value);
            None
        }
        Err(error) => call_failure(error, trap),
    }
}

/// The message of an error or a trap, as bindings compare it: causes end their line, and exits have
/// Wasmtime's words.
pub(crate) fn message(error: &Error) -> String {
    if let Some(status) = exit_status(error) {
        return format!("Exited with i32 exit status {status}");
    }
    let mut text = format!("{error:?}");
    if error.chain().nth(1).is_some() {
        text.push('\n');
    }
    text
}

/// What a guest of WASI has exited with.
#[cfg(feature = "wasi")]
fn exit_status(error: &Error) -> Option<c_int> {
    error.downcast_ref::<wasm_runtime::wasi::I32Exit>().map(|exit| exit.0)
}

/// There are no such guests.
#[cfg(not(feature = "wasi"))]
fn exit_status(_error: &Error) -> Option<c_int> {
    None
}

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_error_new(message: *const c_char) -> Box<CError> {
    if message.is_null() {
        abort("wasmtime_error_new", "the message is null");
    }
    // SAFETY: the header asks for a string that ends with a zero.
    let message = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    Box::new(CError(Error::msg(message.into_owned())))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_error_delete(error: Failure) {
    drop(error);
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_error_message(error: &CError, message: Out<'_, CBytes>) {
    message.write(self::message(&error.0).into_bytes().into());
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_error_exit_status(error: &CError, status: Out<'_, c_int>) -> bool {
    exit_status(&error.0).map(|exit| status.write(exit)).is_some()
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_error_wasm_trace(error: &CError, out: Out<'_, Frames>) {
    out.write(frames_of(&error.0));
}

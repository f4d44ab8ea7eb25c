//! What every function of the border needs: slices and strings of C, data that the embedder gives
//! away together with what frees it, and the one way to end the program.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_void};
use std::fmt::Display;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm_runtime::{Error, Result, format_err};

/// What frees data of the embedder; it is called with the data, once.
pub(crate) type Finalizer = Option<extern "C" fn(*mut c_void)>;

/// Where a function writes a result, which the caller need not have initialised.
pub(crate) type Out<'a, T> = &'a mut MaybeUninit<T>;

/// Data of the embedder, with what frees it.
pub(crate) struct Foreign {
    pub(crate) data: *mut c_void,
    finalizer: Finalizer,
}

// SAFETY: the headers say that data given with a callback is used and freed by whichever thread
// uses the store, engine or linker that it was given to.
unsafe impl Send for Foreign {}
// SAFETY: as above; nothing here reads what the pointer leads to.
unsafe impl Sync for Foreign {}

impl Foreign {
    pub(crate) fn new(data: *mut c_void, finalizer: Finalizer) -> Self {
        Self { data, finalizer }
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            finalizer(self.data);
        }
    }
}

/// A slice of C: a pointer, which may be null if there is nothing, and a length.
///
/// # Safety
///
/// There are so many values at the pointer, and nobody changes them while the slice lives.
pub(crate) unsafe fn slice<'a, T>(data: *const T, len: usize) -> &'a [T] {
    if len == 0 {
        return &[];
    }
    if data.is_null() {
        abort("a pointer", format!("it is null, and there should be {len} values"));
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// A slice of C that is written to.
///
/// # Safety
///
/// There are so many values at the pointer, and nobody else uses them while the slice lives.
pub(crate) unsafe fn slice_mut<'a, T>(data: *mut T, len: usize) -> &'a mut [T] {
    if len == 0 {
        return &mut [];
    }
    if data.is_null() {
        abort("a pointer", format!("it is null, and there should be {len} values"));
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts_mut(data, len) }
}

/// A name of C: bytes with a length, which must be UTF-8.
///
/// # Safety
///
/// As for [`slice`].
pub(crate) unsafe fn text<'a>(data: *const u8, len: usize) -> Result<&'a str> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { slice(data, len) };
    std::str::from_utf8(bytes).map_err(|error| format_err!("input was not valid utf-8: {error}"))
}

/// A string of C, which ends with a zero, and must be UTF-8. That it is null is an error.
///
/// # Safety
///
/// It is null, or there is a zero at or behind the pointer, and nobody changes what is before it.
pub(crate) unsafe fn string<'a>(data: *const c_char) -> Result<&'a str> {
    wasm_runtime::ensure!(!data.is_null(), "input was a null pointer, and no string");
    // SAFETY: as the caller promises.
    let bytes = unsafe { CStr::from_ptr(data) };
    bytes.to_str().map_err(|error| format_err!("input was not valid utf-8: {error}"))
}

/// Runs code of guests, or something that calls the embedder: a panic becomes an error.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(panic) => Err(panic_error(&*panic)),
    }
}

/// The message of a panic, as an error.
#[cold]
fn panic_error(panic: &(dyn std::any::Any + Send)) -> Error {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&'static str>().copied())
        .unwrap_or("a panic without a message");
    format_err!("the runtime panicked: {message}")
}

/// Ends the program: the embedder has done what the header forbids, and the function has no way to
/// return an error.
#[cold]
pub(crate) fn abort(function: &str, why: impl Display) -> ! {
    eprintln!("libwasm_runtime: {function}: {why}");
    std::process::abort()
}

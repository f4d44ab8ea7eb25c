//! `wasmtime/trap.h`, and the traps of `wasm.h`.

#![allow(unsafe_code)]

use wasm_runtime::{Error, Trap};

use crate::border::{self, Out, abort};
use crate::error;
use crate::frame::{Frame, Frames, frames_of};
use crate::object::Object;
use crate::vec::CBytes;
use crate::wasm::StoreRef;

/// The traps that the header numbers and this runtime has. It has more: what only an asynchronous
/// component can do, and what only Wasmtime's own machinery can, never happens here.
const CODES: &[(u8, Trap)] = &[
    (0, Trap::StackOverflow),
    (1, Trap::MemoryOutOfBounds),
    (2, Trap::HeapMisaligned),
    (3, Trap::TableOutOfBounds),
    (4, Trap::IndirectCallToNull),
    (5, Trap::BadSignature),
    (6, Trap::IntegerOverflow),
    (7, Trap::IntegerDivisionByZero),
    (8, Trap::BadConversionToInteger),
    (9, Trap::UnreachableCodeReached),
    (10, Trap::Interrupt),
    (11, Trap::OutOfFuel),
    (12, Trap::AtomicWaitNonSharedMemory),
    (13, Trap::NullReference),
    (14, Trap::ArrayOutOfBounds),
    (15, Trap::AllocationTooLarge),
    (16, Trap::CastFailure),
    (17, Trap::CannotEnterComponent),
    (19, Trap::UnhandledTag),
    (20, Trap::ContinuationAlreadyConsumed),
    (23, Trap::CannotLeaveComponent),
    (25, Trap::InvalidChar),
    (30, Trap::StringOutOfBounds),
    (31, Trap::ListOutOfBounds),
    (32, Trap::InvalidDiscriminant),
    (33, Trap::UnalignedPointer),
];

#[unsafe(no_mangle)]
unsafe extern "C" fn wasmtime_trap_new(message: *const u8, len: usize) -> Box<Object> {
    // SAFETY: the header asks for so many bytes.
    let message = unsafe { border::slice(message, len) };
    Box::new(Object::trap(Error::msg(String::from_utf8_lossy(message).into_owned())))
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_trap_new_code(code: u8) -> Box<Object> {
    match CODES.iter().find(|(number, _)| *number == code) {
        Some((_, trap)) => Box::new(Object::trap((*trap).into())),
        None => abort("wasmtime_trap_new_code", format!("no trap of this runtime has code {code}")),
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasmtime_trap_code(trap: &Object, code: Out<'_, u8>) -> bool {
    let Some(trap) = trap.error().and_then(|error| error.downcast_ref::<Trap>()) else {
        return false;
    };
    match CODES.iter().find(|(_, known)| known == trap) {
        Some((number, _)) => {
            code.write(*number);
            true
        }
        None => false,
    }
}

#[unsafe(no_mangle)]
extern "C" fn wasm_trap_new(_store: Option<&StoreRef>, message: &CBytes) -> Box<Object> {
    // The header asks for a zero at the end.
    let message = message.as_slice();
    let message = message.strip_suffix(b"\0").unwrap_or(message);
    Box::new(Object::trap(Error::msg(String::from_utf8_lossy(message).into_owned())))
}

#[unsafe(no_mangle)]
extern "C" fn wasm_trap_message(trap: &Object, out: Out<'_, CBytes>) {
    let mut message = trap.error().map_or_else(String::new, error::message);
    message.push('\0');
    out.write(message.into_bytes().into());
}

#[unsafe(no_mangle)]
extern "C" fn wasm_trap_origin(trap: &Object) -> Option<Box<Frame>> {
    frames_of(trap.error()?).take().into_iter().next()?
}

#[unsafe(no_mangle)]
extern "C" fn wasm_trap_trace(trap: &Object, out: Out<'_, Frames>) {
    out.write(trap.error().map_or(Frames::empty(), frames_of));
}

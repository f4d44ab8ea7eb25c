//! Turns the reason why Wasm was left into the error that the caller gets.

#![allow(unsafe_code)]

use std::panic::resume_unwind;
use std::ptr::NonNull;

use wasm_types::{Escaped, MemoryIndex, RefType, TrapCode, ValType};

use crate::error::{CastFault, Error, MemoryFault, ThrownException, Trap};
use crate::items::{
    Tag, WasmBacktrace, {MakeCoreDump, WasmCoreDump},
};
use crate::store::{StoreInner, StoreOpaque};
use crate::types::Named;
use crate::vm::{Exceptions, FailedCast, HAS_OBJECTS, Thrown, TrapInfo, Unwind, VmTag};
use crate::watch::function_hook;

/// The error of a call that did not return. To be called right after that call, before anything
/// else runs on the store's Wasm stack. Function hooks are notified that the functions on the stack
/// were left.
///
/// # Panics
///
/// If the reason is a panic: with that panic.
#[inline(always)]
pub(crate) fn into_error<T: 'static>(store: &mut StoreInner<T>, unwind: Box<Unwind>) -> Error {
    function_hook::into_error(store, unwind, error_of)
}

#[cold]
#[inline(never)]
#[allow(clippy::boxed_local, reason = "calls hand it over boxed")]
fn error_of(store: &mut StoreOpaque, unwind: Box<Unwind>) -> Error {
    match *unwind {
        Unwind::Panic(payload) => resume_unwind(payload),
        // The backtrace was captured where the error was made.
        Unwind::Error(error) => error,
        Unwind::Exception { thrown, error } => {
            let error = error.unwrap_or_else(|| uncaught(store));
            // An error that went through Wasm already has a backtrace.
            if error.is::<WasmBacktrace>() {
                return error;
            }
            // SAFETY: nothing has run on the store's Wasm stack since the exception.
            let backtrace = unsafe { WasmBacktrace::of_exception(store, &thrown) };
            with_backtrace(store, error, backtrace, Some((thrown.pc, thrown.fp)))
        }
        Unwind::Trap(trap) => {
            // SAFETY: nothing has run on the store's Wasm stack since the trap.
            let backtrace = unsafe { WasmBacktrace::of_trap(store, &trap) };
            let mut error = Error::new(Trap::from_code(trap.code));
            if let Some(fault) = memory_fault(store, &trap) {
                error = error.context(fault);
            }
            if HAS_OBJECTS && let Some(fault) = cast_fault(store, &trap) {
                error = error.context(fault);
            }
            with_backtrace(store, error, backtrace, Some((trap.pc, trap.fp)))
        }
    }
}

/// An error that a host function returned to Wasm, with the backtrace of its caller. To be called
/// while Wasm waits for the host function.
#[cold]
#[inline(never)]
pub(crate) fn host_error(store: &mut StoreOpaque, error: Error) -> Error {
    // An error that went through Wasm already has a backtrace.
    if error.is::<WasmBacktrace>() {
        return error;
    }
    let backtrace = WasmBacktrace::of_host_call(store);
    with_backtrace(store, error, backtrace, None)
}

/// The error of a call that the pending exception has ended.
fn uncaught(store: &StoreOpaque) -> Error {
    let error = Error::new(ThrownException);
    let Some((tag, _)) = store.vm.exceptions().and_then(Exceptions::pending) else { return error };
    let ty = Tag::from_vm(store, tag).type_in(store);
    match exported_name(store, tag) {
        Some(name) => error.context(format!("uncaught exception of the tag `{name}`: `{ty}`")),
        None => error.context(format!("uncaught exception of a tag of type `{ty}`")),
    }
}

/// A name that an instance exports a tag by.
fn exported_name(store: &StoreOpaque, tag: NonNull<VmTag>) -> Option<String> {
    store.instances.iter().find_map(|entry| {
        // SAFETY: instances live as long as their store.
        let instance = unsafe { entry.vm.as_ref() };
        let mut exports = instance.module().tag_exports().iter();
        let (_, position) = exports.find(|(index, _)| instance.tag(*index) == tag)?;
        let export = instance.module().loaded.artifact().export_at(*position).ok()?;
        Some(Escaped::new(export.name).to_string())
    })
}

/// Why a host function has left the Wasm that called it, by the error that it returned: if that is
/// about the store's pending exception, the exception goes on.
#[cold]
#[inline(never)]
pub(crate) fn host_failure(store: &mut StoreOpaque, error: Error) -> Unwind {
    if error.is::<ThrownException>() && store.vm.has_pending_exception() {
        return Unwind::Exception { thrown: Thrown::default(), error: Some(error) };
    }
    Unwind::Error(host_error(store, error))
}

/// Adds a backtrace, and a dump of the store if the engine's settings say so. Wasm was left at the
/// given place, with nothing having run on its stack since, or waits for a host function.
fn with_backtrace(
    store: &mut StoreOpaque,
    mut error: Error,
    backtrace: Option<WasmBacktrace>,
    left_at: Option<(usize, usize)>,
) -> Error {
    let dumps = store.engine().config().core_dumps;
    if let Some(MakeCoreDump(dump)) = dumps.and_then(|dumps| dumps.downcast_ref())
        && !error.is::<WasmCoreDump>()
    {
        // SAFETY: as the callers say.
        let all = unsafe { WasmBacktrace::whole(store, left_at) };
        if !all.frames().is_empty() {
            error = error.context(dump(store, all));
        }
    }
    match backtrace {
        Some(backtrace) if !backtrace.frames().is_empty() => error.context(backtrace),
        _ => error,
    }
}

/// The access that the machine refused, if that is the reason of a trap: the address within the
/// memory, and the size of the memory.
fn memory_fault(store: &StoreOpaque, trap: &TrapInfo) -> Option<MemoryFault> {
    let address = trap.address.filter(|_| trap.code == TrapCode::MemoryOutOfBounds)?;
    let mut nearest: Option<MemoryFault> = None;
    for entry in &store.instances {
        // SAFETY: instances and their memories live as long as the store.
        let instance = unsafe { entry.vm.as_ref() };
        let count = instance.module().loaded.artifact().counts().memories;
        for memory in (0..count).map(MemoryIndex::new) {
            // SAFETY: as above.
            let memory = unsafe { instance.memory(memory).as_ref() };
            let Some(wasm_address) = address.checked_sub(memory.base() as usize) else { continue };
            // Memories are reserved apart from each other, so that the access was to the one whose
            // start is the nearest below the address.
            let wasm_address = wasm_address as u64;
            if nearest.is_none_or(|known| wasm_address < known.wasm_address) {
                nearest = Some(MemoryFault { wasm_address, memory_size: memory.byte_size() });
            }
        }
    }
    nearest
}

/// What the cast was about that is the reason of a trap, if that is known.
fn cast_fault(store: &mut StoreOpaque, trap: &TrapInfo) -> Option<CastFault> {
    if trap.code != TrapCode::CastFailure {
        return None;
    }
    if trap.address.is_some() {
        return Some(CastFault::Null);
    }
    let FailedCast { wanted, found } = store.vm.take_failed_cast(trap.pc)?;
    let types = store.engine().types();
    let name = |ty: RefType| Named::new(types, ValType::Ref(ty)).to_string();
    Some(CastFault::Type { wanted: name(wanted), found: name(found) })
}

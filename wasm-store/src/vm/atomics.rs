//! The builtins that wait for places in shared memories, and wake who waits there.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasm_types::{MemoryIndex, TrapCode};

use super::arch::{decide, raise};
use super::builtin_caller::{instance, trap};
use super::context::VMContext;
use super::memory::{AtomicPlace, VmSharedMemory};
use super::parking::Waited;
use super::store::VmStore;
use super::unwind::Unwind;

#[cfg(not(feature = "async"))]
pub(super) unsafe extern "C" fn atomic_wait32(
    context: *mut VMContext,
    memory: u32,
    address: u64,
    expected: u32,
    timeout: u64,
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { wait(context, memory, (address, 4), expected.into(), timeout) }
}

#[cfg(not(feature = "async"))]
pub(super) unsafe extern "C" fn atomic_wait64(
    context: *mut VMContext,
    memory: u32,
    address: u64,
    expected: u64,
    timeout: u64,
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { wait(context, memory, (address, 8), expected, timeout) }
}

pub(super) unsafe extern "C" fn atomic_notify(
    context: *mut VMContext,
    memory: u32,
    address: u64,
    count: u32,
) -> u32 {
    // SAFETY: compiled code names a memory of its instance.
    unsafe {
        let memory = instance(context).memory(MemoryIndex::new(memory)).as_ref();
        match AtomicPlace::new(address, 4, memory.byte_size()) {
            Err(code) => trap(context, code),
            // Nobody can wait for a memory that is not shared.
            Ok(place) => memory.shared().map_or(0, |shared| shared.notify(place, count)),
        }
    }
}

/// The memory and the place in it that code waits for, or the trap of code that can't.
///
/// # Safety
///
/// As for builtins.
pub(super) unsafe fn awaited(
    context: *mut VMContext,
    memory: u32,
    (address, size): (u64, u8),
) -> Result<(Arc<VmSharedMemory>, AtomicPlace), TrapCode> {
    // SAFETY: compiled code names a memory of its instance.
    let memory = unsafe { instance(context).memory(MemoryIndex::new(memory)).as_ref() };
    let place = AtomicPlace::new(address, size, memory.byte_size())?;
    match memory.shared() {
        Some(shared) => Ok((Arc::clone(shared), place)),
        None => Err(TrapCode::AtomicWaitNonSharedMemory),
    }
}

/// When a wait ends. A negative number is no limit, and neither is a time that the clock can't
/// express.
pub(super) fn deadline(timeout: u64) -> Option<Instant> {
    let timeout = u64::try_from(timeout as i64).ok().map(Duration::from_nanos)?;
    Instant::now().checked_add(timeout)
}

/// Waits, and leaves Wasm if it has to stop.
///
/// # Safety
///
/// As for builtins.
pub(super) unsafe fn wait(
    context: *mut VMContext,
    memory: u32,
    place: (u64, u8),
    expected: u64,
    timeout: u64,
) -> u32 {
    // SAFETY: whatever is borrowed or owned here is gone before Wasm is left.
    unsafe {
        let waited = catch_unwind(AssertUnwindSafe(|| match awaited(context, memory, place) {
            Ok((shared, place)) => wait_in(context, &shared, place, expected, timeout),
            Err(code) => Ok(Err(code)),
        }));
        let failure = match waited {
            Ok(Ok(Ok(outcome))) => return outcome,
            Ok(Ok(Err(code))) => trap(context, code),
            Ok(Err(error)) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        let store = (*context).store;
        VmStore::fail(store, failure);
        raise(store)
    }
}

/// Waits in a memory, until it is over or something stops the code of the store.
///
/// # Safety
///
/// As for builtins.
unsafe fn wait_in(
    context: *mut VMContext,
    shared: &VmSharedMemory,
    place: AtomicPlace,
    expected: u64,
    timeout: u64,
) -> Result<Result<u32, TrapCode>, crate::Error> {
    // SAFETY: the instance's store lives. What is borrowed of it is not kept while callbacks run.
    let (store, interrupts) = unsafe {
        let store = (*context).store;
        (store, (*(*store).vm).interrupts().map(Arc::clone))
    };
    // SAFETY: this runs on behalf of code of the store, which has a frame on its stack.
    let interrupted = || unsafe { decide(store, true) };
    let (deadline, interrupts) = (deadline(timeout), interrupts.as_ref());
    Ok(match shared.wait(place, expected, deadline, interrupts, interrupted)? {
        Waited::Woken => Ok(0),
        Waited::Mismatch => Ok(1),
        Waited::TimedOut => Ok(2),
        Waited::Stopped(code) => Err(code),
    })
}

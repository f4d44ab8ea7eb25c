//! The builtins that wait for places in shared memories, and wake who waits there.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasm_types::{MemoryIndex, TrapCode};

use super::arch::{decide, raise};
use super::builtin_caller::{instance, trap};
use super::context::VMContext;
use super::memory::{AtomicPlace, VmMemory};
use super::parking::Waited;
use super::store::VmStore;
use super::unwind::Unwind;

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

/// Waits, and leaves Wasm if it has to stop.
unsafe fn wait(
    context: *mut VMContext,
    memory: u32,
    (address, size): (u64, u8),
    expected: u64,
    timeout: u64,
) -> u32 {
    // SAFETY: compiled code names a memory of its instance. Whatever is borrowed or owned here is
    // gone before Wasm is left.
    unsafe {
        let memory = instance(context).memory(MemoryIndex::new(memory));
        let place = match AtomicPlace::new(address, size, memory.as_ref().byte_size()) {
            Ok(place) => place,
            Err(code) => trap(context, code),
        };
        if memory.as_ref().shared().is_none() {
            trap(context, TrapCode::AtomicWaitNonSharedMemory);
        }
        let waited = catch_unwind(AssertUnwindSafe(|| {
            wait_in(context, memory.as_ref(), place, expected, timeout)
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

/// Waits in a memory that is shared, until it is over or something stops the code of the store.
///
/// # Safety
///
/// As for builtins.
unsafe fn wait_in(
    context: *mut VMContext,
    memory: &VmMemory,
    place: AtomicPlace,
    expected: u64,
    timeout: u64,
) -> Result<Result<u32, TrapCode>, crate::Error> {
    let Some(shared) = memory.shared() else {
        return Ok(Err(TrapCode::AtomicWaitNonSharedMemory));
    };
    let shared = Arc::clone(shared);
    // A negative number is no limit, and neither is a time that the clock can't express.
    let timeout = u64::try_from(timeout as i64).ok().map(Duration::from_nanos);
    let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    // SAFETY: the instance's store lives. What is borrowed of it is not kept while callbacks run.
    let (store, interrupts) = unsafe {
        let store = (*context).store;
        (store, (*(*store).vm).interrupts().map(Arc::clone))
    };
    // SAFETY: this runs on behalf of code of the store, which has a frame on its stack.
    let interrupted = || unsafe { decide(store, true) };
    let waited = shared.wait(place, expected, deadline, interrupts.as_ref(), interrupted)?;
    Ok(match waited {
        Waited::Woken => Ok(0),
        Waited::Mismatch => Ok(1),
        Waited::TimedOut => Ok(2),
        Waited::Stopped(code) => Err(code),
    })
}

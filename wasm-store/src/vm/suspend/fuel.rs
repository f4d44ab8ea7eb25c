//! Code that has used the fuel of an interval gives way to other futures of the executor.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use wasm_types::TrapCode;

use super::Pending;
use super::leaving::wait_in_builtin;
use crate::vm::arch::{is_waiting_entry, raise, suspend};
use crate::vm::builtin_caller::trap;
use crate::vm::context::{VMContext, VMStoreContext};
use crate::vm::store::VmStore;
use crate::vm::unwind::Unwind;
use crate::vm::value::ValRaw;

/// Is pending once.
#[derive(Debug, Default)]
pub(crate) struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Too little fuel is left: goes on with more, if the store has some put aside.
///
/// # Safety
///
/// To be called by its thunk. Nothing is collected before it returns: where compiled code calls
/// this, nobody knows where its references are.
pub(in crate::vm) unsafe extern "C" fn out_of_fuel(
    context: *mut VMContext,
    preserved: *const [u64; 5],
) {
    // SAFETY: as promised to a builtin; nothing is left to drop where Wasm is left. While the call
    // waits, nobody uses the store, which it borrows.
    unsafe {
        let store = (*context).store;
        let vm = (*store).vm;
        if !(*vm).refuel() {
            trap(context, TrapCode::OutOfFuel);
        }
        if (*vm).fuel_interval().is_none() || !is_waiting_entry(store) {
            return;
        }
        let pending = Box::new(Yielding { store, once: Once::default() });
        match wait_in_builtin(store, &*preserved, pending) {
            Poll::Ready(Some(_)) => {}
            Poll::Ready(None) => raise(store),
            Poll::Pending => suspend(store),
        }
    }
}

/// Code that gives way.
struct Yielding {
    store: *mut VMStoreContext,
    once: Once,
}

// SAFETY: the store is the one that the call borrows.
unsafe impl Send for Yielding {}

impl Pending for Yielding {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // Wakers are others' code.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.once).poll(context)));
        // SAFETY: as the caller promises; the array has room for a value.
        unsafe {
            match polled {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(())) => {
                    values.write(ValRaw::ZERO);
                    Poll::Ready(true)
                }
                Err(panic) => {
                    VmStore::fail(self.store, Unwind::Panic(panic));
                    Poll::Ready(false)
                }
            }
        }
    }

    unsafe fn cancel(self: Box<Self>) -> std::thread::Result<()> {
        Ok(())
    }
}

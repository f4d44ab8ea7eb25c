//! Code whose deadline is reached gives way to other futures of the executor, or waits.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::UpdateDeadline;
use crate::error::Result;
use crate::store::{Caller, Store, StoreContextMut, StoreOpaque};
use crate::vm::{Decision, Once, Pending, Unwind, VMStoreContext, ValRaw, VmStore};

impl<T: 'static> Store<T> {
    /// Makes code that reaches its deadline give way to other futures of the executor, and go on
    /// with a deadline that is so many ticks beyond the epoch of then: a callback that returns
    /// [`UpdateDeadline::Yield`]. So one program that runs for long does not keep its thread from
    /// others.
    ///
    /// From now on the store's functions are called with
    /// [`call_async`](crate::Func::call_async): all other calls are errors.
    ///
    /// # Panics
    ///
    /// As for [`Store::epoch_deadline_callback`].
    pub fn epoch_deadline_async_yield_and_update(&mut self, delta: u64) {
        self.epoch_deadline_callback(move |_| Ok(UpdateDeadline::Yield(delta)));
        self.inner_mut().require_async();
    }
}

impl<T: 'static> StoreContextMut<'_, T> {
    /// See [`Store::epoch_deadline_async_yield_and_update`].
    ///
    /// # Panics
    ///
    /// As for that function.
    pub fn epoch_deadline_async_yield_and_update(&mut self, delta: u64) {
        self.0.epoch_deadline_callback(move |_| Ok(UpdateDeadline::Yield(delta)));
        self.0.require_async();
    }
}

impl<T: Send + 'static> StoreContextMut<'_, T> {
    /// As [`check_interruption`](Self::check_interruption), for host functions that are futures: if
    /// the callback for deadlines decides that the code gives way to others, or waits, this is
    /// pending meanwhile.
    ///
    /// # Errors
    ///
    /// As for that function.
    ///
    /// # Panics
    ///
    /// As for that function.
    pub async fn check_interruption_async(&mut self) -> Result<()> {
        let ticks = match self.0.verdict()? {
            Ok(()) => return Ok(()),
            Err(UpdateDeadline::Interrupt) => return Err(crate::Trap::Interrupt.into()),
            Err(UpdateDeadline::Continue(ticks)) => ticks,
            Err(UpdateDeadline::Yield(ticks)) => {
                Once::default().await;
                ticks
            }
            Err(UpdateDeadline::YieldCustom(ticks, future)) => {
                future.await;
                ticks
            }
        };
        self.0.vm.set_epoch_deadline(ticks);
        Ok(())
    }
}

impl<T: Send + 'static> Caller<'_, T> {
    /// See [`StoreContextMut::check_interruption_async`].
    ///
    /// # Errors
    ///
    /// As for that function.
    ///
    /// # Panics
    ///
    /// As for that function.
    pub async fn check_interruption_async(&mut self) -> Result<()> {
        self.store.check_interruption_async().await
    }
}

/// Lets other futures run once.
pub(super) fn once(store: &StoreOpaque, ticks: u64) -> Decision {
    let future = Box::pin(Once::default());
    Decision::Wait(Box::new(Yielding { future, ticks, store: store.vm.context() }))
}

/// Has the code wait for a future.
///
/// # Errors
///
/// If it can't wait.
pub(super) fn wait_for(
    store: &StoreOpaque,
    ticks: u64,
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    may_wait: bool,
) -> Result<Decision> {
    crate::ensure!(
        may_wait,
        "`UpdateDeadline::YieldCustom` is for calls that may wait: use `call_async`"
    );
    Ok(Decision::Wait(Box::new(Yielding { future, ticks, store: store.vm.context() })))
}

/// Code that waits for a future, and then gets another deadline.
struct Yielding {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// How many ticks the deadline is beyond the epoch in which the code goes on.
    ticks: u64,
    store: *mut VMStoreContext,
}

// SAFETY: the store's context is used only while the store is borrowed.
unsafe impl Send for Yielding {}

impl Pending for Yielding {
    unsafe fn poll(&mut self, context: &mut Context<'_>, _values: *mut ValRaw) -> Poll<bool> {
        let future = &mut self.future;
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let ready = future.as_mut().poll(context).is_ready();
            if ready {
                *future = Box::pin(std::future::ready(()));
            }
            ready
        }));
        // SAFETY: as the caller promises.
        unsafe {
            match polled {
                Ok(false) => return Poll::Pending,
                Ok(true) => (*(*self.store).vm).set_epoch_deadline(self.ticks),
                Err(panic) => {
                    // A future that has panicked is not polled again, and is dropped.
                    let future = std::mem::replace(future, Box::pin(std::future::ready(())));
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
                    let panic = dropped.err().unwrap_or(panic);
                    VmStore::fail(self.store, Unwind::Panic(panic));
                    return Poll::Ready(false);
                }
            }
        }
        Poll::Ready(true)
    }

    unsafe fn cancel(self: Box<Self>) -> std::thread::Result<()> {
        catch_unwind(AssertUnwindSafe(|| drop(self)))
    }
}

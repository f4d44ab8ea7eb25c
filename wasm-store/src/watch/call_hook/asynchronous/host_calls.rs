//! Host functions in a store whose hook may wait. Whatever they are, they are bound to a shim that
//! starts them as functions that may wait are started: it waits for the hook, runs the function by
//! the shim that notifies all other hooks, and waits for the hook again.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::NonNull;
use std::task::{Context, Poll};

use wasm_hooks::CallHook;

use super::super::select;
use super::Event;
use crate::error::{Error, ThrownException};
use crate::items::host_failure;
use crate::store::StoreInner;
use crate::vm::{HostRecord, Pending, Started, Unwind, ValRaw, VmStore};

/// A call of a host function that the hook is notified of.
struct Call<T: 'static> {
    record: *mut HostRecord,
    /// The handles that the hook gets and makes end with the call.
    scope: usize,
    phase: Phase<T>,
    /// The parameters or results, while the hook waits.
    values: Vec<ValRaw>,
}

enum Phase<T: 'static> {
    /// The hook was notified of the call.
    Calling(Event<'static, T>),
    /// The function is to run.
    Called,
    /// The function waits.
    Running(Box<dyn Pending>),
    /// The function is over; it has failed with what is stored if this is false.
    Ended(bool),
    /// The hook was notified of the end, with what the function has failed with.
    Returning(Event<'static, T>, Option<Unwind>),
}

// SAFETY: the record belongs to the store that the call borrows; so does what the function has
// failed with, which is not used on another thread at the same time.
unsafe impl<T: 'static> Send for Call<T> {}

/// The shim that starts host functions in stores whose hook may wait.
///
/// # Safety
///
/// The record is that of a host function of a store with data of type `T`, bound to this shim; the
/// array holds its parameters and has room for its results.
pub(in super::super) unsafe fn start<T: 'static>(
    record: *mut HostRecord,
    values: *mut ValRaw,
    context: &mut Context<'_>,
) -> Started {
    // SAFETY: as the caller promises. The call that has led here borrows the store, and does not
    // use it before this one is over.
    unsafe {
        let scope = StoreInner::<T>::from_context((*record).store).vm.gc.handles.enter();
        let mut call = Call::<T> { record, scope, phase: Phase::Called, values: Vec::new() };
        let begun = catch_unwind(AssertUnwindSafe(|| {
            if let Some(event) = Event::new(call.store(), CallHook::CallingHost) {
                call.phase = Phase::Calling(event);
            }
        }));
        let polled = match begun {
            Ok(()) => call.step(context, values),
            Err(panic) => call.over(Err(Unwind::Panic(panic))),
        };
        match polled {
            Poll::Ready(succeeded) => Started::over(succeeded),
            Poll::Pending => Started::Pending(Box::new(call)),
        }
    }
}

impl<T: 'static> Call<T> {
    fn store(&self) -> NonNull<StoreInner<T>> {
        // SAFETY: the record lives as long as its store, whose address is not null.
        unsafe { NonNull::new_unchecked((*(*self.record).store).host_data.cast()) }
    }

    /// Goes on until something waits or the call is over. Whether it has not failed.
    ///
    /// # Safety
    ///
    /// As for [`Pending::poll`].
    unsafe fn step(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // SAFETY: as the caller promises.
        unsafe {
            loop {
                match std::mem::replace(&mut self.phase, Phase::Called) {
                    Phase::Calling(event) => match self.wait_for(event, context) {
                        Ok(None) => {}
                        Ok(Some(event)) => {
                            self.keep(values, (*(*self.record).ty).ty.params().len());
                            self.phase = Phase::Calling(event);
                            return Poll::Pending;
                        }
                        Err(failure) => return self.over(Err(failure)),
                    },
                    Phase::Called => match self.run(context, values) {
                        Started::Ready => self.phase = Phase::Ended(true),
                        Started::Failed => self.phase = Phase::Ended(false),
                        Started::Pending(pending) => {
                            self.phase = Phase::Running(pending);
                            return Poll::Pending;
                        }
                    },
                    Phase::Running(mut pending) => match pending.poll(context, values) {
                        Poll::Ready(succeeded) => self.phase = Phase::Ended(succeeded),
                        Poll::Pending => {
                            self.phase = Phase::Running(pending);
                            return Poll::Pending;
                        }
                    },
                    Phase::Ended(succeeded) => {
                        let store = (*self.record).store;
                        let failure = (*store).failure.take().filter(|_| !succeeded);
                        // As the other hook of events, it is not notified of a panic.
                        if let Some(Unwind::Panic(panic)) = failure {
                            return self.over(Err(Unwind::Panic(panic)));
                        }
                        let begun = catch_unwind(AssertUnwindSafe(|| {
                            Event::new(self.store(), CallHook::ReturningFromHost)
                        }));
                        match begun {
                            Ok(Some(event)) => self.phase = Phase::Returning(event, failure),
                            Ok(None) => return self.over(failure.map_or(Ok(()), Err)),
                            Err(panic) => return self.over(Err(Unwind::Panic(panic))),
                        }
                    }
                    Phase::Returning(event, failure) => match self.wait_for(event, context) {
                        Ok(None) => {
                            let failure = failure.map(|failure| self.still_thrown(failure));
                            return self.over(failure.map_or(Ok(()), Err));
                        }
                        Ok(Some(event)) => {
                            if failure.is_none() {
                                self.keep(values, (*(*self.record).ty).ty.results().len());
                            }
                            self.phase = Phase::Returning(event, failure);
                            return Poll::Pending;
                        }
                        Err(failure) => return self.over(Err(failure)),
                    },
                }
            }
        }
    }

    /// Polls the hook. It is returned if it waits.
    ///
    /// # Safety
    ///
    /// As for [`step`](Self::step).
    unsafe fn wait_for(
        &self,
        mut event: Event<'static, T>,
        context: &mut Context<'_>,
    ) -> std::result::Result<Option<Event<'static, T>>, Unwind> {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut event).poll(context)));
        if let Ok(Poll::Pending) = polled {
            return Ok(Some(event));
        }
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(event)));
        match (polled, dropped) {
            (Ok(Poll::Ready(Err(error))), Ok(())) => {
                // SAFETY: as the caller promises; nothing else borrows the store now.
                Err(host_failure(unsafe { &mut *self.store().as_ptr() }, error))
            }
            (Ok(_), Ok(())) => Ok(None),
            (Err(panic), _) | (Ok(_), Err(panic)) => Err(Unwind::Panic(panic)),
        }
    }

    /// Runs the function, and notifies the other hooks.
    ///
    /// # Safety
    ///
    /// As for [`step`](Self::step); the array holds the parameters.
    unsafe fn run(&self, context: &mut Context<'_>, values: *mut ValRaw) -> Started {
        // SAFETY: as the caller promises; the definition's shims are for this function.
        unsafe {
            let Some(def) = select::hooked_of(&mut *self.store().as_ptr(), self.record) else {
                let failure = Error::msg("the store does not know a host function that it has");
                VmStore::fail((*self.record).store, Unwind::Error(failure));
                return Started::Failed;
            };
            match def.as_ref().start {
                Some(start) => start(self.record, values, context),
                None => Started::over((def.as_ref().array)(self.record, values)),
            }
        }
    }

    /// Keeps the first values of an array while the hook waits.
    ///
    /// # Safety
    ///
    /// The array has as many.
    unsafe fn keep(&mut self, values: *const ValRaw, count: usize) {
        // SAFETY: as the caller promises.
        self.values.extend((0..count).map(|place| unsafe { *values.add(place) }));
    }

    /// What the function has failed with, when the hook was notified of it: an exception that the
    /// hook has had thrown away is an error.
    ///
    /// # Safety
    ///
    /// As for [`step`](Self::step).
    unsafe fn still_thrown(&self, failure: Unwind) -> Unwind {
        // SAFETY: as the caller promises.
        let store = unsafe { &mut *self.store().as_ptr() };
        match failure {
            Unwind::Exception { error, .. } if !store.vm.has_pending_exception() => {
                let error = error.unwrap_or_else(|| Error::new(ThrownException));
                host_failure(store, error)
            }
            failure => failure,
        }
    }

    /// Ends the call. Whether it has not failed.
    ///
    /// # Safety
    ///
    /// As for [`step`](Self::step).
    unsafe fn over(&mut self, outcome: std::result::Result<(), Unwind>) -> Poll<bool> {
        // SAFETY: as the caller promises.
        unsafe {
            (&mut *self.store().as_ptr()).vm.gc.handles.leave(self.scope);
            match outcome {
                Ok(()) => Poll::Ready(true),
                Err(failure) => {
                    VmStore::fail((*self.record).store, failure);
                    Poll::Ready(false)
                }
            }
        }
    }
}

impl<T: 'static> Pending for Call<T> {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        for (place, value) in self.values.drain(..).enumerate() {
            // SAFETY: the array has room for parameters and for results, as the caller promises.
            unsafe { values.add(place).write(value) };
        }
        // SAFETY: as the caller promises.
        unsafe { self.step(context, values) }
    }

    unsafe fn cancel(self: Box<Self>) -> std::thread::Result<()> {
        let Self { record, scope, phase, .. } = *self;
        // SAFETY: as the caller promises.
        unsafe {
            let dropped = match phase {
                Phase::Running(pending) => pending.cancel(),
                phase => catch_unwind(AssertUnwindSafe(|| drop(phase))),
            };
            StoreInner::<T>::from_context((*record).store).vm.gc.handles.leave(scope);
            dropped
        }
    }
}

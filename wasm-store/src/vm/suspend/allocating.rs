//! Objects that Wasm makes, which may wait for the host's limiter where the heap has to grow.
//!
//! An object that needs a larger heap is not made at first: the limiter is asked, and it is tried
//! again when the answer is there. In between, what nothing refers to may have been collected, so
//! that there is another question, or none.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::task::{Context, Poll};

use super::Pending;
use super::growing::{Asking, Growing};
use super::leaving::wait_in_builtin;
use crate::Error;
use crate::vm::arch::{is_waiting_entry, raise, suspend};
use crate::vm::context::{FuncRef, VMContext, VMStoreContext};
use crate::vm::continuations::{self, Continuation};
use crate::vm::exceptions::{caught_exception as catch_now, make_caught};
use crate::vm::gc::{self, Failure, NewObject};
use crate::vm::store::VmStore;
use crate::vm::unwind::{Unwind, set_trap};
use crate::vm::value::ValRaw;

/// How often a limiter is asked about one object before it has to answer at once.
pub(crate) const MOST_QUESTIONS: u32 = 16;

/// What Wasm makes.
#[derive(Clone, Copy)]
enum Item {
    Object(NewObject),
    /// An object of the exception that was caught.
    Caught,
    /// An object of a continuation, for a record that the store holds, or null.
    Continuation(*mut Continuation),
}

/// `struct.new`, `array.new` and their like, where there is no room in the nursery.
///
/// # Safety
///
/// To be called by its thunk; so for the following.
pub(in crate::vm) unsafe extern "C" fn new_object(
    context: *mut VMContext,
    ty: u32,
    elements: u32,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { make(context, Item::Object(NewObject::Zeroed { ty, elements }), preserved) }
}

/// `array.new_data`.
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn array_new_data(
    context: *mut VMContext,
    ty: u32,
    data: u32,
    from: u32,
    len: u32,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { make(context, Item::Object(NewObject::OfData { ty, data, from, len }), preserved) }
}

/// `array.new_elem`.
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn array_new_elem(
    context: *mut VMContext,
    ty: u32,
    elem: u32,
    from: u32,
    len: u32,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { make(context, Item::Object(NewObject::OfElements { ty, elem, from, len }), preserved) }
}

/// The exception that was caught, as an object.
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn caught_exception(
    context: *mut VMContext,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { make(context, Item::Caught, preserved) }
}

/// `cont.new`
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn new_continuation(
    context: *mut VMContext,
    func: *mut FuncRef,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe {
        let record = continuations::begin_continuation(context, func);
        make(context, Item::Continuation(record), preserved)
    }
}

/// An object for a continuation that is about to be suspended.
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn continuation_object(
    context: *mut VMContext,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe { make(context, Item::Continuation(ptr::null_mut()), preserved) }
}

/// `cont.bind`
///
/// # Safety
///
/// As above.
pub(in crate::vm) unsafe extern "C" fn bind_continuation(
    context: *mut VMContext,
    object: u32,
    ty: u32,
    values: *const ValRaw,
    count: u32,
    preserved: *const [u64; 5],
) -> u32 {
    // SAFETY: as promised to a builtin.
    unsafe {
        let record = continuations::bind_arguments(context, object, ty, values, count);
        make(context, Item::Continuation(record), preserved)
    }
}

unsafe fn make(context: *mut VMContext, item: Item, preserved: *const [u64; 5]) -> u32 {
    // SAFETY: as promised to a builtin; nothing is left to drop where Wasm is left.
    unsafe {
        let store = (*context).store;
        let host = (*(*store).vm).host();
        if !host.is_some_and(|host| host.heap_waits()) || !is_waiting_entry(store) {
            return match item {
                Item::Object(object) => gc::new(context, object),
                Item::Caught => catch_now(context),
                Item::Continuation(record) => continuations::make_object(context, record),
            };
        }
        if let Some(host) = (*(*store).vm).host() {
            host.forget_heap_answers();
        }
        let pending = Box::new(Waiting { context, item, asking: None, questions: 0 });
        match wait_in_builtin(store, &*preserved, pending) {
            Poll::Ready(Some(value)) => value as u32,
            Poll::Ready(None) => raise(store),
            Poll::Pending => suspend(store),
        }
    }
}

/// An object that is being made. The future borrows the host's part of the store, which nothing
/// else uses meanwhile.
struct Waiting {
    context: *mut VMContext,
    item: Item,
    asking: Option<(Growing, Asking<'static>)>,
    questions: u32,
}

// SAFETY: the instance is one of the store that the call borrows.
unsafe impl Send for Waiting {}

impl Waiting {
    fn store(&self) -> *mut VMStoreContext {
        // SAFETY: an instance lives as long as its store.
        unsafe { (*self.context).store }
    }

    /// As [`Pending::poll`].
    unsafe fn step(&mut self, context: &mut Context<'_>) -> Poll<Result<u32, Failure>> {
        loop {
            if let Some((growing, asking)) = &mut self.asking {
                let Poll::Ready(answer) = asking.as_mut().poll(context) else {
                    return Poll::Pending;
                };
                let growing = *growing;
                self.asking = None;
                // SAFETY: the store lives, and nothing else uses the host's part of it.
                if let Some(host) = unsafe { (*(*self.store()).vm).host() } {
                    host.answer_heap(growing, answer);
                }
            }
            // SAFETY: as the caller promises.
            match unsafe { self.attempt() } {
                Ok(object) => return Poll::Ready(Ok(object)),
                Err((failure, None)) => return Poll::Ready(Err(failure)),
                Err((failure, Some(growing))) => {
                    self.questions += 1;
                    // SAFETY: the store lives. The future is dropped before anything else uses the
                    // host's part of it.
                    let asking = unsafe {
                        let host = (*(*self.store()).vm).host();
                        host.and_then(|host| host.ask(growing))
                    };
                    match asking {
                        Some(asking) => self.asking = Some((growing, asking)),
                        None => return Poll::Ready(Err(failure)),
                    }
                }
            }
        }
    }

    /// Makes the object. If the limiter has to be asked first, this fails with the question.
    unsafe fn attempt(&self) -> Result<u32, (Failure, Option<Growing>)> {
        let store = self.store();
        // SAFETY: as for builtins. What is borrowed of the store is not kept.
        unsafe {
            let vm = (*store).vm;
            if let Some(host) = (*vm).host() {
                host.postpone_heap(self.questions < MOST_QUESTIONS);
            }
            let made = catch_unwind(AssertUnwindSafe(|| match self.item {
                Item::Object(object) => object.make(self.context, &mut *vm),
                Item::Caught => Ok(make_caught(self.context)?),
                Item::Continuation(record) => Ok((*vm).make_continuation_object(record)?),
            }));
            let question = (*vm).host().and_then(|host| {
                host.postpone_heap(false);
                host.take_postponed()
            });
            match made {
                Ok(Ok(object)) => Ok(object),
                Ok(Err(failure)) => Err((failure, question)),
                Err(panic) => Err((Failure::Other(Unwind::Panic(panic)), None)),
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // It borrows the host's part.
        self.asking = None;
        if let Item::Continuation(_) = self.item {
            // If it was not made.
            // SAFETY: the store lives; nothing else is held while Wasm waits for this.
            unsafe { (*(*self.store()).vm).let_go() };
        }
        // SAFETY: the store lives, and nothing else uses the host's part of it.
        if let Some(host) = unsafe { (*(*self.store()).vm).host() } {
            host.forget_heap_answers();
        }
    }
}

impl Pending for Waiting {
    unsafe fn poll(&mut self, context: &mut Context<'_>, values: *mut ValRaw) -> Poll<bool> {
        // SAFETY: as the caller promises; the store lives, and the array has room for a value.
        unsafe {
            let failure = match catch_unwind(AssertUnwindSafe(|| self.step(context))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(object))) => {
                    values.write(ValRaw { u64: object.into() });
                    return Poll::Ready(true);
                }
                Ok(Poll::Ready(Err(Failure::Trap(code)))) => {
                    set_trap(self.store(), code);
                    return Poll::Ready(false);
                }
                Ok(Poll::Ready(Err(Failure::Other(failure)))) => failure,
                Err(panic) => {
                    let asking = self.asking.take();
                    let dropped = catch_unwind(AssertUnwindSafe(|| drop(asking)));
                    Unwind::Panic(dropped.err().unwrap_or(panic))
                }
            };
            VmStore::fail(self.store(), failure);
            Poll::Ready(false)
        }
    }

    unsafe fn cancel(self: Box<Self>) -> std::thread::Result<()> {
        catch_unwind(AssertUnwindSafe(|| drop(self)))
    }
}

/// The error of an object that is not made before the limiter was asked.
#[cold]
pub(crate) fn postponed() -> Error {
    Error::msg("the store's limiter is asked before the heap grows")
}

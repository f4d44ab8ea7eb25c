//! Continuations: computations on stacks of their own, which are suspended and resumed.
//!
//! For Wasm, a continuation is an object of the heap that leads to a [`Continuation`], a record of
//! the store's. It has a stack from when it is first resumed on until its function returns. What
//! runs is a chain of stacks: each was resumed from the one before it, down to the store's own.
//! A suspension takes the stacks from the innermost one up to the one whose resumption handles it
//! out of the chain; together they are the continuation then. `vm/arch` changes stacks, without
//! the store: [`wasm_types::abi::continuation`] says who writes what.
//!
//! A continuation that was resumed has no object: the old one leads nowhere from then on, and the
//! next suspension makes another. So a record is used by its object, or by the chain. One whose
//! object is collected is given up: nothing of it runs any more, as nothing is to be dropped in
//! frames of Wasm. What a failure leaves, or an exception, is given up too.

#![allow(unsafe_code)]

mod builtins;
mod running;
mod stacks;

use std::ptr;

pub(super) use builtins::prepare_continuation;
#[cfg(feature = "async")]
pub(super) use builtins::{begin_continuation, bind_arguments, make_object};
#[cfg(not(feature = "async"))]
pub(super) use builtins::{bind_continuation, continuation_object, new_continuation};
pub(in crate::vm) use builtins::{resume_throw_in, resume_throw_ref_in, unhandled};
pub(in crate::vm) use running::{begin, finished};
#[cfg(feature = "async")]
pub(super) use running::{detach, give_up};
pub(super) use running::{entry_left, left_to, stack_of};

use super::arch::RegisterImage;
use super::context::FuncRef;
use super::engine::VmEngine;
use super::gc::{NULL, Tracer};
use super::stack::{StackHead, WasmStack};
use super::store::VmStore;
use super::unwind::{RawFrame, Walk};
use super::value::ValRaw;
use crate::Error;

/// It has no stack, as nothing of it has run.
const NEEDS_STACK: u32 = 1;
/// How many unused records a store keeps at least.
const UNUSED: usize = 1024;

/// Arguments were bound to it.
const HAS_ARGUMENTS: u32 = 2;

/// With fewer bytes of the host in use, nobody looks for continuations that are gone.
const FEW_BYTES: usize = 64 << 20;

/// The record of a continuation. Its address never changes, and it is used again for others.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Continuation {
    /// Its stack. All zero as long as there is none.
    pub(in crate::vm) stack: StackHead,
    /// What is to be done before it can be resumed.
    pub(in crate::vm) needs: u32,
    /// The object that leads here; null if it runs, waits for one that runs, or is unused.
    pub(in crate::vm) object: u32,
    /// Where its arguments start, after it was prepared.
    pub(in crate::vm) arguments: *mut ValRaw,
    /// The last of the stacks that belong to it, counted from this one: the one that is resumed
    /// from another.
    pub(in crate::vm) root: *mut StackHead,
    /// What its stack is entered by.
    pub(in crate::vm) exit: *mut u8,
    /// The registers of its function's call, at the top of the stack.
    pub(in crate::vm) image: *mut RegisterImage,
    /// The code of its function.
    pub(in crate::vm) code: *const u8,
    /// Whether `places` are known, 0 or 1.
    pub(in crate::vm) searched: u32,
    /// The function.
    func: *mut FuncRef,
    mapping: Option<WasmStack>,
    /// The arguments that were bound, and whether each is a reference into the heap.
    bound: Vec<(ValRaw, bool)>,
    /// How many arguments were not, if some were.
    missing: usize,
    /// All arguments, if some were bound.
    all: Vec<ValRaw>,
    /// How many bytes of this the store counts as the host's.
    counted: usize,
    /// The places on its stacks that hold references.
    places: Vec<*mut u32>,
    /// The next one that a collection has come to.
    next: *mut Continuation,
}

const _: () = {
    use std::mem::offset_of;
    use wasm_types::abi::continuation as abi;
    assert!(offset_of!(Continuation, needs) == abi::NEEDS as usize);
    assert!(offset_of!(Continuation, arguments) == abi::ARGUMENTS as usize);
};

impl Continuation {
    fn new() -> Self {
        Self {
            stack: StackHead::NONE,
            needs: 0,
            object: NULL,
            arguments: ptr::null_mut(),
            root: ptr::null_mut(),
            exit: ptr::null_mut(),
            image: ptr::null_mut(),
            code: ptr::null(),
            searched: 0,
            func: ptr::null_mut(),
            mapping: None,
            bound: Vec::new(),
            missing: 0,
            all: Vec::new(),
            counted: 0,
            places: Vec::new(),
            next: ptr::null_mut(),
        }
    }
}

/// The continuations of a store.
#[derive(Debug, Default)]
pub(crate) struct Continuations {
    /// All records.
    all: Vec<*mut Continuation>,
    /// Those that are unused.
    free: Vec<*mut Continuation>,
    /// Those that were given up last. Backtraces of what has ended them may still read their
    /// stacks.
    left: Vec<*mut Continuation>,
    /// A record that has no object for a moment, in which objects may move.
    held: *mut Continuation,
    /// The record that got a stack, until its function begins. If it does not, a failure in between
    /// has ended who was to resume it.
    ready: *mut Continuation,
    /// How many bytes of the host they take, besides their stacks.
    bytes: usize,
    /// With how many to collect.
    collect_at: usize,
    stacks: stacks::Stacks,
}

impl Continuations {
    /// The store is dropped.
    pub(super) fn end(&mut self, engine: &VmEngine) {
        for record in self.all.drain(..) {
            // SAFETY: each was made by `record`, and is in this list once.
            let mut record = unsafe { Box::from_raw(record) };
            if let Some(stack) = record.mapping.take() {
                engine.put_stack(stack);
            }
        }
        self.stacks.end(engine);
    }

    /// Frees the records that a time with many more has left.
    fn trim(&mut self) {
        let used = self.all.len() - self.free.len();
        if self.free.len() <= 4 * used + UNUSED {
            return;
        }
        // SAFETY: records are freed here only. Those that are unused have no function.
        unsafe {
            self.all.retain(|record| !(**record).func.is_null());
            self.free.drain(..).for_each(|record| drop(Box::from_raw(record)));
        }
        self.all.shrink_to(2 * self.all.len());
        self.free = Vec::new();
    }

    /// An unused record.
    fn record(&mut self) -> *mut Continuation {
        self.free.pop().unwrap_or_else(|| {
            let record = Box::into_raw(Box::new(Continuation::new()));
            self.all.push(record);
            record
        })
    }
}

impl VmStore {
    /// Gives up the record of a continuation: it can be used for another one.
    ///
    /// # Safety
    ///
    /// The record is in use, and nothing refers to it any more.
    unsafe fn release(&mut self, record: *mut Continuation) {
        // SAFETY: as the caller promises.
        unsafe {
            let of = &mut *record;
            if let Some(stack) = of.mapping.take() {
                if let Some(exceptions) = &mut (*self.context()).exceptions {
                    exceptions.stack_is_empty(of.stack.bounds);
                }
                let engine = &self.engine;
                self.continuations.stacks.put(stack, engine);
            }
            of.stack = StackHead::NONE;
            of.object = NULL;
            of.needs = 0;
            of.searched = 0;
            of.func = ptr::null_mut();
            of.bound = Vec::new();
            of.all = Vec::new();
            of.places = Vec::new();
            let counted = std::mem::take(&mut of.counted);
            self.continuations.free.push(record);
            self.continuations.bytes = self.continuations.bytes.saturating_sub(counted);
            self.forget_host_values(counted);
        }
    }

    /// Gives up what was made ready and did not begin: who was to resume it has failed in between,
    /// since its stack was used up, or nothing handles what it was to switch for.
    fn release_ready(&mut self) {
        let record = std::mem::replace(&mut self.continuations.ready, ptr::null_mut());
        if !record.is_null() {
            // SAFETY: it has no object, and nothing of it runs.
            unsafe { self.release(record) };
        }
    }

    /// Gives up a suspended continuation with all of its stacks.
    ///
    /// # Safety
    ///
    /// As for [`release`](Self::release).
    unsafe fn release_all(&mut self, record: *mut Continuation) {
        // SAFETY: as the caller promises. Each stack but a store's own is the head of a record.
        unsafe {
            let root = (*record).root;
            let mut next: *mut StackHead = record.cast();
            loop {
                let (this, parent) = (next, (*next).parent);
                self.release(this.cast());
                if this == root || parent.is_null() {
                    return;
                }
                next = parent;
            }
        }
    }

    /// Gives up what was left by a failure or an exception.
    fn release_left(&mut self) {
        while let Some(record) = self.continuations.left.pop() {
            // SAFETY: it was taken out of the chain of what runs, and has no object.
            unsafe { self.release(record) };
        }
    }

    /// Finds the references on the stacks of all that is suspended.
    ///
    /// # Errors
    ///
    /// If an artifact is damaged where it says where they are.
    ///
    /// # Safety
    ///
    /// Wasm of the store waits for the host, or does not run.
    pub(super) unsafe fn search_continuations(
        &mut self,
        find: impl Fn(&[RawFrame], &mut Vec<*mut u32>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut frames = Vec::new();
        for record in &self.continuations.all {
            // SAFETY: records live as long as the store. Frames of what is suspended are in place,
            // and nobody changes them.
            unsafe {
                let record = &mut **record;
                let is_held = ptr::from_mut(record) == self.continuations.held;
                if record.searched != 0 || record.object == NULL && !is_held {
                    continue;
                }
                record.places.clear();
                if record.needs & NEEDS_STACK == 0 && record.mapping.is_some() {
                    frames.clear();
                    let exit = record.exit.cast::<usize>();
                    let (fp, pc) = (*exit, *exit.add(1));
                    frames.push(RawFrame { pc: pc.wrapping_sub(1), fp });
                    Walk::new(&raw const record.stack, ptr::null_mut()).add(fp, &mut frames);
                    find(&frames, &mut record.places)?;
                }
                record.searched = 1;
            }
        }
        Ok(())
    }

    /// Shows a collector the references that a list of continuations holds, each of which it has
    /// come to.
    ///
    /// # Safety
    ///
    /// They were searched.
    pub(super) unsafe fn trace_continuations(mut next: *mut Continuation, tracer: &mut Tracer<'_>) {
        // SAFETY: as the caller promises.
        unsafe {
            while !next.is_null() {
                let record = &mut *next;
                next = std::mem::replace(&mut record.next, ptr::null_mut());
                for place in &record.places {
                    tracer.place(*place);
                }
                for (value, is_reference) in &mut record.bound {
                    if *is_reference {
                        tracer.place(ptr::from_mut(value).cast());
                    }
                }
            }
        }
    }

    /// The record that has no object for a moment.
    pub(super) fn held_continuation(&self) -> *mut Continuation {
        self.continuations.held
    }

    /// Gives up all continuations whose objects are gone.
    pub(super) fn sweep_continuations(&mut self, is_alive: &dyn Fn(u32) -> bool) {
        for place in 0..self.continuations.all.len() {
            let record = self.continuations.all[place];
            // SAFETY: records live as long as the store.
            unsafe {
                let object = (*record).object;
                if object != NULL && !is_alive(object) {
                    self.release_all(record);
                }
            }
        }
        self.continuations.trim();
    }
}

/// Notes that a collection has come to the object of a continuation, which is at a place now.
/// Returns the first of the list of those that it has come to.
///
/// # Safety
///
/// The record is that of the object, or null.
#[inline]
pub(super) unsafe fn reached(
    record: *mut Continuation,
    object: u32,
    first: *mut Continuation,
) -> *mut Continuation {
    if record.is_null() {
        return first;
    }
    // SAFETY: as the caller promises.
    unsafe {
        (*record).object = object;
        (*record).next = first;
    }
    record
}

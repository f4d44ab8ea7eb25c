//! The builtins of continuations that do not only change stacks.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use wasm_types::abi::continuation::{SIZE, TYPE};
use wasm_types::{TrapCode, TypeIndex};

use super::{Continuation, FEW_BYTES, HAS_ARGUMENTS, NEEDS_STACK};
use crate::Error;
use crate::vm::arch::{RegisterImage, new_exit, raise};
use crate::vm::context::{FuncRef, VMContext, VMStoreContext};
use crate::vm::exceptions::unwind;
use crate::vm::gc::{NULL, NoRoom};
use crate::vm::room_for;
use crate::vm::store::VmStore;
use crate::vm::tag::VmTag;
use crate::vm::unwind::{Unwind, raise_trap};
use crate::vm::value::ValRaw;

/// Bytes that a function gets at least of its stack, besides its arguments and results.
const LEAST: usize = 1 << 10;

/// Why a builtin fails.
enum Failure {
    Trap(TrapCode),
    Error(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

impl From<NoRoom> for Failure {
    fn from(error: NoRoom) -> Self {
        Failure::Error(error.into())
    }
}

/// Runs what may fail or call the host's own code, and leaves Wasm if it fails or panics.
///
/// # Safety
///
/// To be called by a builtin, with nothing left to drop.
unsafe fn run<R: Copy>(
    context: *mut VMContext,
    run: impl FnOnce(&mut VmStore) -> Result<R, Failure>,
) -> R {
    // SAFETY: the store lives, and waits for the builtin.
    unsafe {
        let store = (*context).store;
        let vm = (*store).vm;
        let failure = match catch_unwind(AssertUnwindSafe(|| run(&mut *vm))) {
            Ok(Ok(result)) => return result,
            Ok(Err(Failure::Trap(code))) => {
                (*vm).let_go();
                raise_trap(store, code)
            }
            Ok(Err(Failure::Error(error))) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        (*vm).let_go();
        VmStore::fail(store, failure);
        raise(store)
    }
}

impl VmStore {
    /// Makes an object, for a record that is held, or null.
    ///
    /// # Errors
    ///
    /// If there is no room for it. The record is still held then.
    ///
    /// # Safety
    ///
    /// Wasm of the store waits for this.
    pub(in crate::vm) unsafe fn make_continuation_object(
        &mut self,
        record: *mut Continuation,
    ) -> Result<u32, NoRoom> {
        // A call that was forgotten while it waited may have left another one there.
        self.continuations.held = record;
        let object = self.new_object(TYPE, 0)?;
        self.held();
        if !record.is_null() {
            // SAFETY: the record is in use, and the object is new.
            unsafe {
                self.gc.heap_mut()?.set_continuation(object, record);
                (*record).object = object;
            }
        }
        Ok(object)
    }

    /// Keeps what a record refers to while it has no object.
    unsafe fn hold(&mut self, record: *mut Continuation) {
        self.continuations.held = record;
        // SAFETY: the record is in use.
        unsafe { (*record).searched = 0 };
    }

    /// The record that was held has become that of an object, or runs.
    fn held(&mut self) {
        self.continuations.held = ptr::null_mut();
    }

    /// Counts bytes of the host that a continuation takes. Where the store has no room for them,
    /// or many were made since the last collection, continuations that nobody refers to are given
    /// up first.
    fn count_continuation(&mut self, bytes: usize) -> Result<(), Failure> {
        let in_use = self.continuations.bytes.saturating_add(bytes);
        let is_time = in_use > self.continuations.collect_at.max(FEW_BYTES);
        let counted = if is_time { None } else { self.count_host_value(bytes).ok() };
        if counted.is_none() {
            self.move_all()?;
            self.continuations.collect_at = self.continuations.bytes.saturating_mul(2);
            self.count_host_value(bytes)?;
        }
        self.continuations.bytes += bytes;
        Ok(())
    }

    /// What was held is given up.
    pub(in crate::vm) fn let_go(&mut self) {
        let record = std::mem::replace(&mut self.continuations.held, ptr::null_mut());
        if !record.is_null() {
            // SAFETY: nothing else refers to it.
            unsafe { self.release_all(record) };
        }
    }
}

/// `cont.new`: makes the record, which is held until it has an object.
///
/// # Safety
///
/// To be called for compiled code, with a reference to a function that is not null.
pub(in crate::vm) unsafe fn begin_continuation(
    context: *mut VMContext,
    func: *mut FuncRef,
) -> *mut Continuation {
    // SAFETY: as the caller promises.
    unsafe {
        run(context, |vm| {
            #[cfg(feature = "function-hook")]
            if (*(*context).store).function_hook.is_some() {
                return Err(Error::msg(
                    "a store with a function hook makes no continuations: the hook could not tell \
                     which functions are left",
                )
                .into());
            }
            vm.count_continuation(size_of::<Continuation>())?;
            let record = vm.continuations.record();
            (*record).counted = size_of::<Continuation>();
            (*record).needs = NEEDS_STACK;
            (*record).func = func;
            (*record).code = (*func).code;
            (*record).root = record.cast();
            vm.hold(record);
            Ok(record)
        })
    }
}

/// A new object for a continuation: for a record that is held, or null.
///
/// # Safety
///
/// To be called for compiled code.
pub(in crate::vm) unsafe fn make_object(context: *mut VMContext, record: *mut Continuation) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { run(context, |vm| Ok(vm.make_continuation_object(record)?)) }
}

/// `cont.bind`: binds the arguments. The record is held until it has another object.
///
/// # Safety
///
/// To be called for compiled code, with a continuation that was not used, the type of its function,
/// and so many of its arguments.
pub(in crate::vm) unsafe fn bind_arguments(
    context: *mut VMContext,
    object: u32,
    ty: u32,
    values: *const ValRaw,
    count: u32,
) -> *mut Continuation {
    const WHAT: &str = "the arguments of a continuation";
    // SAFETY: as the caller promises.
    unsafe {
        run(context, |vm| {
            let record = vm.gc.heap_mut()?.take_continuation(object);
            (*record).object = NULL;
            vm.hold(record);
            if count > 0 {
                let module = (*(*context).instance).module();
                let ty = module.types[TypeIndex::new(ty).index()];
                let ty = &*ty;
                for (place, ty) in ty.ty.params().iter().take(count as usize).enumerate() {
                    let value = (*values.add(place), ty.is_collected());
                    room_for::push(&mut (*record).bound, value, WHAT)?;
                }
                // Before anything may move, what they refer to is where a collector looks.
                let bytes = count as usize * size_of::<(ValRaw, bool)>();
                vm.count_continuation(bytes)?;
                (*record).counted += bytes;
                (*record).needs |= HAS_ARGUMENTS;
                (*record).missing = ty.ty.params().len().saturating_sub(count as usize);
            }
            Ok(record)
        })
    }
}

/// `cont.new`.
///
/// # Safety
///
/// As for [`begin_continuation`].
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn new_continuation(
    context: *mut VMContext,
    func: *mut FuncRef,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { make_object(context, begin_continuation(context, func)) }
}

/// A new object for a continuation that is about to be suspended.
///
/// # Safety
///
/// To be called by compiled code.
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn continuation_object(context: *mut VMContext) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { make_object(context, ptr::null_mut()) }
}

/// `cont.bind`.
///
/// # Safety
///
/// As for [`bind_arguments`].
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn bind_continuation(
    context: *mut VMContext,
    object: u32,
    ty: u32,
    values: *const ValRaw,
    count: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { make_object(context, bind_arguments(context, object, ty, values, count)) }
}

/// Makes a continuation ready to be resumed: gives it a stack, and brings its arguments together.
///
/// # Safety
///
/// To be called by compiled code, with the record of a continuation that it has made used.
pub(in crate::vm) unsafe extern "C" fn prepare_continuation(
    context: *mut VMContext,
    record: *mut Continuation,
    own: *mut ValRaw,
) -> *mut ValRaw {
    // SAFETY: as the caller promises.
    unsafe {
        run(context, |vm| {
            // Where it has one, nothing is collected before it is resumed, so that what it was
            // suspended with can say who refers to it: nobody does, if that fails.
            if (*record).needs & NEEDS_STACK != 0 {
                (*record).object = NULL;
                vm.hold(record);
                vm.give_stack((*context).store, record)?;
                vm.held();
                vm.continuations.ready = record;
            }
            let place = match (*record).needs & HAS_ARGUMENTS {
                0 => own,
                _ => bring_together(record)?,
            };
            if place == own {
                (*record).arguments = own;
            }
            (*record).needs = 0;
            Ok(place)
        })
    }
}

/// Copies the arguments that were bound to where the others follow: returns the place of these.
unsafe fn bring_together(record: *mut Continuation) -> Result<*mut ValRaw, Failure> {
    // SAFETY: as for the caller.
    unsafe {
        let Continuation { bound, missing, all, arguments, .. } = &mut *record;
        let count = bound.len() + *missing;
        all.clear();
        if all.try_reserve(count).is_err() {
            return Err(room_for::no_room::<ValRaw>(count, "arguments").into());
        }
        all.extend(std::mem::take(bound).into_iter().map(|(value, _)| value));
        *arguments = all.as_mut_ptr();
        Ok(all.as_mut_ptr().add(all.len()))
    }
}

impl VmStore {
    /// Gives a continuation a stack, on which its function is to begin.
    unsafe fn give_stack(
        &mut self,
        store: *mut VMStoreContext,
        record: *mut Continuation,
    ) -> Result<(), Failure> {
        // SAFETY: the record is in use, and its function is one of the store.
        unsafe {
            self.release_left();
            if self.continuations.stacks.wants_collection() {
                self.move_all()?;
                self.continuations.stacks.collected();
            }
            let engine = std::sync::Arc::clone(&self.engine);
            let stack = match self.continuations.stacks.take(&engine) {
                Ok(stack) => stack,
                // Nobody may need some of those that are in use.
                Err(_) => {
                    self.move_all()?;
                    self.continuations.stacks.collected();
                    self.continuations.stacks.take(&engine)?
                }
            };
            let layout = &(*(*record).func).type_record().layout;
            let size = size_of::<RegisterImage>()
                + layout.array_len() * size_of::<ValRaw>()
                + layout.buffer_size as usize
                + layout.stack_size as usize;
            let (bounds, top) = (stack.bounds(), stack.top());
            (*record).mapping = Some(stack);
            (*record).stack.bounds = bounds;
            if size + LEAST > bounds.size() {
                return Err(Failure::Trap(TrapCode::StackOverflow));
            }
            let image = top.cast::<RegisterImage>().sub(1);
            (*record).image = image;
            let below = super::running::values(record).byte_sub(layout.buffer_size as usize);
            (*record).exit = new_exit(below.cast(), record, store);
            Ok(())
        }
    }
}

/// Nothing handles a suspension.
///
/// # Safety
///
/// Only thunks call this, after they have made a frame.
pub(in crate::vm) unsafe extern "C" fn unhandled(store: *mut VMStoreContext) -> ! {
    // SAFETY: as the caller promises.
    unsafe { raise_trap(store, TrapCode::UnhandledTag) }
}

/// `resume_throw`.
///
/// # Safety
///
/// To be called by compiled code, with the record of a continuation that it has made used, a list
/// of handlers, a tag of its instance and as many values as it has.
pub(in crate::vm) unsafe extern "C" fn resume_throw_in(
    context: *mut VMContext,
    record: *mut Continuation,
    handlers: *const u8,
    tag: NonNull<VmTag>,
    values: *const ValRaw,
) -> ! {
    // SAFETY: as the caller promises.
    unsafe {
        let store = (*context).store;
        let exceptions = (*store).exceptions.get_or_insert_default();
        let count = tag.as_ref().ty().as_ref().ty.params().len();
        exceptions.set(tag, std::slice::from_raw_parts(values, count));
        throw_into(store, record, handlers)
    }
}

/// `resume_throw_ref`.
///
/// # Safety
///
/// As for the above, with a reference to an exception.
pub(in crate::vm) unsafe extern "C" fn resume_throw_ref_in(
    context: *mut VMContext,
    record: *mut Continuation,
    handlers: *const u8,
    exception: u64,
) -> ! {
    // SAFETY: as the caller promises.
    unsafe {
        let store = (*context).store;
        (*(*store).vm).set_pending(exception as u32);
        throw_into(store, record, handlers)
    }
}

/// Goes on with the pending exception where a continuation was suspended; or, if nothing of it has
/// run, where it is resumed.
unsafe fn throw_into(
    store: *mut VMStoreContext,
    record: *mut Continuation,
    handlers: *const u8,
) -> ! {
    // SAFETY: as for the callers. The thunk has made the frame that the current stack is left from.
    unsafe {
        (*record).object = NULL;
        if (*record).needs & NEEDS_STACK != 0 {
            (*(*store).vm).release(record);
        } else {
            (*record).bound.clear();
            (*record).needs = 0;
            let root = (*record).root;
            (*root).parent = (*store).current;
            (*root).resumer = (*store).wasm_sp;
            (*root).handlers = handlers;
            (*store).current = record.cast();
            (*store).wasm_sp = (*record).exit;
        }
        unwind(store, None)
    }
}

const _: () = assert!(SIZE == 16);

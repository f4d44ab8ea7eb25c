//! The builtins: what compiled code calls the store for, as [`wasm_types::abi::Builtin`] lists
//! them. One that fails leaves Wasm and does not return.

#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{self, NonNull};

use wasm_types::abi::Builtin;
use wasm_types::{DataIndex, ElemIndex, FuncIndex, MemoryIndex, TableIndex, TrapCode};

#[cfg(feature = "debug")]
use super::arch::debug_stop;
use super::arch::{self, builtin_thunk, raise};
use super::atomics::atomic_notify;
#[cfg(not(feature = "async"))]
use super::atomics::{atomic_wait32, atomic_wait64};
use super::builtin_caller::{instance, trap};
use super::context::VMContext;
use super::continuations::prepare_continuation;
#[cfg(not(feature = "async"))]
use super::continuations::{bind_continuation, continuation_object, new_continuation};
#[cfg(not(feature = "async"))]
use super::exceptions::caught_exception;
use super::exceptions::{keep_exception, rethrow, throw, throw_ref};
use super::function_hook::{function_entered, function_left};
use super::gc::{
    HAS_OBJECTS, array_copy, array_fill, array_init_data, array_init_elem, function_number,
    is_subtype, objects_left_out,
};
#[cfg(not(feature = "async"))]
use super::gc::{array_new_data, array_new_elem, new_object};
use super::instance::VmInstance;
use super::instantiate::element_values;
use super::store::{StoreHost, VmStore};
use super::table::VmTable;
use super::unwind::Unwind;
use crate::Error;

/// The code pointers of all builtins.
struct Table([*const u8; Builtin::ALL.len()]);

// SAFETY: addresses of code, never written.
unsafe impl Sync for Table {}

/// Makes the thunk of a builtin that may wait, where anything may.
macro_rules! waiting_thunk_of {
    ($name:ident, $target:path) => {
        #[cfg(feature = "async")]
        pub(crate) use $crate::vm::arch::$name;
        #[cfg(not(feature = "async"))]
        super::builtin_thunk!($name, $target);
    };
}
use waiting_thunk_of;

/// Makes the thunk of a builtin. What grows and what makes objects may have to wait for the host's
/// limiter, who waits for a place in a memory waits, and who has used its fuel may give way.
macro_rules! thunk_of {
    (memory_grow, $target:path) => {
        super::waiting_thunk_of!(memory_grow, $target);
    };
    (table_grow, $target:path) => {
        super::waiting_thunk_of!(table_grow, $target);
    };
    (atomic_wait32, $target:path) => {
        super::waiting_thunk_of!(atomic_wait32, $target);
    };
    (atomic_wait64, $target:path) => {
        super::waiting_thunk_of!(atomic_wait64, $target);
    };
    (new_object, $target:path) => {
        super::waiting_thunk_of!(new_object, $target);
    };
    (array_new_data, $target:path) => {
        super::waiting_thunk_of!(array_new_data, $target);
    };
    (array_new_elem, $target:path) => {
        super::waiting_thunk_of!(array_new_elem, $target);
    };
    (caught_exception, $target:path) => {
        super::waiting_thunk_of!(caught_exception, $target);
    };
    (new_continuation, $target:path) => {
        super::waiting_thunk_of!(new_continuation, $target);
    };
    (continuation_object, $target:path) => {
        super::waiting_thunk_of!(continuation_object, $target);
    };
    (bind_continuation, $target:path) => {
        super::waiting_thunk_of!(bind_continuation, $target);
    };
    (out_of_fuel, $target:path) => {
        super::waiting_thunk_of!(out_of_fuel, $target);
    };
    ($name:ident, $target:path) => {
        super::builtin_thunk!($name, $target);
    };
}
use thunk_of;

macro_rules! builtins {
    (
        { $($builtin:ident $name:ident;)* }
        { $($leaf:ident $function:path;)* }
        { $($object:ident $object_name:ident;)* }
        { $($later:ident $later_name:ident;)* }
        { $($continuation:ident $continuation_name:ident;)* }
        { $($switch:ident $switch_function:path;)* }
        { $($debug:ident $debug_function:path;)* }
    ) => {
        mod thunk {
            $(super::thunk_of!($name, super::$name);)*
            $(super::thunk_of!($object_name, super::$object_name);)*
            $(super::thunk_of!($later_name, super::$later_name);)*
            $(super::thunk_of!($continuation_name, super::$continuation_name);)*
            super::builtin_thunk!(left_out, super::left_out);
        }
        static TABLE: Table = Table([
            $(thunk::$name as *const u8,)*
            $($function as *const u8,)*
            $(of_objects(thunk::$object_name as *const u8),)*
            $(thunk::$later_name as *const u8,)*
            $(of_objects(thunk::$continuation_name as *const u8),)*
            $(of_objects($switch_function as *const u8),)*
            $($debug_function as *const u8,)*
        ]);
        // The table is in the order of the ABI.
        const _: () = {
            let order =
                [$(Builtin::$builtin,)* $(Builtin::$leaf,)* $(Builtin::$object,)*
                    $(Builtin::$later,)* $(Builtin::$continuation,)* $(Builtin::$switch,)* $(Builtin::$debug,)*];
            assert!(order.len() == Builtin::ALL.len());
            let mut place = 0;
            while place < order.len() {
                assert!(order[place] as usize == place);
                place += 1;
            }
        };
    };
}

builtins! {
    {
        MemoryGrow memory_grow;
        MemoryFill memory_fill;
        MemoryCopy memory_copy;
        MemoryInit memory_init;
        DataDrop data_drop;
        TableGrow table_grow;
        TableFill table_fill;
        TableCopy table_copy;
        TableInit table_init;
        ElemDrop elem_drop;
        TableGetLazy table_get_lazy;
        RefFunc ref_func;
        OutOfFuel out_of_fuel;
        CeilF32 ceil_f32;
        CeilF64 ceil_f64;
        FloorF32 floor_f32;
        FloorF64 floor_f64;
        TruncF32 trunc_f32;
        TruncF64 trunc_f64;
        NearestF32 nearest_f32;
        NearestF64 nearest_f64;
        FmaF32 fma_f32;
        FmaF64 fma_f64;
        FunctionEntered function_entered;
        FunctionLeft function_left;
    }
    // Called without a thunk, on the Wasm stack.
    {
        MoveBytes libc::memmove;
        FillBytes libc::memset;
    }
    // For modules with objects and exceptions.
    {
        Throw throw;
        KeepException keep_exception;
        Rethrow rethrow;
        CaughtException caught_exception;
        ThrowRef throw_ref;
        NewObject new_object;
        ArrayNewData array_new_data;
        ArrayNewElem array_new_elem;
        ArrayFill array_fill;
        ArrayCopy array_copy;
        ArrayInitData array_init_data;
        ArrayInitElem array_init_elem;
        IsSubtype is_subtype;
        FunctionNumber function_number;
    }
    {
        AtomicWait32 atomic_wait32;
        AtomicWait64 atomic_wait64;
        AtomicNotify atomic_notify;
    }
    // For modules with continuations.
    {
        NewContinuation new_continuation;
        ContinuationObject continuation_object;
        BindContinuation bind_continuation;
        PrepareContinuation prepare_continuation;
    }
    // Thunks by themselves, which change from one Wasm stack to another.
    {
        ResumeContinuation arch::resume_continuation;
        ResumeThrow arch::resume_throw;
        ResumeThrowRef arch::resume_throw_ref;
        Suspend arch::suspend_continuation;
        SwitchContinuation arch::switch_continuation;
    }
    // For code that can be debugged, which is not loaded without the feature.
    {
        DebugStop debug_stop;
    }
}

#[cfg(not(feature = "debug"))]
use thunk::left_out as debug_stop;

/// The array of code pointers that instance contexts point to.
pub(super) fn table() -> *const [*const u8; Builtin::ALL.len()] {
    &raw const TABLE.0
}

/// A builtin that only code of modules with objects, exceptions or continuations calls: nothing if
/// the program is built without them, so that the linker leaves it out, with what it needs.
const fn of_objects(builtin: *const u8) -> *const u8 {
    if HAS_OBJECTS { builtin } else { thunk::left_out as *const u8 }
}

/// In place of a builtin that was left out. Modules that would call it are refused when they are
/// loaded.
unsafe extern "C" fn left_out(context: *mut VMContext) -> ! {
    // SAFETY: the context is the caller's; there is nothing left to drop.
    unsafe {
        VmStore::fail((*context).store, Unwind::Error(objects_left_out()));
        raise((*context).store)
    }
}

/// Ends the computation because the artifact turned out to be damaged.
unsafe fn damaged(context: *mut VMContext, error: wasm_artifact::Error) -> ! {
    // SAFETY: builtins call this as their last act; the error is the store's now.
    unsafe {
        VmStore::fail((*context).store, Unwind::Error(Error::new(error)));
        raise((*context).store)
    }
}

/// Runs what may call the host's own code, and leaves Wasm if that fails or panics.
unsafe fn guarded<R: Copy>(
    context: *mut VMContext,
    run: impl FnOnce(Option<&mut dyn StoreHost>) -> Result<R, Error>,
) -> R {
    // SAFETY: the store lives. The host is borrowed only for the call.
    unsafe {
        let store = (*context).store;
        let host = (*(*store).vm).host();
        let failure = match catch_unwind(AssertUnwindSafe(|| run(host))) {
            Ok(Ok(result)) => return result,
            Ok(Err(error)) => Unwind::Error(error),
            Err(payload) => Unwind::Panic(payload),
        };
        VmStore::fail(store, failure);
        raise(store)
    }
}

/// Whether `len` bytes or elements from `start` lie within the first `size`.
fn in_bounds(start: u64, len: u64, size: u64) -> bool {
    start.checked_add(len).is_some_and(|end| end <= size)
}

pub(super) unsafe extern "C" fn memory_grow(
    context: *mut VMContext,
    memory: u32,
    delta: u64,
) -> u64 {
    // SAFETY: compiled code names a memory of its instance.
    unsafe { guarded(context, |host| grow_memory(context, memory, delta, host)) }
}

/// The old size, or the largest number if the memory can't grow.
///
/// # Safety
///
/// The memory is one of the instance, and nothing borrows it.
pub(super) unsafe fn grow_memory(
    context: *mut VMContext,
    memory: u32,
    delta: u64,
    host: Option<&mut dyn StoreHost>,
) -> Result<u64, Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let memory = instance(context).memory(MemoryIndex::new(memory));
        let room = (*(*(*context).store).vm).room();
        let grown = (*memory.as_ptr()).grow(delta, host, room, None)?;
        if let (Some(old), 1..) = (grown, delta) {
            (*(*(*context).store).vm).has_grown(memory.addr().get(), old + delta);
        }
        Ok(grown.unwrap_or(u64::MAX))
    }
}

unsafe extern "C" fn memory_fill(
    context: *mut VMContext,
    memory: u32,
    start: u64,
    value: u32,
    len: u64,
) {
    // SAFETY: compiled code names a memory of its instance; the bytes are within it.
    unsafe {
        let memory = instance(context).memory(MemoryIndex::new(memory)).as_ref();
        if !in_bounds(start, len, memory.byte_size() as u64) {
            trap(context, TrapCode::MemoryOutOfBounds);
        }
        ptr::write_bytes(memory.base().add(start as usize), value as u8, len as usize);
    }
}

unsafe extern "C" fn memory_copy(
    context: *mut VMContext,
    to_memory: u32,
    from_memory: u32,
    to: u64,
    from: u64,
    len: u64,
) {
    // SAFETY: compiled code names memories of its instance; the bytes are within them.
    unsafe {
        let target = instance(context).memory(MemoryIndex::new(to_memory)).as_ref();
        let source = instance(context).memory(MemoryIndex::new(from_memory)).as_ref();
        if !in_bounds(to, len, target.byte_size() as u64)
            || !in_bounds(from, len, source.byte_size() as u64)
        {
            trap(context, TrapCode::MemoryOutOfBounds);
        }
        let (to, from) = (target.base().add(to as usize), source.base().add(from as usize));
        ptr::copy(from, to, len as usize);
    }
}

unsafe extern "C" fn memory_init(
    context: *mut VMContext,
    memory: u32,
    data: u32,
    to: u64,
    from: u64,
    len: u64,
) {
    // SAFETY: compiled code names a memory and a segment of its instance; the bytes are within
    // them.
    unsafe {
        let instance = instance(context);
        let memory = instance.memory(MemoryIndex::new(memory)).as_ref();
        let data = DataIndex::new(data);
        let dropped = instance.data_dropped(data);
        let bytes = match instance.module().loaded.artifact().data(data) {
            _ if dropped => &[],
            Ok(segment) => segment.bytes,
            Err(error) => damaged(context, error),
        };
        if !in_bounds(to, len, memory.byte_size() as u64)
            || !in_bounds(from, len, bytes.len() as u64)
        {
            trap(context, TrapCode::MemoryOutOfBounds);
        }
        let to = memory.base().add(to as usize);
        ptr::copy_nonoverlapping(bytes.as_ptr().add(from as usize), to, len as usize);
    }
}

unsafe extern "C" fn data_drop(context: *mut VMContext, data: u32) {
    // SAFETY: the instance calls.
    let instance = unsafe { instance(context) };
    if let Some(dropped) = instance.dropped_data.get_mut(data as usize) {
        *dropped = true;
    }
}

pub(super) unsafe extern "C" fn table_grow(
    context: *mut VMContext,
    table: u32,
    delta: u64,
    value: u64,
) -> u64 {
    // SAFETY: compiled code names a table of its instance.
    unsafe { guarded(context, |host| grow_table(context, table, delta, value, host)) }
}

/// The old size, or the largest number if the table can't grow.
///
/// # Safety
///
/// The table is one of the instance, the value of its type, and nothing borrows the table.
pub(super) unsafe fn grow_table(
    context: *mut VMContext,
    table: u32,
    delta: u64,
    value: u64,
    host: Option<&mut dyn StoreHost>,
) -> Result<u64, Error> {
    // SAFETY: as the caller promises.
    unsafe {
        let table = instance(context).table(TableIndex::new(table));
        let room = (*(*(*context).store).vm).room();
        let grown = (*table.as_ptr()).grow(delta, value, host, room, None)?;
        if let (Some(old), 1..) = (grown, delta) {
            (*(*(*context).store).vm).has_grown(table.addr().get(), old + delta);
        }
        Ok(grown.unwrap_or(u64::MAX))
    }
}

unsafe extern "C" fn table_fill(
    context: *mut VMContext,
    table: u32,
    start: u64,
    value: u64,
    len: u64,
) {
    // SAFETY: compiled code names a table of its instance.
    unsafe {
        let table = instance(context).table(TableIndex::new(table));
        if !(*table.as_ptr()).fill(start, value, len) {
            trap(context, TrapCode::TableOutOfBounds);
        }
    }
}

unsafe extern "C" fn table_copy(
    context: *mut VMContext,
    to_table: u32,
    from_table: u32,
    to: u64,
    from: u64,
    len: u64,
) {
    // SAFETY: compiled code names tables of its instance.
    unsafe {
        let target = instance(context).table(TableIndex::new(to_table));
        let source = instance(context).table(TableIndex::new(from_table));
        match VmTable::copy(target, source, to, from, len) {
            Ok(true) => {}
            Ok(false) => trap(context, TrapCode::TableOutOfBounds),
            Err(error) => damaged(context, error),
        }
    }
}

unsafe extern "C" fn table_init(
    context: *mut VMContext,
    table: u32,
    elem: u32,
    to: u64,
    from: u64,
    len: u64,
) {
    // SAFETY: compiled code names a table and a segment of its instance.
    unsafe {
        let done = init_table(instance(context), table, ElemIndex::new(elem), to, from, len);
        match done {
            Ok(true) => {}
            Ok(false) => trap(context, TrapCode::TableOutOfBounds),
            Err(failure) => {
                let failure = *failure;
                VmStore::fail((*context).store, failure);
                raise((*context).store)
            }
        }
    }
}

/// Copies references of a segment to a table; `Ok(false)`, with nothing changed, out of bounds.
fn init_table(
    instance: &mut VmInstance,
    table: u32,
    elem: ElemIndex,
    to: u64,
    from: u64,
    len: u64,
) -> Result<bool, Box<Unwind>> {
    let module = std::sync::Arc::clone(instance.module());
    // SAFETY: nothing borrows the table.
    let target = unsafe { &mut *instance.table(TableIndex::new(table)).as_ptr() };
    let values = if instance.element_dropped(elem) {
        if !in_bounds(from, len, 0) {
            return Ok(false);
        }
        Vec::new()
    } else {
        let element = module.loaded.artifact().element(elem);
        let element = element.map_err(|error| Box::new(Unwind::Error(Error::new(error))))?;
        let count = element.items.len();
        if !in_bounds(from, len, count.into()) || !in_bounds(to, len, target.size()) {
            return Ok(false);
        }
        // Only what is copied is evaluated, so that this takes no more time and room than the copy.
        let places = from as u32..(from + len) as u32;
        // SAFETY: the instance calls. What is evaluated makes no objects.
        unsafe { element_values(NonNull::from(instance), elem, &element, places)? }
    };
    Ok(target.write(to, values.into_iter()))
}

unsafe extern "C" fn elem_drop(context: *mut VMContext, elem: u32) {
    // SAFETY: the instance calls.
    unsafe { instance(context) }.drop_element(ElemIndex::new(elem));
}

unsafe extern "C" fn table_get_lazy(context: *mut VMContext, table: u32, index: u64) -> u64 {
    // SAFETY: compiled code names a table of its instance. Filling it in may make references of the
    // instance that defines it, which is not borrowed here.
    unsafe {
        let table = instance(context).table(TableIndex::new(table));
        match (*table.as_ptr()).slot(index) {
            Ok(Some(slot)) => slot,
            Ok(None) => trap(context, TrapCode::TableOutOfBounds),
            Err(error) => damaged(context, error),
        }
    }
}

unsafe extern "C" fn ref_func(context: *mut VMContext, func: u32) -> u64 {
    // SAFETY: compiled code names a function of its module.
    unsafe {
        match instance(context).func(FuncIndex::new(func)) {
            Ok(func) => func.as_ptr() as u64,
            Err(error) => damaged(context, error),
        }
    }
}

#[cfg(not(feature = "async"))]
unsafe extern "C" fn out_of_fuel(context: *mut VMContext) {
    // SAFETY: the store lives, and nothing is left to drop.
    unsafe {
        if !(*(*(*context).store).vm).refuel() {
            trap(context, TrapCode::OutOfFuel)
        }
    }
}

macro_rules! math {
    ($($name:ident($($arg:ident),*): $ty:ident = $result:expr;)*) => {$(
        unsafe extern "C" fn $name(_: *mut VMContext, $($arg: $ty),*) -> $ty {
            $result
        }
    )*};
}

math! {
    ceil_f32(x): f32 = x.ceil();
    ceil_f64(x): f64 = x.ceil();
    floor_f32(x): f32 = x.floor();
    floor_f64(x): f64 = x.floor();
    trunc_f32(x): f32 = x.trunc();
    trunc_f64(x): f64 = x.trunc();
    nearest_f32(x): f32 = x.round_ties_even();
    nearest_f64(x): f64 = x.round_ties_even();
    fma_f32(x, y, z): f32 = x.mul_add(y, z);
    fma_f64(x, y, z): f64 = x.mul_add(y, z);
}

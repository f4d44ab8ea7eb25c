//! Calls into Wasm: with arguments in registers, and with an array of them for any signature.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use super::arch::{
    CallLayout, RegisterImage, ValueLocation, Width, enter_array_thunk, enter_registers_thunk,
};
use super::context::{FuncRef, HostFunc, HostRecord, VMStoreContext};
use super::host::INLINE;
use super::sys::thread;
use super::unwind::{RETURNED, UNWOUND, Unwind};
use super::value::ValRaw;
use super::{interruption, unwind};

/// Runs `call` with the store ready for Wasm: its stack in place, its thread known.
///
/// # Safety
///
/// The store lives and is not running on another thread; `call` enters `code` through an entry
/// thunk.
#[inline(always)]
unsafe fn enter<R>(
    store: *mut VMStoreContext,
    code: *const u8,
    call: impl FnOnce() -> R,
) -> Result<R, Box<Unwind>> {
    // SAFETY: the store lives, as the caller promises.
    unsafe {
        if (*store).wasm_sp.is_null() {
            super::store::prepare_call(store)?;
        }
        let previous = match thread::enter(store) {
            Ok(previous) => previous,
            Err(unwind) => {
                interruption::call_ended(store);
                return Err(unwind);
            }
        };
        (*store).entry_code = code;
        let result = call();
        thread::leave(previous);
        if (*store).outcome != RETURNED {
            return end_call(store, result);
        }
        Ok(result)
    }
}

/// What is left to do after a call that failed or was timed. The result is passed in and returned,
/// so that other calls do not have to keep it across this one.
#[cold]
#[inline(never)]
pub(super) unsafe fn end_call<R>(store: *mut VMStoreContext, result: R) -> Result<R, Box<Unwind>> {
    // SAFETY: the store lives, and the entry thunk has returned.
    unsafe {
        let failed = (*store).outcome == UNWOUND;
        let result = if failed { Err(unwind::take(store)) } else { Ok(result) };
        if failed {
            (*(*store).vm).code_goes_on();
        }
        interruption::call_ended(store);
        result
    }
}

/// Calls a Wasm function whose arguments fit in registers: `call` gets the entry thunk, to be
/// transmuted to `extern "C" fn(*mut u8, …) -> R`, and the context to pass first.
///
/// # Safety
///
/// The callee is a Wasm function of the store and has the signature that `call` uses.
#[inline(always)]
pub(crate) unsafe fn enter_registers<R>(
    store: *mut VMStoreContext,
    callee: NonNull<FuncRef>,
    call: impl FnOnce(*const u8, *mut u8) -> R,
) -> Result<R, Box<Unwind>> {
    // SAFETY: the callee's record lives as long as the store.
    unsafe {
        let FuncRef { code, context, .. } = *callee.as_ptr();
        enter(store, code, || call(enter_registers_thunk as *const u8, context))
    }
}

/// Calls any function, of Wasm or of the host: parameters are read from the array, results written
/// to it.
///
/// # Safety
///
/// The callee is a function of the store; the array has room for the larger of its parameters
/// and results, and holds values of the parameters' types.
pub(crate) unsafe fn call_array(
    store: *mut VMStoreContext,
    callee: NonNull<FuncRef>,
    values: *mut ValRaw,
) -> Result<(), Box<Unwind>> {
    // SAFETY: as the caller promises.
    unsafe {
        let func = &*callee.as_ptr();
        if func.is_host() {
            let host = callee.cast::<HostFunc>();
            return call_host(store, host, &raw mut (*host.as_ptr()).record, values);
        }
        let layout = &func.type_record().layout;
        if layout.stack_size == 0 && layout.buffer_size == 0 {
            return call_image(store, func, layout, values, &[], std::ptr::null_mut());
        }
        let stack_len = layout.stack_size as usize / 16;
        let len = stack_len + layout.buffer_size as usize / 16;
        let mut inline = [ValRaw::ZERO; INLINE];
        let mut heap = Vec::new();
        let room = match inline.get_mut(..len) {
            Some(room) => room,
            None => {
                heap.resize(len, ValRaw::ZERO);
                &mut heap[..]
            }
        };
        let (stack, buffer) = room.split_at_mut(stack_len);
        fill_stack(layout, values, stack.as_mut_ptr().cast(), buffer.as_mut_ptr());
        call_image(store, func, layout, values, stack, buffer.as_mut_ptr())?;
        for (index, (place, width)) in layout.results.iter().enumerate() {
            if let ValueLocation::Memory(offset) = place {
                *values.add(index) = read(buffer.as_ptr().byte_add(*offset as usize), *width);
            }
        }
        Ok(())
    }
}

/// Writes the arguments that travel on the stack, the buffer's address among them, to an image of
/// it.
pub(super) unsafe fn fill_stack(
    layout: &CallLayout,
    values: *const ValRaw,
    stack: *mut u8,
    buffer: *mut ValRaw,
) {
    for (index, (place, width)) in layout.params.iter().enumerate() {
        if let ValueLocation::Memory(offset) = place {
            // SAFETY: the layout's stack size covers all its offsets, and the image is that large.
            unsafe {
                let value = *values.add(index);
                let to = stack.add(*offset as usize);
                match width {
                    Width::Word => to.cast::<u64>().write(u64::from(value.f32)),
                    Width::Double => to.cast::<u64>().write(value.u64),
                    Width::Vector => to.cast::<u128>().write(value.v128),
                }
            }
        }
    }
    if let Some(ValueLocation::Memory(offset)) = layout.buffer {
        // SAFETY: as above.
        unsafe { stack.add(offset as usize).cast::<*mut ValRaw>().write(buffer) }
    }
}

/// Calls a Wasm function with registers from `values` and the given stack, and writes the results
/// that come back in registers to `values`.
#[inline]
unsafe fn call_image(
    store: *mut VMStoreContext,
    func: &FuncRef,
    layout: &CallLayout,
    values: *mut ValRaw,
    stack: &[ValRaw],
    buffer: *mut ValRaw,
) -> Result<(), Box<Unwind>> {
    let mut image = MaybeUninit::uninit();
    // SAFETY: the array has room for all parameters, as the caller promises.
    unsafe { fill_image(layout, values, buffer, &mut image) };
    let image = image.as_mut_ptr();
    // SAFETY: image and stack hold what the callee's signature requires.
    unsafe {
        enter(store, func.code, || {
            enter_array_thunk(
                func.context,
                image,
                stack.as_ptr().cast(),
                std::mem::size_of_val(stack),
            );
        })?;
    }
    // SAFETY: the array has room for all results, as the caller promises.
    unsafe { read_image(layout, image, values) };
    Ok(())
}

/// Fills the image of the registers that a call passes: with those of its values that travel in
/// registers. Others are left as they are, since the callee does not read them.
///
/// # Safety
///
/// The array holds all parameters.
#[inline(always)]
pub(super) unsafe fn fill_image(
    layout: &CallLayout,
    values: *const ValRaw,
    buffer: *mut ValRaw,
    image: &mut MaybeUninit<RegisterImage>,
) {
    let image = image.as_mut_ptr();
    for (index, (place, width)) in layout.params.iter().enumerate() {
        // SAFETY: the array has room for all parameters, as the caller promises; the layout's
        // registers are those of an image.
        unsafe {
            let value = *values.add(index);
            match place {
                ValueLocation::Int(register) => {
                    (*image).ints[usize::from(*register)] = low(value, *width) as u64;
                }
                ValueLocation::Vector(register) => {
                    (*image).vectors[usize::from(*register)] = low(value, *width);
                }
                ValueLocation::Memory(_) => {}
            }
        }
    }
    if let Some(ValueLocation::Int(register)) = layout.buffer {
        // SAFETY: as above.
        unsafe { (*image).ints[usize::from(register)] = buffer as u64 };
    }
}

/// Writes the results that came back in registers to an array.
///
/// # Safety
///
/// The array has room for all results, and a thunk has written those of the image.
#[inline(always)]
pub(super) unsafe fn read_image(
    layout: &CallLayout,
    image: *const RegisterImage,
    values: *mut ValRaw,
) {
    for (index, (place, width)) in layout.results.iter().enumerate() {
        // SAFETY: thunks have written all registers of results.
        let raw = unsafe {
            match place {
                ValueLocation::Int(register) => {
                    u128::from((*image).int_results[usize::from(*register)])
                }
                ValueLocation::Vector(register) => (*image).vector_results[usize::from(*register)],
                ValueLocation::Memory(_) => continue,
            }
        };
        // SAFETY: the array has room for all results, as the caller promises.
        unsafe { *values.add(index) = ValRaw { v128: truncate(raw, *width) } };
    }
}

/// The bits of a value, those that its width does not have cleared.
#[inline]
pub(super) fn low(value: ValRaw, width: Width) -> u128 {
    // SAFETY: every bit pattern is a value of every field.
    truncate(unsafe { value.v128 }, width)
}

#[inline]
pub(super) fn truncate(raw: u128, width: Width) -> u128 {
    match width {
        Width::Word => u128::from(raw as u32),
        Width::Double => u128::from(raw as u64),
        Width::Vector => raw,
    }
}

/// Reads a value of the given width, which may not be aligned to 16 bytes.
///
/// # Safety
///
/// The pointer is valid for reads of that width and aligned to it.
pub(super) unsafe fn read(from: *const ValRaw, width: Width) -> ValRaw {
    // SAFETY: as the caller promises.
    let raw = unsafe {
        match width {
            Width::Word => u128::from(from.cast::<u32>().read()),
            Width::Double => u128::from(from.cast::<u64>().read()),
            Width::Vector => from.cast::<u128>().read(),
        }
    };
    ValRaw { v128: raw }
}

/// Calls a host function from the host, with no Wasm in between, but in the name of the instance
/// whose import has the record.
///
/// # Safety
///
/// As for [`call_array`]; the record is that of an import that is bound to the function.
pub(crate) unsafe fn call_import(
    store: *mut VMStoreContext,
    callee: NonNull<FuncRef>,
    record: NonNull<HostRecord>,
    values: *mut ValRaw,
) -> Result<(), Box<Unwind>> {
    // SAFETY: as the caller promises.
    unsafe { call_host(store, callee.cast(), record.as_ptr(), values) }
}

/// Calls a host function from the host, with no Wasm in between.
///
/// # Safety
///
/// As for [`call_array`]; the record is one of the function: its own, which names no calling
/// instance, or that of an import.
#[cold]
pub(super) unsafe fn call_host(
    store: *mut VMStoreContext,
    callee: NonNull<HostFunc>,
    record: *mut HostRecord,
    values: *mut ValRaw,
) -> Result<(), Box<Unwind>> {
    // SAFETY: a reference to a host function is the head of its record.
    unsafe {
        let host = callee.as_ptr();
        let previous = thread::enter(thread::current())?;
        thread::leave(previous);
        if ((*host).array)(record, values) {
            return Ok(());
        }
        Err(unwind::take(store))
    }
}

//! Calls out of Wasm with an array of arguments, for signatures that do not fit in registers and
//! for host functions that are only known by their type.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use super::arch::{CallLayout, RegisterImage, ValueLocation, Width};
use super::call::{low, read, truncate};
use super::context::{ArrayShim, HostRecord};
use super::value::ValRaw;

/// Values that are passed without an allocation.
pub(super) const INLINE: usize = 16;

/// Gathers the arguments of a call from registers and stack, calls the shim, and spreads the
/// results. Returns the bytes of stack arguments for the thunk to pop. Does not return if the shim
/// failed.
///
/// # Safety
///
/// Only the thunk calls this, with what compiled code passed to it.
pub(super) unsafe extern "C" fn host_array_dispatch(
    record: *mut HostRecord,
    image: *mut RegisterImage,
    stack: *const u8,
) -> usize {
    // SAFETY: the record is that of a host function of a live store, and the image is the thunk's.
    let (layout, image) = unsafe { (&(*(*record).ty).layout, &mut *image) };
    let mut inline = [const { MaybeUninit::<ValRaw>::uninit() }; INLINE];
    let mut heap = Vec::new();
    let values = match inline.get_mut(layout.params.len()..layout.array_len()) {
        // What is beyond the parameters is for results; parameters are written below.
        Some(beyond) => {
            beyond.fill(MaybeUninit::new(ValRaw::ZERO));
            inline.as_mut_ptr().cast()
        }
        None => {
            heap.resize(layout.array_len(), ValRaw::ZERO);
            heap.as_mut_ptr()
        }
    };
    // SAFETY: the array has room for all parameters, and the caller passed all of them.
    unsafe { gather(layout, image, stack, values) };
    // SAFETY: for this thunk the record's shim is the one for arrays.
    let succeeded = unsafe {
        let shim = std::mem::transmute::<*const u8, ArrayShim>((*record).shim);
        shim(record, values)
    };
    if !succeeded {
        drop(heap);
        // SAFETY: the shim has stored its failure, and nothing is left to drop here.
        unsafe { super::exceptions::leave_host((*record).store) }
    }
    // SAFETY: the caller passed all arguments; the shim has written all results, and the caller's
    // buffer has room for those in it.
    unsafe {
        let buffer = buffer_of(layout, image, stack);
        spread(layout, image, buffer, values);
    }
    layout.stack_size as usize
}

/// Writes the arguments of a call to an array.
///
/// # Safety
///
/// The array has room for all of them, and image and stack hold what the caller passed.
#[inline(always)]
pub(super) unsafe fn gather(
    layout: &CallLayout,
    image: &RegisterImage,
    stack: *const u8,
    values: *mut ValRaw,
) {
    for (index, (place, width)) in layout.params.iter().enumerate() {
        // SAFETY: the array has room for all parameters, and the caller passed all stack arguments.
        unsafe {
            *values.add(index) = match place {
                ValueLocation::Int(register) => ValRaw {
                    v128: truncate(u128::from(image.ints[usize::from(*register)]), *width),
                },
                ValueLocation::Vector(register) => {
                    ValRaw { v128: truncate(image.vectors[usize::from(*register)], *width) }
                }
                ValueLocation::Memory(offset) => read(stack.add(*offset as usize).cast(), *width),
            };
        }
    }
}

/// Where the caller wants the results that do not come in registers.
///
/// # Safety
///
/// Image and stack hold what the caller passed.
#[inline(always)]
pub(super) unsafe fn buffer_of(
    layout: &CallLayout,
    image: &RegisterImage,
    stack: *const u8,
) -> *mut u8 {
    match layout.buffer {
        Some(ValueLocation::Int(register)) => image.ints[usize::from(register)] as *mut u8,
        // SAFETY: the caller passed all stack arguments, the buffer's address among them.
        Some(ValueLocation::Memory(offset)) => unsafe {
            stack.add(offset as usize).cast::<*mut u8>().read()
        },
        _ => std::ptr::null_mut(),
    }
}

/// Writes the results of a call from an array to where its caller expects them.
///
/// # Safety
///
/// The array holds all results, and the buffer has room for those that do not come in registers.
/// The image can be written to.
#[inline(always)]
pub(super) unsafe fn spread(
    layout: &CallLayout,
    image: *mut RegisterImage,
    buffer: *mut u8,
    values: *const ValRaw,
) {
    for (index, (place, width)) in layout.results.iter().enumerate() {
        // SAFETY: the shim has written all results; the caller's buffer has room for those in it.
        unsafe {
            let raw = low(*values.add(index), *width);
            match place {
                ValueLocation::Int(register) => {
                    (*image).int_results[usize::from(*register)] = raw as u64
                }
                ValueLocation::Vector(register) => {
                    (*image).vector_results[usize::from(*register)] = raw
                }
                ValueLocation::Memory(offset) => {
                    let to = buffer.add(*offset as usize);
                    match width {
                        Width::Word => to.cast::<u32>().write(raw as u32),
                        Width::Double => to.cast::<u64>().write(raw as u64),
                        Width::Vector => to.cast::<u128>().write_unaligned(raw),
                    }
                }
            }
        }
    }
}

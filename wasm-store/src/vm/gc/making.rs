//! The builtins that make objects (Wasm 3.0, section 4.6.9).

#![allow(unsafe_code)]

use std::ptr;

use wasm_types::{ElemIndex, TrapCode};

use super::builtins::{Array, Failure, check_elements, data_bytes, number_of, run, write_elements};
use super::object::ARRAY_HEAD;
use super::types::ObjectType;
use crate::Error;
use crate::vm::context::VMContext;
use crate::vm::store::VmStore;

/// An object that compiled code makes. Types and segments are those of its module.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) enum NewObject {
    /// `struct.new`, `array.new` and their like: all bytes are zero.
    Zeroed { ty: u32, elements: u32 },
    /// `array.new_data`.
    OfData { ty: u32, data: u32, from: u32, len: u32 },
    /// `array.new_elem`.
    OfElements { ty: u32, elem: u32, from: u32, len: u32 },
}

impl NewObject {
    /// Makes it. If that fails, it can be tried again.
    ///
    /// # Safety
    ///
    /// The context is that of the calling instance, whose module has what is named; the store is
    /// its own, and waits for the builtin.
    pub(in crate::vm) unsafe fn make(
        self,
        context: *mut VMContext,
        vm: &mut VmStore,
    ) -> Result<u32, Failure> {
        // SAFETY: as the caller promises.
        unsafe {
            match self {
                Self::Zeroed { ty, elements } => vm.make(number_of(context, ty), elements),
                Self::OfData { ty, data, from, len } => {
                    let number = number_of(context, ty);
                    let size = match vm.gc.heap_mut()?.type_numbered(number) {
                        Some(ObjectType::Array(record)) => record.as_ref().layout.element,
                        _ => return Err(Error::msg("the type is not one of arrays").into()),
                    };
                    let bytes = data_bytes(context, data, from, u64::from(len) * u64::from(size))?;
                    let object = vm.make(number, len)?;
                    let to = vm.gc.heap_mut()?.address(object + ARRAY_HEAD);
                    ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
                    Ok(object)
                }
                Self::OfElements { ty, elem, from, len } => {
                    let elem = ElemIndex::new(elem);
                    check_elements(context, elem, from, len)?;
                    let object = vm.make(number_of(context, ty), len)?;
                    let heap = vm.gc.heap_mut()?;
                    let array = Array::new(heap, object)?;
                    write_elements(context, heap, elem, from, len, (array, 0))?;
                    Ok(object)
                }
            }
        }
    }
}

impl VmStore {
    /// Makes an object of a type of this heap. What is larger than any heap is a trap.
    fn make(&mut self, number: u32, elements: u32) -> Result<u32, Failure> {
        if self.gc.heap_mut()?.object_size(number, elements).is_none() {
            return Err(TrapCode::AllocationTooLarge.into());
        }
        Ok(self.new_object(number, elements)?)
    }
}

/// `struct.new`, `array.new` and their like, where there is no room in the nursery.
///
/// # Safety
///
/// To be called by compiled code, which names what its module has.
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn new_object(
    context: *mut VMContext,
    ty: u32,
    elements: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { new(context, NewObject::Zeroed { ty, elements }) }
}

/// `array.new_data`.
///
/// # Safety
///
/// As above.
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn array_new_data(
    context: *mut VMContext,
    ty: u32,
    data: u32,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { new(context, NewObject::OfData { ty, data, from, len }) }
}

/// `array.new_elem`.
///
/// # Safety
///
/// As above.
#[cfg(not(feature = "async"))]
pub(in crate::vm) unsafe extern "C" fn array_new_elem(
    context: *mut VMContext,
    ty: u32,
    elem: u32,
    from: u32,
    len: u32,
) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { new(context, NewObject::OfElements { ty, elem, from, len }) }
}

/// Makes an object, and leaves Wasm if that fails.
///
/// # Safety
///
/// As for [`NewObject::make`], in a builtin with nothing left to drop.
pub(in crate::vm) unsafe fn new(context: *mut VMContext, object: NewObject) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { run(context, |vm| object.make(context, vm)) }
}

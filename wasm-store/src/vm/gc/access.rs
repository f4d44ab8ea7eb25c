//! What objects hold: fields and elements, as values of the types that are declared.
//!
//! A reference to a function is a number in an object, which a function gets when it is first
//! stored in one.

#![allow(unsafe_code)]

use std::ptr::NonNull;

use wasm_types::abi::heap;
use wasm_types::{StorageType, ValType};

use super::heap::Heap;
use super::object::{ARRAY_HEAD, HEADER_SIZE, is_object};
use super::types::ObjectType;
use crate::Error;
use crate::vm::context::FuncRef;
use crate::vm::value::ValRaw;

impl Heap {
    /// The type of the object that a reference is to; `None` for null and unboxed integers.
    pub(crate) fn type_of(&self, reference: u32) -> Option<ObjectType> {
        if !is_object(reference) {
            return None;
        }
        debug_assert!(
            self.space.young().contains(&reference) || self.space.old.contains(reference)
        );
        // SAFETY: references are to objects.
        self.types.get(unsafe { self.space.header(reference) }.number())
    }

    /// The type with a number.
    pub(crate) fn type_numbered(&self, number: u32) -> Option<ObjectType> {
        self.types.get(number)
    }

    /// How many elements an array has.
    ///
    /// # Safety
    ///
    /// The reference is to an array.
    pub(crate) unsafe fn array_length(&self, array: u32) -> u32 {
        // SAFETY: the length of an array is behind its header.
        unsafe { self.space.word(array + HEADER_SIZE) }
    }

    /// The address of a place in the heap.
    pub(super) fn address(&self, place: u32) -> *mut u8 {
        self.space.base().wrapping_add(place as usize)
    }

    /// The value at a place of an object. One that is packed is extended by zeros.
    ///
    /// # Safety
    ///
    /// There is a value of that type at the place.
    pub(crate) unsafe fn read(&self, place: u32, storage: StorageType) -> ValRaw {
        let address = self.address(place);
        // SAFETY: as the caller promises. Fields and elements are aligned to 8 bytes at most.
        unsafe {
            if is_function(storage) {
                let func = self.function(address.cast::<u32>().read());
                return ValRaw::from_u64(func.map_or(0, |func| func.as_ptr() as u64));
            }
            match storage.object_size() {
                1 => ValRaw::from_u64(address.read().into()),
                2 => ValRaw::from_u64(address.cast::<u16>().read().into()),
                4 => ValRaw::from_u64(address.cast::<u32>().read().into()),
                8 => ValRaw::from_u64(address.cast::<u64>().read()),
                _ => ValRaw { v128: address.cast::<u128>().read_unaligned() },
            }
        }
    }

    /// Writes a value to a place of an object. Of one that is packed, the upper bits are left out.
    /// A reference into the heap is written only after [`before_write`](Self::before_write), unless
    /// the object was just made.
    ///
    /// # Errors
    ///
    /// If it is a reference to a function, and objects refer to too many already.
    ///
    /// # Safety
    ///
    /// There is a value of that type at the place, and the new one is of that type, too.
    pub(crate) unsafe fn write(
        &mut self,
        place: u32,
        storage: StorageType,
        value: ValRaw,
    ) -> Result<(), Error> {
        // SAFETY: as the caller promises.
        unsafe {
            let bits = self.bits_of(storage, value)?;
            self.write_bits(place, 1, storage.object_size(), bits);
        }
        Ok(())
    }

    /// Writes a value to elements of an array, from a place on so many. As for
    /// [`write`](Self::write), after [`before_write`](Self::before_write).
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    ///
    /// # Safety
    ///
    /// The array has these elements, of that type, of which the value is, too.
    pub(crate) unsafe fn fill(
        &mut self,
        array: u32,
        (start, len): (u32, u32),
        element: StorageType,
        value: ValRaw,
    ) -> Result<(), Error> {
        let size = element.object_size();
        // SAFETY: as the caller promises.
        unsafe {
            let bits = self.bits_of(element, value)?;
            self.write_bits(array + ARRAY_HEAD + start * size, len, size, bits);
        }
        Ok(())
    }

    /// The bits of a value as an object holds it.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    ///
    /// # Safety
    ///
    /// The value is of that type.
    unsafe fn bits_of(&mut self, storage: StorageType, value: ValRaw) -> Result<u128, Error> {
        // SAFETY: as the caller promises; a reference to a function is the address of its record.
        unsafe {
            match NonNull::new(value.u64 as *mut FuncRef).filter(|_| is_function(storage)) {
                Some(func) => Ok(self.number_of_function(func)?.into()),
                None => Ok(value.v128),
            }
        }
    }

    /// Writes the same bits to so many places of so many bytes each.
    ///
    /// # Safety
    ///
    /// There are as many values of that size.
    unsafe fn write_bits(&mut self, place: u32, count: u32, size: u32, bits: u128) {
        let (address, count) = (self.address(place), count as usize);
        // SAFETY: as the caller promises. Nothing else borrows the heap.
        unsafe {
            match size {
                1 => address.write_bytes(bits as u8, count),
                2 => std::slice::from_raw_parts_mut(address.cast(), count).fill(bits as u16),
                4 => std::slice::from_raw_parts_mut(address.cast(), count).fill(bits as u32),
                8 => std::slice::from_raw_parts_mut(address.cast(), count).fill(bits as u64),
                _ => {
                    let values = address.cast::<[u64; 2]>();
                    let value = [bits as u64, (bits >> 64) as u64];
                    std::slice::from_raw_parts_mut(values, count).fill(value);
                }
            }
        }
    }

    /// The number that stands for a function in objects, which it gets now if it has none.
    ///
    /// # Errors
    ///
    /// If objects refer to too many functions.
    ///
    /// # Safety
    ///
    /// The function is one of the store, and not null.
    pub(crate) unsafe fn number_of_function(
        &mut self,
        func: NonNull<FuncRef>,
    ) -> Result<u32, Error> {
        // SAFETY: as the caller promises; nothing borrows the record.
        unsafe {
            let flags = &raw mut (*func.as_ptr()).flags;
            if *flags >> 1 != 0 {
                return Ok(*flags >> 1);
            }
            let number = self.functions;
            if number >= heap::MAX_FUNCTIONS {
                return Err(Error::msg(format!(
                    "the objects of the store refer to more than {} functions",
                    heap::MAX_FUNCTIONS - 1
                )));
            }
            self.space.make_room_for_functions(number + 1)?;
            self.space.function(number).write(func.as_ptr());
            *flags |= number << 1;
            self.functions += 1;
            Ok(number)
        }
    }

    /// The function that a number stands for; `None` for null.
    pub(crate) fn function(&self, number: u32) -> Option<NonNull<FuncRef>> {
        if number == 0 || number >= self.functions {
            return None;
        }
        // SAFETY: those that have numbers are there.
        NonNull::new(unsafe { self.space.function(number).read() })
    }

    /// Takes their numbers from all functions.
    ///
    /// # Safety
    ///
    /// They are still there, and the heap is not used any more.
    pub(super) unsafe fn forget_functions(&mut self) {
        for number in 1..std::mem::replace(&mut self.functions, 1) {
            // SAFETY: as the caller promises.
            unsafe {
                let func = self.space.function(number).read();
                (*func).flags &= FuncRef::HOST;
            }
        }
    }
}

/// Whether a field or element is a reference to a function.
fn is_function(storage: StorageType) -> bool {
    matches!(storage, StorageType::Val(ValType::Ref(ty)) if !ty.is_collected())
}

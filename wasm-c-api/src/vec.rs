//! Vectors of the C API (`wasm_*_vec_t`): a length and a pointer, owned by whoever has them.

#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use crate::border;

/// A vector: what C sees as `struct { size_t size; T *data; }`. An empty one has no allocation. Its
/// data is null if C has made it empty or has freed it, which C may look at; what the library gives
/// away is never null, since bindings read the bytes of empty names.
#[repr(C)]
pub(crate) struct CVec<T> {
    size: usize,
    data: *mut T,
}

/// A vector of bytes: names and messages are these.
pub(crate) type CBytes = CVec<u8>;

// SAFETY: it owns its elements, as a box of a slice does.
unsafe impl<T: Send> Send for CVec<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for CVec<T> {}

impl<T> CVec<T> {
    /// As `…_new_empty` makes it.
    pub(crate) const fn empty() -> Self {
        Self { size: 0, data: std::ptr::null_mut() }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: a vector has so many elements.
        unsafe { border::slice(self.data, self.size) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: a vector has so many elements, and is borrowed.
        unsafe { border::slice_mut(self.data, self.size) }
    }

    /// The elements; the vector is empty afterwards.
    pub(crate) fn take(&mut self) -> Vec<T> {
        let (size, data) = (self.size, self.data);
        // Assigning an empty vector would free this one first.
        (self.size, self.data) = (0, std::ptr::null_mut());
        if size == 0 {
            return Vec::new();
        }
        if data.is_null() {
            border::abort("a vector", format!("its data is null, and its size is {size}"));
        }
        // SAFETY: vectors are made of boxed slices only (`From<Vec<T>>`); the header asks embedders
        // to have them made by the functions of their family, and to leave their size alone.
        unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(data, size)) }.into_vec()
    }
}

impl<T> From<Vec<T>> for CVec<T> {
    fn from(elements: Vec<T>) -> Self {
        let size = elements.len();
        Self { size, data: Box::into_raw(elements.into_boxed_slice()).cast() }
    }
}

impl From<&str> for CBytes {
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl<T: Clone> Clone for CVec<T> {
    fn clone(&self) -> Self {
        self.as_slice().to_vec().into()
    }
}

impl<T> Drop for CVec<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// `…_new`: takes the elements at the pointer.
///
/// # Safety
///
/// There are so many elements, which the caller gives away.
pub(crate) unsafe fn new<T>(out: &mut MaybeUninit<CVec<T>>, size: usize, data: *const T) {
    if size != 0 && data.is_null() {
        border::abort("a vector", format!("its elements are null, and its size is {size}"));
    }
    let mut elements = Vec::with_capacity(size);
    for index in 0..size {
        // SAFETY: as the caller promises; each is read once.
        elements.push(unsafe { data.add(index).read() });
    }
    out.write(elements.into());
}

/// `…_new_uninitialized`: the embedder writes the elements. They begin as zeros, of which each
/// element type of this API is made: null pointers, numbers, empty vectors.
///
/// # Safety
///
/// Zeros are a valid element.
pub(crate) unsafe fn new_zeroed<T>(out: &mut MaybeUninit<CVec<T>>, size: usize) {
    let elements = Box::<[T]>::new_zeroed_slice(size);
    // SAFETY: as the caller promises.
    out.write(unsafe { elements.assume_init() }.into_vec().into());
}

/// The functions of a family of vectors, from their names and the type of their elements.
macro_rules! vec_family {
    ($element:ty: $new_empty:ident $new_uninitialized:ident $new:ident $copy:ident $delete:ident) => {
        #[unsafe(no_mangle)]
        extern "C" fn $new_empty(out: $crate::border::Out<'_, $crate::vec::CVec<$element>>) {
            out.write($crate::vec::CVec::empty());
        }

        #[unsafe(no_mangle)]
        extern "C" fn $new_uninitialized(
            out: $crate::border::Out<'_, $crate::vec::CVec<$element>>,
            size: usize,
        ) {
            // SAFETY: each family has elements for which zeros are valid.
            unsafe { $crate::vec::new_zeroed(out, size) }
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $new(
            out: $crate::border::Out<'_, $crate::vec::CVec<$element>>,
            size: usize,
            data: *const $element,
        ) {
            // SAFETY: the header asks for so many elements, and takes them.
            unsafe { $crate::vec::new(out, size, data) }
        }

        #[unsafe(no_mangle)]
        extern "C" fn $copy(
            out: $crate::border::Out<'_, $crate::vec::CVec<$element>>,
            from: &$crate::vec::CVec<$element>,
        ) {
            out.write(from.clone());
        }

        #[unsafe(no_mangle)]
        extern "C" fn $delete(vector: &mut $crate::vec::CVec<$element>) {
            drop(vector.take());
        }
    };
}

pub(crate) use vec_family;

vec_family!(u8: wasm_byte_vec_new_empty wasm_byte_vec_new_uninitialized wasm_byte_vec_new
    wasm_byte_vec_copy wasm_byte_vec_delete);

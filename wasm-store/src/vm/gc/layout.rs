//! Where the references within an object are, and how large it is.

use wasm_types::abi::continuation;

use super::object::{ALIGNMENT, ARRAY_HEAD, HEADER_SIZE};

/// What a collector has to know of the objects of one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// The size of an object, in bytes; of an array the size without elements.
    size: u32,
    /// The size of an element of an array, in bytes; 0 for other objects.
    element: u32,
    /// Which words of an object are references, the header being the first one. Of an array: not 0
    /// if its elements are references.
    near: u64,
    /// The words from [`FAR`] on that are references: from where to where in a list of all shapes.
    far: (u32, u32),
}

/// In place of the end in [`Shape::far`]: there are references elsewhere.
const ELSEWHERE: u32 = u32::MAX;

/// The first word that [`Shape::near`] has no place for.
const FAR: u32 = u64::BITS;

impl Shape {
    /// A structure of so many bytes. `far` gets the places of references that are far from the
    /// start.
    pub(super) fn of_struct(
        size: u32,
        references: impl Iterator<Item = u32>,
        far: &mut Vec<u32>,
    ) -> Self {
        let (mut near, start) = (0, far.len() as u32);
        for offset in references {
            match offset / 4 {
                word @ 0..FAR => near |= 1 << word,
                _ => far.push(offset),
            }
        }
        Self { size, element: 0, near, far: (start, far.len() as u32) }
    }

    /// An array with elements of so many bytes.
    pub(super) fn of_array(element: u32, references: bool) -> Self {
        Self { size: ARRAY_HEAD, element, near: references.into(), far: (0, 0) }
    }

    /// An object that stands for a value of the host: the number of the value follows the header.
    pub(super) const HOST_VALUE: Self =
        Self { size: HOST_VALUE_SIZE, element: 0, near: 0, far: (0, 0) };

    /// A continuation: a pointer to its record follows the header, aligned. It holds no reference,
    /// but what it leads to does.
    pub(super) const CONTINUATION: Self =
        Self { size: continuation::SIZE, element: 0, near: 0, far: (0, ELSEWHERE) };

    pub(super) fn is_array(&self) -> bool {
        self.element > 0
    }

    /// Whether the elements of an array are references.
    #[inline(always)]
    pub(super) fn elements_are_references(&self) -> bool {
        self.near != 0
    }

    /// The size of an object with so many elements, which count for arrays only; `None` if it is
    /// larger than any heap.
    pub(super) fn size(&self, elements: u32) -> Option<u32> {
        let bytes = u64::from(self.element) * u64::from(elements) + u64::from(self.size);
        u32::try_from(bytes.next_multiple_of(ALIGNMENT.into())).ok()
    }

    /// The size of an object that exists. `length` gives the length of an array.
    #[inline(always)]
    pub(super) fn size_of(&self, length: impl FnOnce() -> u32) -> u32 {
        match self.element {
            0 => self.size,
            element => (self.size + element * length()).next_multiple_of(ALIGNMENT),
        }
    }

    /// Where the references of an object other than an array are, in bytes from its start. `far` is
    /// the list of all shapes. Returns whether there are others that it leads to.
    #[inline(always)]
    pub(super) fn each_reference(&self, far: &[u32], mut each: impl FnMut(u32)) -> bool {
        let mut left = self.near;
        while left != 0 {
            each(left.trailing_zeros() * 4);
            left &= left - 1;
        }
        let (start, end) = self.far;
        if start < end {
            if end == ELSEWHERE {
                return true;
            }
            far[start as usize..end as usize].iter().for_each(|offset| each(*offset));
        }
        false
    }
}

/// The size of an object that stands for a value of the host, in bytes.
pub(super) const HOST_VALUE_SIZE: u32 = 8;

const _: () = assert!(HOST_VALUE_SIZE.is_multiple_of(ALIGNMENT) && HOST_VALUE_SIZE > HEADER_SIZE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_near_and_far_are_found() {
        let mut far = vec![4];
        let places = [4, 12, 252, 256, 4000];
        let shape = Shape::of_struct(4008, places.into_iter(), &mut far);
        let mut found = Vec::new();
        shape.each_reference(&far, |offset| found.push(offset));
        assert_eq!(found, places);
        assert_eq!((shape.size(7), shape.size_of(|| 7)), (Some(4008), 4008));
    }

    #[test]
    fn arrays_have_the_size_of_their_elements() {
        let shape = Shape::of_array(2, false);
        assert_eq!((shape.size(0), shape.size(5), shape.size_of(|| 5)), (Some(8), Some(24), 24));
        assert_eq!(Shape::of_array(16, false).size(u32::MAX), None);
    }
}

//! Where everything is within an object of the garbage-collected heap. It depends on nothing but
//! the types of the fields, so that equal types have equal layouts, in whatever module they are.

use alloc::vec::Vec;

use super::heap::{ALIGNMENT, ARRAY_ELEMENTS, HEADER_SIZE};
use crate::types::{ArrayType, FieldType, StorageType, ValType};

impl StorageType {
    /// How many bytes it takes in an object. A reference is 4 bytes: one to a function is the
    /// number that the store has for it.
    pub const fn object_size(self) -> u32 {
        match self {
            StorageType::I8 => 1,
            StorageType::I16 => 2,
            StorageType::Val(ValType::I32 | ValType::F32 | ValType::Ref(_)) => 4,
            StorageType::Val(ValType::I64 | ValType::F64) => 8,
            StorageType::Val(ValType::V128) => 16,
        }
    }

    /// Whether it is a reference into the heap.
    pub const fn is_collected(self) -> bool {
        match self {
            StorageType::Val(ty) => ty.is_collected(),
            StorageType::I8 | StorageType::I16 => false,
        }
    }
}

/// Where the fields of a structure are.
///
/// Those of the supertype are where they are in the supertype. Only the others, among themselves,
/// are put where they leave no gaps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StructLayout {
    offsets: Vec<u32>,
    /// The end of the last field.
    end: u32,
}

impl StructLayout {
    /// The layout of a structure with the given fields, the first of which are the supertype's.
    ///
    /// # Panics
    ///
    /// If the supertype has more fields.
    pub fn new(supertype: Option<&StructLayout>, fields: &[FieldType]) -> Self {
        let (mut offsets, mut end) = match supertype {
            Some(supertype) => (supertype.offsets.clone(), supertype.end),
            None => (Vec::new(), HEADER_SIZE),
        };
        let inherited = offsets.len();
        offsets.resize(fields.len(), 0);
        // By what they are aligned to: 1, 2, 4 and 8 bytes, in order.
        let mut waiting: [Vec<usize>; 4] = Default::default();
        for (place, field) in fields.iter().enumerate().skip(inherited).rev() {
            waiting[alignment_log2(field.storage)].push(place);
        }
        while let Some(smallest) = waiting.iter().position(|fields| !fields.is_empty()) {
            // The largest that needs no gap; or else the smallest, which needs the smallest one.
            let fits = |log2: &usize| !waiting[*log2].is_empty() && end.is_multiple_of(1 << *log2);
            let log2 = (0..waiting.len()).rev().find(fits).unwrap_or(smallest);
            let Some(place) = waiting[log2].pop() else { break };
            let offset = end.next_multiple_of(1 << log2);
            offsets[place] = offset;
            end = offset + fields[place].storage.object_size();
        }
        Self { offsets, end }
    }

    /// Where a field is, in bytes from the start of the object.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    pub fn offset(&self, field: u32) -> u32 {
        self.offsets[field as usize]
    }

    /// Where each field is.
    pub fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// How large an object is, in bytes.
    pub fn size(&self) -> u32 {
        self.end.next_multiple_of(ALIGNMENT)
    }
}

fn alignment_log2(storage: StorageType) -> usize {
    storage.object_size().min(ALIGNMENT).trailing_zeros() as usize
}

/// Where the elements of an array are: one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ArrayLayout {
    /// The size of an element, in bytes.
    pub element: u32,
}

impl ArrayLayout {
    /// The layout of an array type.
    pub const fn new(ty: &ArrayType) -> Self {
        Self { element: ty.0.storage.object_size() }
    }

    /// How large an array of so many elements is, in bytes; `None` if it is larger than any heap.
    pub fn size(self, elements: u32) -> Option<u32> {
        let bytes = u64::from(self.element) * u64::from(elements) + u64::from(ARRAY_ELEMENTS);
        u32::try_from(bytes.next_multiple_of(ALIGNMENT.into())).ok()
    }

    /// The most elements that an array of at most so many bytes has.
    pub const fn most_elements(self, bytes: u32) -> u32 {
        (bytes - ARRAY_ELEMENTS) / self.element
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{HeapType, RefType};

    fn fields(list: &[StorageType]) -> Vec<FieldType> {
        list.iter().map(|storage| FieldType { storage: *storage, mutable: true }).collect()
    }

    const I32: StorageType = StorageType::Val(ValType::I32);
    const I64: StorageType = StorageType::Val(ValType::I64);
    const V128: StorageType = StorageType::Val(ValType::V128);
    const ANY: StorageType =
        StorageType::Val(ValType::Ref(RefType { nullable: true, heap: HeapType::Any }));

    #[test]
    fn fields_leave_no_gaps() {
        let layout = StructLayout::new(None, &fields(&[I64, StorageType::I8, I32, ANY]));
        assert_eq!(layout.offsets(), [8, 20, 4, 16]);
        assert_eq!(layout.size(), 24);
        let layout = StructLayout::new(None, &fields(&[I64]));
        assert_eq!((layout.offset(0), layout.size()), (8, 16));
        assert_eq!(StructLayout::new(None, &[]).size(), 8);
    }

    #[test]
    fn fields_are_within_the_object_and_apart() {
        let kinds = [StorageType::I8, StorageType::I16, I32, I64, V128, ANY];
        let mut random = 1_u64;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (random >> 33) % below
        };
        for _ in 0..1000 {
            let mut list: Vec<FieldType> = Vec::new();
            let mut layout: Option<StructLayout> = None;
            for _ in 0..1 + next(4) {
                for _ in 0..next(6) {
                    list.extend(fields(&[kinds[next(6) as usize]]));
                }
                let next = StructLayout::new(layout.as_ref(), &list);
                if let Some(supertype) = layout {
                    assert!(next.offsets().starts_with(supertype.offsets()));
                }
                layout = Some(next);
            }
            let layout = layout.expect("there was at least one");
            let mut used: Vec<(u32, u32)> = (list.iter().zip(layout.offsets()))
                .map(|(field, offset)| (*offset, *offset + field.storage.object_size()))
                .collect();
            used.sort_unstable();
            assert!(used.first().is_none_or(|(start, _)| *start >= HEADER_SIZE));
            assert!(used.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{used:?}");
            assert!(used.last().is_none_or(|(_, end)| *end <= layout.size()));
            for (field, offset) in list.iter().zip(layout.offsets()) {
                assert!(offset.is_multiple_of(field.storage.object_size().min(ALIGNMENT)));
            }
        }
    }

    #[test]
    fn the_size_of_an_array_does_not_overflow() {
        let layout = ArrayLayout { element: 16 };
        assert_eq!(layout.size(0), Some(8));
        assert_eq!(layout.size(1), Some(24));
        assert_eq!(layout.size(u32::MAX), None);
        assert_eq!(ArrayLayout { element: 1 }.size(3), Some(16));
        assert_eq!(layout.most_elements(40), 2);
    }
}

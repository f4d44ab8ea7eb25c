//! What a cast is to, as code leaves it at [`FAILED_CAST`](super::heap::FAILED_CAST).

use crate::{HeapType, RefType, TypeIndex, TypeKind};

/// The types that are not declared by a module, by their codes.
const ABSTRACT: [HeapType; 12] = [
    HeapType::Any,
    HeapType::Eq,
    HeapType::I31,
    HeapType::Struct,
    HeapType::Array,
    HeapType::None,
    HeapType::Extern,
    HeapType::NoExtern,
    HeapType::Exn,
    HeapType::NoExn,
    HeapType::Cont,
    HeapType::NoCont,
];

/// The codes of types that the module declares.
const DECLARED: [TypeKind; 3] = [TypeKind::Struct, TypeKind::Array, TypeKind::Cont];

/// How many bits the code and whether null is a value have; the number of the type is above.
const INDEX_SHIFT: u32 = 6;

/// A reference type in 32 bits, never 0; `None` for those to functions, whose references are no
/// places in the heap, and beyond the most types that a module can declare.
pub fn cast_target(ty: RefType) -> Option<u32> {
    let (code, index) = match ty.heap {
        HeapType::Concrete(index, kind) => {
            let code = DECLARED.iter().position(|known| *known == kind)?;
            (ABSTRACT.len() + code, index.as_u32())
        }
        heap => (ABSTRACT.iter().position(|known| *known == heap)?, 0),
    };
    let low = (code as u32 + 1) << 1 | u32::from(ty.nullable);
    (index < 1 << (u32::BITS - INDEX_SHIFT)).then_some(index << INDEX_SHIFT | low)
}

/// The type that [`cast_target()`] has made so many bits of.
pub fn cast_target_of_bits(bits: u32) -> Option<RefType> {
    let nullable = bits & 1 != 0;
    let code = ((bits & ((1 << INDEX_SHIFT) - 1)) >> 1).checked_sub(1)? as usize;
    let heap = match ABSTRACT.get(code) {
        Some(heap) => *heap,
        None => {
            let kind = *DECLARED.get(code - ABSTRACT.len())?;
            HeapType::Concrete(TypeIndex::new(bits >> INDEX_SHIFT), kind)
        }
    };
    Some(RefType { nullable, heap })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_lead_back_to_types() {
        let declared = [0, 1, 999_999]
            .into_iter()
            .flat_map(|index| DECLARED.map(|kind| HeapType::Concrete(TypeIndex::new(index), kind)));
        for heap in ABSTRACT.into_iter().chain(declared) {
            for nullable in [false, true] {
                let ty = RefType { nullable, heap };
                let bits = cast_target(ty).expect("it is no function");
                assert_ne!(bits, 0);
                assert_eq!(cast_target_of_bits(bits), Some(ty));
            }
        }
        let func = RefType { nullable: true, heap: HeapType::Func };
        assert_eq!(cast_target(func), None);
        assert_eq!(cast_target_of_bits(0), None);
        assert_eq!(cast_target_of_bits(63), None);
    }
}

//! What an engine knows of a type: its id and its supertypes, as compiled code reads them (see
//! [`wasm_types::abi::type_record`]), and for each kind of type what its values are used by.

#![allow(unsafe_code, reason = "the list of far supertypes is shared by all who have the record")]

use std::mem::offset_of;
use std::sync::Arc;

use wasm_types::abi::{ArrayLayout, NO_TYPE_ID, StructLayout, type_record};
use wasm_types::{ArrayType, ContType, FuncType, StructType};

use super::arch::CallLayout;

/// How many supertypes are in the record itself.
const NEAR: usize = type_record::NEAR as usize;

/// The head of each type's record: the type's id and its place below its supertypes. Its address
/// is stable for the engine's life.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct TypeRecord {
    /// The engine-wide id.
    pub(crate) id: u32,
    depth: u32,
    display: [u32; NEAR],
    /// Leads to `rest`, whose own layout is Rust's affair.
    far: *const u32,
    rest: Box<[u32]>,
    /// Whether no other type may have this one as its supertype.
    pub(crate) is_final: bool,
}

const _: () = {
    assert!(offset_of!(TypeRecord, id) == type_record::ID as usize);
    assert!(offset_of!(TypeRecord, depth) == type_record::DEPTH as usize);
    assert!(offset_of!(TypeRecord, display) == type_record::DISPLAY as usize);
    assert!(offset_of!(TypeRecord, far) == type_record::FAR as usize);
};

// SAFETY: the pointer leads to what the record itself owns, and nothing is ever written.
unsafe impl Send for TypeRecord {}
// SAFETY: as above.
unsafe impl Sync for TypeRecord {}

impl TypeRecord {
    /// The record of a type with the given id and supertype; `None` if it would have more
    /// supertypes than there may be.
    pub(crate) fn new(id: u32, is_final: bool, supertype: Option<&TypeRecord>) -> Option<Self> {
        let depth = supertype.map_or(0, |supertype| supertype.depth + 1);
        if depth > type_record::MAX_DEPTH {
            return None;
        }
        let entry = |place| match supertype.and_then(|supertype| supertype.ancestor(place)) {
            Some(id) => id,
            None if place == depth => id,
            None => NO_TYPE_ID,
        };
        let mut display = [NO_TYPE_ID; NEAR];
        (0..).zip(&mut display).for_each(|(place, slot)| *slot = entry(place));
        let rest: Box<[u32]> = (NEAR as u32..=depth).map(entry).collect();
        Some(Self { id, depth, display, far: rest.as_ptr(), rest, is_final })
    }

    /// The supertype with so many supertypes of its own, or the type itself.
    fn ancestor(&self, depth: u32) -> Option<u32> {
        let place = depth as usize;
        let far = || self.rest.get(place - NEAR).copied();
        self.display.get(place).copied().or_else(far).filter(|id| *id != NO_TYPE_ID)
    }

    /// How many supertypes the type has.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// The id of the declared supertype.
    pub(crate) fn supertype(&self) -> Option<u32> {
        self.ancestor(self.depth.checked_sub(1)?)
    }

    /// Whether the type is the other, or declares it as a supertype, directly or through other
    /// types (Wasm 3.0, section 3.3.7).
    #[inline]
    pub(crate) fn is_subtype_of(&self, other: &TypeRecord) -> bool {
        self.id == other.id || self.ancestor(other.depth) == Some(other.id)
    }
}

/// A structure type that an engine knows.
#[derive(Debug)]
pub(crate) struct StructTypeRecord {
    /// Its place among all types.
    pub(crate) head: TypeRecord,
    /// The type. Concrete references in it, if any, hold engine-wide ids.
    pub(crate) ty: StructType,
    /// Where the fields are.
    pub(crate) layout: StructLayout,
    /// Where those are that refer to objects, in bytes from the start of the object.
    pub(crate) references: Box<[u32]>,
    /// The declared supertype.
    pub(crate) supertype: Option<Arc<StructTypeRecord>>,
}

impl StructTypeRecord {
    /// The record of a type with the given place among all types; `None` if it has fewer fields
    /// than its supertype.
    pub(crate) fn new(
        head: TypeRecord,
        ty: StructType,
        supertype: Option<Arc<StructTypeRecord>>,
    ) -> Option<Self> {
        let inherited = supertype.as_ref().map_or(0, |supertype| supertype.ty.fields.len());
        if inherited > ty.fields.len() {
            return None;
        }
        let from = supertype.as_ref().map(|supertype| &supertype.layout);
        let layout = StructLayout::new(from, &ty.fields);
        let places = ty.fields.iter().zip(layout.offsets());
        let references = places.filter(|(field, _)| field.storage.is_collected());
        let references = references.map(|(_, offset)| *offset).collect();
        Some(Self { head, ty, layout, references, supertype })
    }
}

/// An array type that an engine knows.
#[derive(Debug)]
pub(crate) struct ArrayTypeRecord {
    /// Its place among all types.
    pub(crate) head: TypeRecord,
    /// The type. Concrete references in it, if any, hold engine-wide ids.
    pub(crate) ty: ArrayType,
    /// Where the elements are.
    pub(crate) layout: ArrayLayout,
    /// The declared supertype.
    pub(crate) supertype: Option<Arc<ArrayTypeRecord>>,
}

impl ArrayTypeRecord {
    /// The record of a type with the given place among all types.
    pub(crate) fn new(
        head: TypeRecord,
        ty: ArrayType,
        supertype: Option<Arc<ArrayTypeRecord>>,
    ) -> Self {
        Self { head, layout: ArrayLayout::new(&ty), ty, supertype }
    }
}

/// A continuation type that an engine knows.
#[derive(Debug)]
pub(crate) struct ContTypeRecord {
    /// Its place among all types.
    pub(crate) head: TypeRecord,
    /// The type. The type of functions in it is an engine-wide id.
    pub(crate) ty: ContType,
}

/// A function type that an engine knows, with the layout of its calls. Its address is stable for
/// the engine's life.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct FuncTypeRecord {
    /// Its place among all types.
    pub(crate) head: TypeRecord,
    /// The type. Concrete references in it, if any, hold engine-wide ids.
    pub(crate) ty: FuncType,
    /// The layout of its calls.
    pub(crate) layout: CallLayout,
}

impl FuncTypeRecord {
    /// The record of a type with the given place among all types.
    pub(crate) fn new(head: TypeRecord, ty: FuncType) -> Self {
        let layout = CallLayout::new(&ty);
        Self { head, ty, layout }
    }

    /// The engine-wide id.
    #[inline]
    pub(crate) fn id(&self) -> u32 {
        self.head.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supertypes_near_and_far_are_found() {
        let mut chain = vec![TypeRecord::new(100, false, None).unwrap()];
        for id in 101..100 + type_record::MAX_DEPTH + 1 {
            let next = TypeRecord::new(id, false, chain.last()).unwrap();
            chain.push(next);
        }
        assert!(TypeRecord::new(1000, false, chain.last()).is_none());
        let other = TypeRecord::new(500, true, Some(&chain[20])).unwrap();
        for (place, ty) in chain.iter().enumerate() {
            for (depth, supertype) in chain.iter().enumerate() {
                assert_eq!(ty.is_subtype_of(supertype), depth <= place, "{place} {depth}");
            }
            assert_eq!(other.is_subtype_of(ty), place <= 20);
            assert!(!ty.is_subtype_of(&other));
            assert_eq!(ty.supertype(), place.checked_sub(1).map(|place| chain[place].id));
        }
    }
}

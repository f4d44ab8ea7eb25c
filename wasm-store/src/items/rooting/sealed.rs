//! What types of references have that no other crate can implement.

use super::RootIndex;
use crate::items::Ref;
use crate::types::HeapType;

/// Who has one knows of which type an object is: only this crate. Everybody can call the methods
/// of this trait, since the public one requires it.
///
/// ```compile_fail,E0061
/// fn confused<A: wasm_store::GcRef, B: wasm_store::GcRef>(object: A) -> B {
///     B::from_index(object.index())
/// }
/// ```
pub struct Known(pub(crate) ());

pub trait GcRef: Sized {
    /// What the references lead to.
    const HEAP_TYPE: HeapType;
    /// Whether there are types of single modules below it.
    const MAY_BE_CONCRETE: bool;
    fn from_index(index: RootIndex, known: Known) -> Self;
    fn index(&self) -> RootIndex;
    /// The reference, or null, among those of all types.
    fn to_ref(index: Option<RootIndex>, known: Known) -> Ref;
}

pub trait RootedGcRef<T> {
    fn root_index(&self) -> RootIndex;
}

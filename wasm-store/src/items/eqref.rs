//! References that can be compared.

use super::internal::{Internal, internal_reference};
use super::rooting::{OwnedRooted, RootIndex, Rooted, gc_ref, upcasts};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{AnyRef, ArrayRef, I31, StructRef};
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use crate::types::HeapType;

/// A reference that Wasm can compare with others (an `eqref`): an integer of 31 bits, a structure
/// or an array.
///
/// ```
/// use wasm_store::{EqRef, Engine, I31, Rooted, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let one = EqRef::from_i31(&mut store, I31::wrapping_u32(7));
/// let other = EqRef::from_i31(&mut store, I31::wrapping_u32(7));
/// assert!(Rooted::ref_eq(&store, &one, &other)?);
/// assert!(one.to_anyref().is_eqref(&store)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct EqRef {
    index: RootIndex,
}

gc_ref!(EqRef, HeapType::Eq, Ref::Any, may_be_concrete: true);
internal_reference!(EqRef, "eqref");
upcasts!(EqRef: AnyRef to_anyref);

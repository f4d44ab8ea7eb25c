//! References to anything internal.

use super::internal::{Internal, downcast, internal_reference};
use super::rooting::{RootIndex, Rooted, gc_ref};
use crate::error::Result;
use crate::gate::Gate;
use crate::items::{ArrayRef, EqRef, ExternRef, I31, StructRef};
use crate::store::{AsContext, AsContextMut, StoreOpaque};
use crate::types::HeapType;

/// A reference to anything internal (an `anyref`): an integer of 31 bits, a structure, an array, or
/// a value of the host that was converted.
///
/// ```
/// use wasm_store::{AnyRef, Engine, HeapType, I31, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let number = AnyRef::from_i31(&mut store, I31::wrapping_u32(7));
/// assert!(number.matches_ty(&store, &HeapType::Eq)?);
/// assert_eq!(number.as_i31(&store)?, I31::new_u32(7));
/// assert!(!number.is_struct(&store)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AnyRef {
    index: RootIndex,
}

gc_ref!(AnyRef, HeapType::Any, Ref::Any, may_be_concrete: true);
internal_reference!(AnyRef, "anyref");

impl AnyRef {
    /// A reference to a host value as an internal one, as `any.convert_extern` has it: Wasm can
    /// pass it where it passes what is internal, and convert it back. The handle is in the
    /// innermost scope.
    ///
    /// ```
    /// use wasm_store::{AnyRef, Engine, ExternRef, HeapType, Store};
    ///
    /// # fn main() -> wasm_store::Result<()> {
    /// let mut store = Store::new(&Engine::default(), ());
    /// let value = ExternRef::new(&mut store, "a value")?;
    /// let any = AnyRef::convert_extern(&mut store, value)?;
    /// assert_eq!(any.ty(&store)?, HeapType::Any);
    /// let back = ExternRef::convert_any(&mut store, any)?;
    /// assert_eq!(back.data(&store)?.unwrap().downcast_ref::<&str>(), Some(&"a value"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If the reference is of another store.
    pub fn convert_extern(
        mut store: impl AsContextMut,
        externref: Rooted<ExternRef>,
    ) -> Result<Rooted<AnyRef>> {
        externref.converted(store.as_context_mut().0)
    }

    downcast! {
        "anyref" is "a reference that can be compared", is_eqref as_eqref unwrap_eqref
        Rooted<EqRef>,
        |internal, index| match internal {
            Internal::Other => None,
            _ => Some(Rooted::from_index(index)),
        }
    }
}

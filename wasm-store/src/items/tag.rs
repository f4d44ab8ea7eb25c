//! Tags.

#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::Result;
use crate::gate::Gate;
use crate::store::{AsContext, AsContextMut, StoreId, StoreOpaque};
use crate::types::{Canonical, FuncType, TagType};
use crate::vm::VmTag;

/// A tag of a store (Wasm 3.0, section 4.2.11): what exceptions are told apart by. A handler takes
/// those of its tag. Two tags of the same type are two tags; the tag that one instance exports and
/// another imports is one.
///
/// ```
/// use wasm_store::{Engine, FuncType, Store, Tag, TagType, ValType};
///
/// # fn main() -> wasm_store::Result<()> {
/// let engine = Engine::default();
/// let mut store = Store::new(&engine, ());
/// let ty = TagType::new(FuncType::new(&engine, [ValType::I32], []));
/// let (one, other) = (Tag::new(&mut store, &ty)?, Tag::new(&mut store, &ty)?);
/// assert!(Tag::eq(&one, &one, &store) && !Tag::eq(&one, &other, &store));
/// assert_eq!(one.ty(&store), ty);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Tag {
    store: StoreId,
    tag: NonNull<VmTag>,
}

// SAFETY: the pointer is only followed with a borrow of the store that owns what it leads to.
unsafe impl Send for Tag {}
// SAFETY: as above.
unsafe impl Sync for Tag {}

impl Tag {
    /// Where it is.
    #[cfg(feature = "debug")]
    pub(crate) fn address(&self) -> usize {
        self.tag.addr().get()
    }

    /// A new tag, equal to no other.
    ///
    /// # Errors
    ///
    /// If the type is of another engine than the store.
    pub fn new(mut store: impl AsContextMut, ty: &TagType) -> Result<Tag> {
        let store = store.as_context_mut();
        store.0.admit(ty)?;
        let tag = store.0.vm.new_tag(NonNull::from(&**ty.ty().record()));
        // The record belongs to the engine, which keeps it.
        Ok(Self::from_vm(store.0, tag))
    }

    pub(crate) fn from_vm(store: &StoreOpaque, tag: NonNull<VmTag>) -> Self {
        Self { store: store.id(), tag }
    }

    /// The type.
    ///
    /// # Panics
    ///
    /// If the tag is of another store.
    pub fn ty(&self, store: impl AsContext) -> TagType {
        let store = store.as_context();
        self.store.assert_is(store.0.id());
        self.type_in(store.0)
    }

    /// Whether both are the same tag.
    ///
    /// # Panics
    ///
    /// If one of them is of another store.
    #[allow(clippy::should_implement_trait, reason = "the name that Wasmtime has for it")]
    pub fn eq(a: &Tag, b: &Tag, store: impl AsContext) -> bool {
        let store = store.as_context().0.id();
        a.store.assert_is(store);
        b.store.assert_is(store);
        a.tag == b.tag
    }

    pub(crate) fn type_in(&self, store: &StoreOpaque) -> TagType {
        let Some(Canonical::Func(record)) = store.engine().types().get(self.type_id()) else {
            unreachable!("the type of a tag is one of functions")
        };
        TagType::new(FuncType::from_record(store.engine(), Arc::clone(&record)))
    }

    /// The canonical id of the type.
    pub(crate) fn type_id(&self) -> u32 {
        // SAFETY: the tag lives as long as the store, whose handle this is, and its type as long as
        // the engine.
        unsafe { self.tag.as_ref().ty().as_ref().head.id }
    }

    pub(crate) fn store_id(&self) -> StoreId {
        self.store
    }

    pub(crate) fn pointer(&self) -> NonNull<VmTag> {
        self.tag
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tag").field("store", &self.store).finish_non_exhaustive()
    }
}

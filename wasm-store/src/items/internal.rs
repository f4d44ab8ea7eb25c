//! What a reference to something internal is or leads to: integers, structures, arrays, and what
//! was a value of the host before it was converted. What `AnyRef` and `EqRef` have in common.

use wasm_types::{TypeIndex, TypeKind};

use super::rooting::RootIndex;
use crate::error::Result;
use crate::items::I31;
use crate::store::StoreOpaque;
use crate::types::HeapType;

/// What a reference is or leads to.
#[derive(Clone, Copy)]
pub(super) enum Internal {
    I31(I31),
    /// A structure, by the id of its type.
    Struct(u32),
    /// An array, by the id of its type.
    Array(u32),
    /// A value of the host, so that it can't be compared.
    Other,
}

impl Internal {
    /// # Errors
    ///
    /// If the handle has ended.
    ///
    /// # Panics
    ///
    /// If it is of another store.
    pub(super) fn of(index: RootIndex, store: &StoreOpaque) -> Result<Self> {
        let reference = index.reference(store)?;
        if let Some(number) = I31::from_reference(reference) {
            return Ok(Internal::I31(number));
        }
        Ok(match store.vm.declared_type(reference) {
            Some((TypeKind::Struct, id)) => Internal::Struct(id),
            Some((TypeKind::Array, id)) => Internal::Array(id),
            Some((TypeKind::Func | TypeKind::Cont, _)) | None => Internal::Other,
        })
    }

    /// The most precise type.
    pub(super) fn heap_type(self, store: &StoreOpaque) -> HeapType {
        let (id, kind) = match self {
            Internal::I31(_) => return HeapType::I31,
            Internal::Other => return HeapType::Any,
            Internal::Struct(id) => (id, TypeKind::Struct),
            Internal::Array(id) => (id, TypeKind::Array),
        };
        let ty = wasm_types::HeapType::Concrete(TypeIndex::new(id), kind);
        HeapType::from_canonical(store.engine(), ty)
    }
}

/// A test of what a reference leads to, and what it is then.
macro_rules! downcast {
    ($name:literal is $what:literal, $is:ident $get:ident $unwrap:ident $ty:ty,
    |$internal:ident, $index:ident| $value:expr) => {
        #[doc = concat!("Whether it is ", $what, ".")]
        ///
        /// # Errors
        ///
        /// If the handle has ended.
        ///
        /// # Panics
        ///
        /// If the reference is of another store.
        pub fn $is(&self, store: impl AsContext) -> Result<bool> {
            self.$get(store).map(|value| value.is_some())
        }

        #[doc = concat!("The reference as ", $what, ", if it is one. A handle ends with this one.")]
        ///
        /// # Errors
        ///
        /// If the handle has ended.
        ///
        /// # Panics
        ///
        /// If the reference is of another store.
        pub fn $get(&self, store: impl AsContext) -> Result<Option<$ty>> {
            let $index = self.index;
            let $internal = Internal::of($index, store.as_context().0)?;
            Ok($value)
        }

        #[doc = concat!("The reference as ", $what, ". A handle ends with this one.")]
        ///
        /// # Errors
        ///
        /// If the handle has ended.
        ///
        /// # Panics
        ///
        #[doc = concat!("If it is not ", $what, ", or is of another store.")]
        pub fn $unwrap(&self, store: impl AsContext) -> Result<$ty> {
            Ok(self.$get(store)?.expect(concat!("the ", $name, " is not ", $what)))
        }
    };
}

/// What [`AnyRef`](crate::AnyRef) and [`EqRef`](crate::EqRef) have in common.
macro_rules! internal_reference {
    ($ty:ident, $name:literal) => {
        impl $ty {
            /// A reference that is an integer. The handle to it is in the innermost scope.
            pub fn from_i31(mut store: impl AsContextMut, value: I31) -> Rooted<Self> {
                Rooted::new(store.as_context_mut().0, value.to_reference())
            }

            /// The most precise type of what the reference is or leads to.
            ///
            /// # Errors
            ///
            /// If the handle has ended.
            ///
            /// # Panics
            ///
            /// If the reference is of another store.
            pub fn ty(&self, store: impl AsContext) -> Result<HeapType> {
                self.type_in(store.as_context().0)
            }

            pub(crate) fn type_in(&self, store: &StoreOpaque) -> Result<HeapType> {
                Internal::of(self.index, store).map(|internal| internal.heap_type(store))
            }

            /// Whether the reference is one to something of the given type.
            ///
            /// # Errors
            ///
            /// If the handle has ended.
            ///
            /// # Panics
            ///
            /// If the reference is of another store, or the type is of another engine than the
            /// store.
            pub fn matches_ty(&self, store: impl AsContext, ty: &HeapType) -> Result<bool> {
                let store = store.as_context();
                store.0.demand(ty);
                Ok(self.type_in(store.0)?.matches(ty))
            }

            $crate::items::internal::downcast! {
                $name is "an integer", is_i31 as_i31 unwrap_i31 I31,
                |internal, _index| match internal {
                    Internal::I31(number) => Some(number),
                    _ => None,
                }
            }

            $crate::items::internal::downcast! {
                $name is "a structure", is_struct as_struct unwrap_struct Rooted<StructRef>,
                |internal, index| match internal {
                    Internal::Struct(_) => Some(Rooted::from_index(index)),
                    _ => None,
                }
            }

            $crate::items::internal::downcast! {
                $name is "an array", is_array as_array unwrap_array Rooted<ArrayRef>,
                |internal, index| match internal {
                    Internal::Array(_) => Some(Rooted::from_index(index)),
                    _ => None,
                }
            }
        }
    };
}

pub(super) use {downcast, internal_reference};

//! The Rust types that stand for Wasm value types.

#![allow(unsafe_code)]

use super::abi::Abi;
use crate::engine::Engine;
use crate::error::Result;
use crate::items::rooting::{GcRef, Known, RootIndex};
use crate::items::{Func, OwnedRooted, Ref, Rooted, V128};
use crate::store::StoreOpaque;
use crate::types::{HeapType, RefType, ValType, matching};

/// The direction that values go in.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// From the host to Wasm.
    ToWasm,
    /// From Wasm to the host.
    FromWasm,
}

/// Why a value can't be used with a store.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// It is a reference of another store.
    OtherStore,
    /// It is a handle that has ended.
    Unrooted,
}

impl Unfit {
    /// A reference that may be of another store.
    #[inline(always)]
    fn unless(is_of_store: bool) -> Option<Unfit> {
        if is_of_store { None } else { Some(Unfit::OtherStore) }
    }

    /// A handle of a store.
    fn of_handle(index: RootIndex, store: &StoreOpaque) -> Option<Unfit> {
        if index.store != store.id() {
            return Some(Unfit::OtherStore);
        }
        index.reference(store).err().map(|_| Unfit::Unrooted)
    }
}

/// A Rust type that stands for a Wasm value type:
///
/// | Rust | Wasm |
/// |---|---|
/// | `i32`, `u32` | `i32` |
/// | `i64`, `u64` | `i64` |
/// | `f32` | `f32` |
/// | `f64` | `f64` |
/// | [`V128`] | `v128` |
/// | `Option<Func>`, `Func` | `funcref`, `(ref func)`; as parameters also references to functions of one type |
/// | `Option<Rooted<ExternRef>>`, `Rooted<ExternRef>` | `externref`, `(ref extern)` |
/// | `Option<Rooted<AnyRef>>`, `Rooted<AnyRef>` | `anyref`, `(ref any)`; this and the following as parameters also references to structures or arrays of one type |
/// | `Option<Rooted<EqRef>>`, `Rooted<EqRef>` | `eqref`, `(ref eq)` |
/// | `Option<Rooted<StructRef>>`, `Rooted<StructRef>` | `structref`, `(ref struct)` |
/// | `Option<Rooted<ArrayRef>>`, `Rooted<ArrayRef>` | `arrayref`, `(ref array)` |
/// | `Option<OwnedRooted<…>>`, `OwnedRooted<…>` | as with `Rooted` |
/// | `Option<I31>`, `I31` | `i31ref`, `(ref i31)` |
/// | `Option<NoFunc>`, `Option<NoExtern>`, `Option<NoneRef>` | `nullfuncref`, `nullexternref`, `nullref` |
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmTy: Send {
    /// The type of the value at the border to compiled code.
    #[doc(hidden)]
    type Abi: Abi;

    /// Whether it is a reference, so that a value may have another type than a function takes.
    #[doc(hidden)]
    const IS_REFERENCE: bool = false;

    /// The Wasm type.
    fn valtype() -> ValType;

    /// Why the value can't be used with a store.
    #[doc(hidden)]
    #[inline(always)]
    fn unfit(&self, _store: &StoreOpaque) -> Option<Unfit> {
        None
    }

    /// The value at the border to compiled code of a store that it is fit for.
    #[doc(hidden)]
    fn to_abi(&self, store: &StoreOpaque) -> Self::Abi;

    /// # Safety
    ///
    /// The value came from Wasm of the given store, and its type has been checked.
    #[doc(hidden)]
    unsafe fn from_abi(abi: Self::Abi, store: &mut StoreOpaque) -> Self;

    /// The value as a reference, if it is one whose type the Rust type does not say.
    #[doc(hidden)]
    fn reference(&self) -> Option<Ref> {
        None
    }

    /// Checks that the type can stand for a canonical type of a function.
    #[doc(hidden)]
    fn typecheck(engine: &Engine, ty: wasm_types::ValType, direction: Direction) -> Result<()> {
        let own = Self::valtype();
        let types = Some(engine.types());
        let fits = match direction {
            // No Rust type stands for one type of functions, structures or arrays. So any of them
            // may be passed, and each call looks at the type that it has.
            Direction::ToWasm if Self::IS_REFERENCE && is_concrete(ty) => {
                own.as_ref().is_some_and(|own| matching::same_hierarchy(own.canonical(), ty))
            }
            Direction::ToWasm => matching::val_matches(own.canonical(), ty, types),
            Direction::FromWasm => matching::val_matches(ty, own.canonical(), types),
        };
        if fits {
            return Ok(());
        }
        let actual = ValType::from_canonical(engine, ty);
        crate::bail!("type mismatch: expected {own}, found {actual}")
    }
}

/// Whether a type refers to one type of an engine.
pub(super) fn is_concrete(ty: wasm_types::ValType) -> bool {
    ty.as_ref().is_some_and(|ty| matches!(ty.heap, wasm_types::HeapType::Concrete(..)))
}

macro_rules! numbers {
    ($($ty:ty, $abi:ty, $valtype:ident, $into:expr, $from:expr;)*) => {$(
        // SAFETY: the border type is that of the Wasm type.
        unsafe impl WasmTy for $ty {
            type Abi = $abi;

            fn valtype() -> ValType {
                ValType::$valtype
            }

            #[inline(always)]
            fn to_abi(&self, _store: &StoreOpaque) -> $abi {
                let into: fn($ty) -> $abi = $into;
                into(*self)
            }

            #[inline(always)]
            unsafe fn from_abi(abi: $abi, _store: &mut StoreOpaque) -> $ty {
                let from: fn($abi) -> $ty = $from;
                from(abi)
            }
        }
    )*};
}

numbers! {
    i32, i32, I32, |v| v, |v| v;
    u32, i32, I32, u32::cast_signed, i32::cast_unsigned;
    i64, i64, I64, |v| v, |v| v;
    u64, i64, I64, u64::cast_signed, i64::cast_unsigned;
    f32, f32, F32, |v| v, |v| v;
    f64, f64, F64, |v| v, |v| v;
    V128, V128, V128, |v| v, |v| v;
}

// SAFETY: a reference is an address, and null is 0.
unsafe impl WasmTy for Option<Func> {
    type Abi = u64;
    const IS_REFERENCE: bool = true;

    fn reference(&self) -> Option<Ref> {
        Some(Ref::from(*self))
    }

    fn valtype() -> ValType {
        ValType::FUNCREF
    }

    #[inline(always)]
    fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
        Unfit::unless(self.is_none_or(|func| func.store_id() == store.id()))
    }

    #[inline(always)]
    fn to_abi(&self, _store: &StoreOpaque) -> u64 {
        self.map_or(0, Func::to_reference)
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: &mut StoreOpaque) -> Self {
        // SAFETY: as the caller promises.
        unsafe { Func::from_reference(store.id(), abi) }
    }
}

// SAFETY: a reference is an address.
unsafe impl WasmTy for Func {
    type Abi = u64;
    const IS_REFERENCE: bool = true;

    fn reference(&self) -> Option<Ref> {
        Some(Ref::from(*self))
    }

    fn valtype() -> ValType {
        ValType::Ref(RefType::new(false, HeapType::Func))
    }

    #[inline(always)]
    fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
        Unfit::unless(self.store_id() == store.id())
    }

    #[inline(always)]
    fn to_abi(&self, _store: &StoreOpaque) -> u64 {
        self.to_reference()
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: &mut StoreOpaque) -> Self {
        // SAFETY: as the caller promises.
        unsafe { Func::from_reference(store.id(), abi) }
            .expect("a reference of this type is not null")
    }
}

/// For the two kinds of handles.
macro_rules! handles {
    ($($handle:ident)*) => {$(
        // SAFETY: a reference is a number of 32 bits, and null is 0.
        unsafe impl<T: GcRef> WasmTy for Option<$handle<T>> {
            type Abi = i32;
            const IS_REFERENCE: bool = T::MAY_BE_CONCRETE;

            fn reference(&self) -> Option<Ref> {
                Some(T::to_ref(self.as_ref().map(|value| value.index()), Known(())))
            }

            fn valtype() -> ValType {
                ValType::Ref(RefType::new(true, T::HEAP_TYPE))
            }

            #[inline(always)]
            fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
                self.as_ref().and_then(|value| Unfit::of_handle(value.index(), store))
            }

            #[inline(always)]
            fn to_abi(&self, store: &StoreOpaque) -> i32 {
                let reference = |value: &$handle<T>| value.index().checked_reference(store);
                self.as_ref().map_or(0, reference).cast_signed()
            }

            #[inline(always)]
            unsafe fn from_abi(abi: i32, store: &mut StoreOpaque) -> Self {
                if abi == 0 { None } else { Some($handle::new(store, abi.cast_unsigned())) }
            }
        }

        // SAFETY: a reference is a number of 32 bits.
        unsafe impl<T: GcRef> WasmTy for $handle<T> {
            type Abi = i32;
            const IS_REFERENCE: bool = T::MAY_BE_CONCRETE;

            fn reference(&self) -> Option<Ref> {
                Some(T::to_ref(Some(self.index()), Known(())))
            }

            fn valtype() -> ValType {
                ValType::Ref(RefType::new(false, T::HEAP_TYPE))
            }

            #[inline(always)]
            fn unfit(&self, store: &StoreOpaque) -> Option<Unfit> {
                Unfit::of_handle(self.index(), store)
            }

            #[inline(always)]
            fn to_abi(&self, store: &StoreOpaque) -> i32 {
                self.index().checked_reference(store).cast_signed()
            }

            #[inline(always)]
            unsafe fn from_abi(abi: i32, store: &mut StoreOpaque) -> Self {
                $handle::new(store, abi.cast_unsigned())
            }
        }
    )*};
}

handles! { Rooted OwnedRooted }

//! The Rust types that stand for Wasm value types.

#![allow(unsafe_code)]

use super::abi::Abi;
use crate::engine::Engine;
use crate::error::Result;
use crate::items::{ExternRef, Func, Rooted, V128};
use crate::store::StoreId;
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

/// A Rust type that stands for a Wasm value type:
///
/// | Rust | Wasm |
/// |---|---|
/// | `i32`, `u32` | `i32` |
/// | `i64`, `u64` | `i64` |
/// | `f32` | `f32` |
/// | `f64` | `f64` |
/// | [`V128`] | `v128` |
/// | `Option<Func>`, `Func` | `funcref`, `(ref func)` |
/// | `Option<Rooted<ExternRef>>`, `Rooted<ExternRef>` | `externref`, `(ref extern)` |
///
/// # Safety
///
/// Only this crate implements the trait; its hidden items can change.
pub unsafe trait WasmTy: Send {
    /// The type of the value at the border to compiled code.
    #[doc(hidden)]
    type Abi: Abi;

    /// The Wasm type.
    fn valtype() -> ValType;

    /// Whether the value can be used with a store.
    #[doc(hidden)]
    #[inline(always)]
    fn compatible_with_store(&self, _store: StoreId) -> bool {
        true
    }

    #[doc(hidden)]
    fn into_abi(self) -> Self::Abi;

    /// # Safety
    ///
    /// The value came from Wasm of the given store, and its type has been checked.
    #[doc(hidden)]
    unsafe fn from_abi(abi: Self::Abi, store: StoreId) -> Self;

    /// Checks that the type can stand for a canonical type of a function.
    #[doc(hidden)]
    fn typecheck(engine: &Engine, ty: wasm_types::ValType, direction: Direction) -> Result<()> {
        let own = Self::valtype();
        let types = Some(engine.types());
        let fits = match direction {
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

macro_rules! numbers {
    ($($ty:ty, $abi:ty, $valtype:ident, $into:expr, $from:expr;)*) => {$(
        // SAFETY: the border type is that of the Wasm type.
        unsafe impl WasmTy for $ty {
            type Abi = $abi;

            fn valtype() -> ValType {
                ValType::$valtype
            }

            #[inline(always)]
            fn into_abi(self) -> $abi {
                let into: fn($ty) -> $abi = $into;
                into(self)
            }

            #[inline(always)]
            unsafe fn from_abi(abi: $abi, _store: StoreId) -> $ty {
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

    fn valtype() -> ValType {
        ValType::FUNCREF
    }

    #[inline(always)]
    fn compatible_with_store(&self, store: StoreId) -> bool {
        self.is_none_or(|func| func.store_id() == store)
    }

    #[inline(always)]
    fn into_abi(self) -> u64 {
        self.map_or(0, Func::to_reference)
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: StoreId) -> Self {
        // SAFETY: as the caller promises.
        unsafe { Func::from_reference(store, abi) }
    }
}

// SAFETY: a reference is an address.
unsafe impl WasmTy for Func {
    type Abi = u64;

    fn valtype() -> ValType {
        ValType::Ref(RefType::new(false, HeapType::Func))
    }

    #[inline(always)]
    fn compatible_with_store(&self, store: StoreId) -> bool {
        self.store_id() == store
    }

    #[inline(always)]
    fn into_abi(self) -> u64 {
        self.to_reference()
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: StoreId) -> Self {
        // SAFETY: as the caller promises.
        unsafe { Func::from_reference(store, abi) }.expect("a reference of this type is not null")
    }
}

// SAFETY: a reference is a number, and null is 0.
unsafe impl WasmTy for Option<Rooted<ExternRef>> {
    type Abi = u64;

    fn valtype() -> ValType {
        ValType::EXTERNREF
    }

    #[inline(always)]
    fn compatible_with_store(&self, store: StoreId) -> bool {
        self.is_none_or(|value| value.store_id() == store)
    }

    #[inline(always)]
    fn into_abi(self) -> u64 {
        self.map_or(0, |value| value.to_reference())
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: StoreId) -> Self {
        Rooted::from_reference(store, abi)
    }
}

// SAFETY: a reference is a number.
unsafe impl WasmTy for Rooted<ExternRef> {
    type Abi = u64;

    fn valtype() -> ValType {
        ValType::Ref(RefType::new(false, HeapType::Extern))
    }

    #[inline(always)]
    fn compatible_with_store(&self, store: StoreId) -> bool {
        self.store_id() == store
    }

    #[inline(always)]
    fn into_abi(self) -> u64 {
        self.to_reference()
    }

    #[inline(always)]
    unsafe fn from_abi(abi: u64, store: StoreId) -> Self {
        Rooted::from_reference(store, abi).expect("a reference of this type is not null")
    }
}

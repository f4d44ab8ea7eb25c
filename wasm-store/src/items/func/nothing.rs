//! Nothing at all, which the null references lead to.

#![allow(unsafe_code)]

use std::convert::Infallible;

use super::wasm_ty::WasmTy;
use crate::items::{Ref, Val};
use crate::store::StoreOpaque;
use crate::types::{HeapType, RefType, ValType};

/// A function of the type `nofunc`, of which there is none: only its null exists,
/// `Option<NoFunc>`. It is for calling functions that take a `nullfuncref`, or any reference that
/// is to be null.
///
/// ```
/// use wasm_store::{Engine, Func, NoFunc, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let is_null = Func::wrap(&mut store, |func: Option<Func>| i32::from(func.is_none()));
/// let is_null = is_null.typed::<Option<NoFunc>, i32>(&store)?;
/// assert_eq!(is_null.call(&mut store, NoFunc::null())?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoFunc {
    none: Infallible,
}

/// A host value of the type `noextern`, of which there is none: only its null exists,
/// `Option<NoExtern>`. It is for functions that take a `nullexternref`, or any `externref` that is
/// to be null.
///
/// ```
/// use wasm_store::{Engine, ExternRef, Func, NoExtern, Rooted, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let is_null =
///     Func::wrap(&mut store, |value: Option<Rooted<ExternRef>>| i32::from(value.is_none()));
/// let is_null = is_null.typed::<Option<NoExtern>, i32>(&store)?;
/// assert_eq!(is_null.call(&mut store, NoExtern::null())?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoExtern {
    none: Infallible,
}

/// Something internal of the type `none`, of which there is none: only its null exists,
/// `Option<NoneRef>`. It is for functions that take a `nullref`, or any reference to integers,
/// structures or arrays that is to be null.
///
/// ```
/// use wasm_store::{AnyRef, Engine, Func, NoneRef, Rooted, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let is_null =
///     Func::wrap(&mut store, |value: Option<Rooted<AnyRef>>| i32::from(value.is_none()));
/// let is_null = is_null.typed::<Option<NoneRef>, i32>(&store)?;
/// assert_eq!(is_null.call(&mut store, NoneRef::null())?, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoneRef {
    none: Infallible,
}

macro_rules! nothing {
    ($($ty:ident, $heap:ident $reference:ident $value:ident, $abi:ty;)*) => {$(
        impl $ty {
            /// The null reference.
            pub fn null() -> Option<$ty> {
                None
            }

            /// The null reference as a [`Ref`].
            pub fn null_ref() -> Ref {
                Ref::$reference(None)
            }

            /// The null reference as a [`Val`].
            pub fn null_val() -> Val {
                Val::$value(None)
            }
        }

        // SAFETY: there is no value that could travel.
        unsafe impl WasmTy for $ty {
            type Abi = $abi;

            fn valtype() -> ValType {
                ValType::Ref(RefType::new(false, HeapType::$heap))
            }

            fn to_abi(&self, _: &StoreOpaque) -> $abi {
                match self.none {}
            }

            unsafe fn from_abi(_: $abi, _: &mut StoreOpaque) -> Self {
                unreachable!("there is no value of the type `{}`", Self::valtype())
            }
        }

        // SAFETY: null is 0.
        unsafe impl WasmTy for Option<$ty> {
            type Abi = $abi;

            fn valtype() -> ValType {
                ValType::Ref(RefType::new(true, HeapType::$heap))
            }

            #[inline(always)]
            fn to_abi(&self, store: &StoreOpaque) -> $abi {
                self.map_or(0, |none| none.to_abi(store))
            }

            #[inline(always)]
            unsafe fn from_abi(_: $abi, _: &mut StoreOpaque) -> Self {
                None
            }
        }
    )*};
}

nothing! {
    NoFunc, NoFunc Func FuncRef, u64;
    NoExtern, NoExtern Extern ExternRef, i32;
    NoneRef, None Any AnyRef, i32;
}

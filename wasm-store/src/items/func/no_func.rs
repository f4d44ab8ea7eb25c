//! No function at all, which null is a reference to.

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

impl NoFunc {
    /// The null reference.
    pub fn null() -> Option<NoFunc> {
        None
    }

    /// The null reference as a [`Ref`].
    pub fn null_ref() -> Ref {
        Ref::Func(None)
    }

    /// The null reference as a [`Val`].
    pub fn null_val() -> Val {
        Val::FuncRef(None)
    }
}

// SAFETY: there is no value that could travel.
unsafe impl WasmTy for NoFunc {
    type Abi = u64;

    fn valtype() -> ValType {
        ValType::Ref(RefType::new(false, HeapType::NoFunc))
    }

    fn to_abi(&self, _: &StoreOpaque) -> u64 {
        match self.none {}
    }

    unsafe fn from_abi(_: u64, _: &mut StoreOpaque) -> Self {
        unreachable!("there is no value of the type `(ref nofunc)`")
    }
}

// SAFETY: null is 0.
unsafe impl WasmTy for Option<NoFunc> {
    type Abi = u64;
    const IS_REFERENCE: bool = true;

    fn valtype() -> ValType {
        ValType::NULLFUNCREF
    }

    #[inline(always)]
    fn to_abi(&self, store: &StoreOpaque) -> u64 {
        self.map_or(0, |none| none.to_abi(store))
    }

    #[inline(always)]
    unsafe fn from_abi(_: u64, _: &mut StoreOpaque) -> Self {
        None
    }

    fn reference(&self) -> Option<Ref> {
        Some(NoFunc::null_ref())
    }
}

//! Unboxed integers of 31 bits.

#![allow(unsafe_code)]

use std::fmt;

use super::func::WasmTy;
use crate::store::StoreOpaque;
use crate::types::{HeapType, RefType, ValType};

/// An integer of 31 bits, which a reference can be instead of leading to an object: an `i31` of
/// Wasm (Wasm 3.0, section 2.3.3). It takes no room in the heap.
///
/// In functions with static types, `I31` stands for `(ref i31)` and `Option<I31>` for `i31ref`.
/// Elsewhere [`AnyRef::from_i31`](crate::AnyRef::from_i31) makes a reference of it.
///
/// ```
/// use wasm_store::{Engine, Func, I31, Store};
///
/// # fn main() -> wasm_store::Result<()> {
/// let mut store = Store::new(&Engine::default(), ());
/// let next = Func::wrap(&mut store, |number: I31| I31::wrapping_u32(number.get_u32() + 1));
/// let next = next.typed::<I31, I31>(&store)?;
/// let number = I31::new_u32(41).expect("it fits");
/// assert_eq!(next.call(&mut store, number)?.get_i32(), 42);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct I31 {
    /// Below 2³¹.
    bits: u32,
}

impl I31 {
    /// An unsigned integer; `None` if it does not fit into 31 bits.
    ///
    /// ```
    /// use wasm_store::I31;
    ///
    /// assert_eq!(I31::new_u32(0x7fff_ffff).map(|number| number.get_i32()), Some(-1));
    /// assert_eq!(I31::new_u32(0x8000_0000), None);
    /// ```
    #[inline]
    pub fn new_u32(value: u32) -> Option<Self> {
        Some(Self::wrapping_u32(value)).filter(|number| number.get_u32() == value)
    }

    /// A signed integer; `None` if it does not fit into 31 bits.
    #[inline]
    pub fn new_i32(value: i32) -> Option<Self> {
        Some(Self::wrapping_i32(value)).filter(|number| number.get_i32() == value)
    }

    /// The lower 31 bits of an integer.
    #[inline]
    pub fn wrapping_u32(value: u32) -> Self {
        Self { bits: value & (u32::MAX >> 1) }
    }

    /// The lower 31 bits of an integer.
    ///
    /// ```
    /// use wasm_store::I31;
    ///
    /// assert_eq!(I31::wrapping_i32(-5).get_i32(), -5);
    /// assert_eq!(I31::wrapping_i32(i32::MIN).get_i32(), 0);
    /// ```
    #[inline]
    pub fn wrapping_i32(value: i32) -> Self {
        Self::wrapping_u32(value.cast_unsigned())
    }

    /// The integer, unsigned.
    #[inline]
    pub fn get_u32(&self) -> u32 {
        self.bits
    }

    /// The integer, signed.
    #[inline]
    pub fn get_i32(&self) -> i32 {
        (self.bits << 1).cast_signed() >> 1
    }

    /// The reference that it is.
    #[inline]
    pub(crate) fn to_reference(self) -> u32 {
        self.bits << 1 | 1
    }

    /// The integer that a reference is; `None` if it is null or leads to an object.
    #[inline]
    pub(crate) fn from_reference(reference: u32) -> Option<Self> {
        (reference & 1 != 0).then_some(Self { bits: reference >> 1 })
    }
}

impl fmt::Debug for I31 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("I31")
            .field("as_u32", &self.get_u32())
            .field("as_i32", &self.get_i32())
            .finish()
    }
}

// SAFETY: a reference to an integer is the integer, in 32 bits, and never null.
unsafe impl WasmTy for I31 {
    type Abi = i32;

    fn valtype() -> ValType {
        ValType::Ref(RefType::new(false, HeapType::I31))
    }

    #[inline(always)]
    fn to_abi(&self, _store: &StoreOpaque) -> i32 {
        self.to_reference().cast_signed()
    }

    #[inline(always)]
    unsafe fn from_abi(abi: i32, _store: &mut StoreOpaque) -> Self {
        Self { bits: abi.cast_unsigned() >> 1 }
    }
}

// SAFETY: as above, and null is 0.
unsafe impl WasmTy for Option<I31> {
    type Abi = i32;

    fn valtype() -> ValType {
        ValType::I31REF
    }

    #[inline(always)]
    fn to_abi(&self, _store: &StoreOpaque) -> i32 {
        self.map_or(0, I31::to_reference).cast_signed()
    }

    #[inline(always)]
    unsafe fn from_abi(abi: i32, _store: &mut StoreOpaque) -> Self {
        I31::from_reference(abi.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_comes_back() {
        for value in [0, 1, 5, 0x3fff_ffff, 0x4000_0000, 0x7fff_ffff] {
            let number = I31::new_u32(value).unwrap();
            assert_eq!(number.get_u32(), value);
            assert_eq!(I31::from_reference(number.to_reference()), Some(number));
            assert_eq!(I31::new_i32(number.get_i32()), Some(number));
        }
        for value in [i32::MIN, -0x4000_0001, 0x4000_0000, i32::MAX] {
            assert_eq!(I31::new_i32(value), None);
            assert_eq!(I31::wrapping_i32(value).get_u32(), value.cast_unsigned() & 0x7fff_ffff);
        }
        assert_eq!(I31::new_i32(-0x4000_0000).unwrap().get_u32(), 0x4000_0000);
        assert_eq!((I31::from_reference(0), I31::from_reference(8)), (None, None));
        assert_eq!(format!("{:?}", I31::wrapping_u32(7)), "I31 { as_u32: 7, as_i32: 7 }");
    }
}

//! How values travel in registers.

#![allow(unsafe_code)]

use crate::items::V128;
use crate::vm::ValRaw;

/// Registers that carry integer and reference arguments besides the context.
const INT_ARGUMENTS: usize = 5;
/// Registers that carry float arguments.
const FLOAT_ARGUMENTS: usize = 8;

/// Which kind of register a value travels in.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// An integer register.
    Int,
    /// A float register.
    Float,
    /// Neither: signatures with such values take an array.
    Array,
}

/// Whether arguments of the given classes all travel in registers.
pub(crate) const fn params_fit(classes: &[Class]) -> bool {
    let (mut ints, mut floats, mut i) = (0, 0, 0);
    while i < classes.len() {
        match classes[i] {
            Class::Int => ints += 1,
            Class::Float => floats += 1,
            Class::Array => return false,
        }
        i += 1;
    }
    registers_fit(ints, floats)
}

/// Whether so many integers and floats all travel in registers.
pub(crate) const fn registers_fit(ints: usize, floats: usize) -> bool {
    ints <= INT_ARGUMENTS && floats <= FLOAT_ARGUMENTS
}

/// Whether results of the given classes all travel in registers.
pub(crate) const fn results_fit(classes: &[Class]) -> bool {
    match classes {
        [] => true,
        [class] => !matches!(class, Class::Array),
        _ => false,
    }
}

/// How a value is passed at the border to compiled code.
///
/// # Safety
///
/// The type must be passed by the system's C convention in the kind of register that `CLASS` names,
/// with the value that the two functions convert to and from.
#[doc(hidden)]
pub unsafe trait Abi: Copy + Send {
    /// Where the value travels.
    const CLASS: Class;

    /// The value in an array of arguments.
    fn to_raw(self) -> u128;

    /// The value in an array of arguments.
    fn from_raw(raw: u128) -> Self;
}

#[inline]
pub(crate) fn raw(bits: u128) -> ValRaw {
    ValRaw { v128: bits }
}

#[inline]
pub(crate) fn bits(raw: ValRaw) -> u128 {
    // SAFETY: every bit pattern is a vector; values of smaller types have their upper bits ignored.
    unsafe { raw.v128 }
}

macro_rules! abi {
    ($($ty:ty, $class:ident, $to:expr, $from:expr;)*) => {$(
        // SAFETY: the system's convention passes the type in a register of that class.
        unsafe impl Abi for $ty {
            const CLASS: Class = Class::$class;

            #[inline(always)]
            fn to_raw(self) -> u128 {
                let to: fn($ty) -> u128 = $to;
                to(self)
            }

            #[inline(always)]
            fn from_raw(raw: u128) -> Self {
                let from: fn(u128) -> $ty = $from;
                from(raw)
            }
        }
    )*};
}

abi! {
    i32, Int, |v| v.cast_unsigned().into(), |bits| bits as i32;
    i64, Int, |v| v.cast_unsigned().into(), |bits| bits as i64;
    u64, Int, |v| v.into(), |bits| bits as u64;
    f32, Float, |v| v.to_bits().into(), |bits| f32::from_bits(bits as u32);
    f64, Float, |v| v.to_bits().into(), |bits| f64::from_bits(bits as u64);
    V128, Array, |v| v.as_u128(), V128::from;
}

/// How a list of results is passed at the border to compiled code: nothing, or one value.
///
/// # Safety
///
/// As for [`Abi`].
#[doc(hidden)]
pub unsafe trait RetAbi: Copy + Send {
    /// Writes the value, if there is one, to an array.
    ///
    /// # Safety
    ///
    /// The array has room for it.
    unsafe fn write_raw(self, values: *mut u128);

    /// The value that an array begins with, if there is one.
    #[cfg(feature = "async")]
    fn first_of(raw: u128) -> Self;
}

// SAFETY: nothing is returned for an empty list.
unsafe impl RetAbi for () {
    unsafe fn write_raw(self, _values: *mut u128) {}

    #[cfg(feature = "async")]
    #[inline(always)]
    fn first_of(_raw: u128) {}
}

// SAFETY: one value is returned in the register of its class.
unsafe impl<A: Abi> RetAbi for A {
    unsafe fn write_raw(self, values: *mut u128) {
        // SAFETY: as the caller promises.
        unsafe { values.write(self.to_raw()) };
    }

    #[cfg(feature = "async")]
    #[inline(always)]
    fn first_of(raw: u128) -> Self {
        A::from_raw(raw)
    }
}

//! Values in terms that both sides have.

/// A value. Not-a-number has one form. References to objects are what they lead to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null,
    /// A function, or a value of the host.
    Reference,
    /// An unboxed integer.
    I31(u32),
    Struct(Vec<Value>),
    /// An array of so many elements, of which these are the first.
    Array(u32, Vec<Value>),
    Exception(Vec<Value>),
}

impl Value {
    pub(super) fn f32(bits: u32) -> Self {
        Self::F32(if f32::from_bits(bits).is_nan() { 0x7fc0_0000 } else { bits })
    }

    pub(super) fn f64(bits: u64) -> Self {
        Self::F64(if f64::from_bits(bits).is_nan() { 0x7ff8_0000_0000_0000 } else { bits })
    }

    pub(super) fn reference(null: bool) -> Self {
        if null { Self::Null } else { Self::Reference }
    }
}

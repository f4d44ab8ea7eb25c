//! Values in terms that both sides have.

/// A value. Not-a-number has one form, and of references only whether they are null is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Value {
    I32(i32),
    I64(i64),
    F32(u32),
    F64(u64),
    V128(u128),
    Null,
    Reference,
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

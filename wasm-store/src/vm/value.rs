//! The union of all values, as arrays of arguments and results hold it.

/// A value of any type, 16 bytes, read as what the signature says. Floats are their bits.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub(crate) union ValRaw {
    pub(crate) i32: i32,
    pub(crate) i64: i64,
    pub(crate) u64: u64,
    pub(crate) f32: u32,
    pub(crate) f64: u64,
    pub(crate) v128: u128,
}

impl std::fmt::Debug for ValRaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // SAFETY: every bit pattern is a value.
        #[allow(unsafe_code, reason = "reads the field that covers all of the union")]
        let bits = unsafe { self.v128 };
        write!(f, "ValRaw({bits:#x})")
    }
}

impl ValRaw {
    /// All bits zero: the zero of every number type and the null of every reference type.
    pub(crate) const ZERO: ValRaw = ValRaw { v128: 0 };

    /// A value whose upper bits are zero.
    #[inline]
    pub(crate) const fn from_u64(value: u64) -> Self {
        ValRaw { v128: value as u128 }
    }
}

//! Values as text.

use std::fmt;

use crate::items::Val;

/// A value as traces show it: integers in decimal, floats with as many digits as identify them,
/// vectors in hexadecimal, and of references only their kind.
#[derive(Clone, Copy, Debug)]
pub struct ShownValue(pub Val);

impl fmt::Display for ShownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Val::I32(value) => write!(f, "{value}"),
            Val::I64(value) => write!(f, "{value}"),
            Val::F32(bits) => write!(f, "{:?}", f32::from_bits(*bits)),
            Val::F64(bits) => write!(f, "{:?}", f64::from_bits(*bits)),
            Val::V128(value) => write!(f, "{:#034x}", value.as_u128()),
            Val::FuncRef(None)
            | Val::ExternRef(None)
            | Val::AnyRef(None)
            | Val::ExnRef(None)
            | Val::ContRef(None) => f.write_str("null"),
            Val::FuncRef(Some(_)) => f.write_str("funcref"),
            Val::ExternRef(Some(_)) => f.write_str("externref"),
            Val::AnyRef(Some(_)) => f.write_str("anyref"),
            Val::ExnRef(Some(_)) => f.write_str("exnref"),
            Val::ContRef(Some(_)) => f.write_str("contref"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_like_what_they_are() {
        for (value, text) in [
            (Val::I32(-1), "-1"),
            (Val::I64(i64::MAX), "9223372036854775807"),
            (Val::F32(1.0f32.to_bits()), "1.0"),
            (Val::F64(0.1f64.to_bits()), "0.1"),
            (Val::F64(f64::NAN.to_bits()), "NaN"),
            (Val::V128(5.into()), "0x00000000000000000000000000000005"),
            (Val::ExternRef(None), "null"),
            (Val::AnyRef(None), "null"),
        ] {
            assert_eq!(ShownValue(value).to_string(), text);
        }
    }
}

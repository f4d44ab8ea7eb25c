//! Variable-length integers of the delta-coded tables: LEB128 and zigzag.

#[cfg(feature = "write")]
use alloc::vec::Vec;

/// Reads bytes from the front of a slice; `None` at its end, never a panic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*first)
    }

    /// An unsigned LEB128 number. Bits beyond the 64th are dropped.
    pub(crate) fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            if byte & 0x80 == 0 {
                return Some(value);
            }
            shift += 7;
            if shift > 70 {
                return None;
            }
        }
    }

    /// A signed number in zigzag order.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -((value & 1).cast_signed()))
    }
}

/// Appends an unsigned LEB128 number.
#[cfg(feature = "write")]
pub(crate) fn write_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number in zigzag order.
#[cfg(feature = "write")]
pub(crate) fn write_signed(out: &mut Vec<u8>, value: i64) {
    write_unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_round_trip(a: u64, b: i64, c in 0u64..300, d in -200i64..200) {
            let mut out = Vec::new();
            write_unsigned(&mut out, a);
            write_signed(&mut out, b);
            write_unsigned(&mut out, c);
            write_signed(&mut out, d);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!(cursor.unsigned(), Some(a));
            prop_assert_eq!(cursor.signed(), Some(b));
            prop_assert_eq!(cursor.unsigned(), Some(c));
            prop_assert_eq!(cursor.signed(), Some(d));
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn any_bytes_are_harmless(bytes: Vec<u8>) {
            let mut cursor = Cursor::new(&bytes);
            while cursor.signed().is_some() {}
        }
    }
}

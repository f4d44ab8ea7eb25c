//! What `flags!` needs.

#![allow(clippy::missing_errors_doc, reason = "it is for macros, and no part of the API")]

use std::fmt;

use wasm_store::Result;

use super::traits::first;
use crate::context::LowerContext;

/// The bits without those that stand for no flag, of which there are `count`.
pub fn known_flags<const WORDS: usize>(mut bits: [u32; WORDS], count: usize) -> [u32; WORDS] {
    if let Some(last) = bits.last_mut()
        && !count.is_multiple_of(32)
    {
        *last &= (1 << (count % 32)) - 1;
    }
    bits
}

/// Writes flags to memory.
#[inline]
pub fn write_flags<T: 'static, const WORDS: usize>(
    cx: &mut LowerContext<'_, T>,
    offset: usize,
    bits: &[u32; WORDS],
    count: usize,
) -> Result<()> {
    for (place, word) in bits.iter().enumerate() {
        let [a, b, c, d] = word.to_le_bytes();
        match count {
            0..=8 => cx.write(offset, [a])?,
            9..=16 => cx.write(offset, [a, b])?,
            _ => cx.write(offset + 4 * place, [a, b, c, d])?,
        }
    }
    Ok(())
}

/// Reads flags from memory. Bits that stand for none are left out.
#[inline]
pub fn read_flags<const WORDS: usize>(bytes: &[u8], count: usize) -> Result<[u32; WORDS]> {
    let mut bits = [0; WORDS];
    for (place, word) in bits.iter_mut().enumerate() {
        *word = match count {
            0..=8 => u32::from(first::<1>(bytes)?[0]),
            9..=16 => u32::from(u16::from_le_bytes(first(bytes)?)),
            _ => u32::from_le_bytes(first(bytes.get(4 * place..).unwrap_or_default())?),
        };
    }
    Ok(known_flags(bits, count))
}

/// Shows flags by the names that they have in Rust.
pub fn format_flags(bits: &[u32], names: &[&str], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    let mut separator = "";
    for (place, name) in names.iter().enumerate() {
        let word = bits.get(place / 32).copied().unwrap_or(0);
        if word >> (place % 32) & 1 != 0 {
            f.write_str(separator)?;
            f.write_str(name)?;
            separator = "|";
        }
    }
    f.write_str(")")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_without_a_name_are_left_out() {
        assert_eq!(known_flags([u32::MAX], 3), [7]);
        assert_eq!(known_flags([u32::MAX], 32), [u32::MAX]);
        assert_eq!(known_flags([u32::MAX; 2], 33), [u32::MAX, 1]);
        assert_eq!(known_flags([], 0), []);
        assert_eq!(read_flags([0xff].as_slice(), 2).ok(), Some([3]));
        assert!(read_flags::<2>(&[0; 7], 40).is_err());
    }
}

//! The damage that is done to an artifact.

use std::ops::Range;

use arbitrary::{Result, Unstructured};

use super::subject::Subject;

/// Changed bytes, none of them in the machine code, and perhaps a shorter file.
#[derive(Debug)]
pub(super) struct Damage {
    changes: Vec<(usize, Vec<u8>)>,
    len: usize,
}

impl Damage {
    /// Random damage. Splices are taken from another artifact.
    pub(super) fn arbitrary(
        u: &mut Unstructured<'_>,
        subject: &Subject,
        other: &Subject,
    ) -> Result<Self> {
        let bytes = &subject.artifact;
        let mut damage = Self { changes: Vec::new(), len: bytes.len() };
        for _ in 0..u.int_in_range(1..=4_u32)? {
            let start = place(u, subject)?;
            let rest = bytes.len() - start;
            let (at, new) = match u.int_in_range(0..=9_u32)? {
                // One bit.
                0..=3 => (start, vec![bytes[start] ^ (1 << u.int_in_range(0..=7_u32)?)]),
                // A number of the format, at an offset where numbers usually are.
                4 => {
                    let number = *u.choose(&[0, 1, 0xff, 0x1000, 1 << 31, u32::MAX])?;
                    (start & !3, number.to_le_bytes().to_vec())
                }
                5 => (start, vec![u.arbitrary()?; u.int_in_range(1..=64.min(rest))?]),
                // A part of another artifact, or of another part of this one.
                6 => {
                    let len = u.int_in_range(1..=8192.min(rest))?;
                    let end = (start + len).min(other.artifact.len());
                    (start, other.artifact.get(start..end).unwrap_or_default().to_vec())
                }
                7 => {
                    let len = u.int_in_range(1..=2048.min(rest))?;
                    let from = u.int_in_range(0..=bytes.len() - len)?;
                    (start, bytes[from..from + len].to_vec())
                }
                // An entry of the directory is changed, or repeated.
                8 => {
                    let size = subject.entry_size;
                    let entries = subject.directory.len() / size;
                    let from = subject.directory.start + size * u.choose_index(entries)?;
                    let to = subject.directory.start + size * u.choose_index(entries)?;
                    let mut entry = bytes[from..from + size].to_vec();
                    let field = 8 * u.int_in_range(0..=2_usize)?;
                    let number = u64::from_le_bytes(entry[field..field + 8].try_into().expect("8"));
                    let number = number.wrapping_add(u.int_in_range(-4096..=4096_i64)? as u64);
                    entry[field..field + 8].copy_from_slice(&number.to_le_bytes());
                    (to, entry)
                }
                // The file is cut off.
                _ => {
                    damage.len = u.int_in_range(0..=bytes.len() + 64)?;
                    continue;
                }
            };
            damage.changes.push((at, new));
        }
        let text = &subject.text;
        for (at, new) in &mut damage.changes {
            if *at < text.start {
                new.truncate(text.start - *at);
            } else if text.contains(at) {
                new.clear();
            }
        }
        Ok(damage)
    }

    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        for (at, new) in &self.changes {
            let end = (at + new.len()).min(bytes.len());
            bytes[*at..end].copy_from_slice(&new[..end - at]);
        }
        bytes.resize(self.len, 0);
    }

    /// Whether the damage changes bytes of the range.
    pub(super) fn touches(&self, range: &Range<usize>) -> bool {
        self.changes.iter().any(|(at, new)| *at < range.end && at + new.len() > range.start)
    }
}

/// A random offset: mostly in the headers and tables, sometimes in the descriptions of initial
/// contents of memories, and otherwise anywhere.
fn place(u: &mut Unstructured<'_>, subject: &Subject) -> Result<usize> {
    for (range, rarity) in [(&subject.image_tables, 8_u8), (&subject.images, 12)] {
        if !range.is_empty() && u.ratio(1, rarity)? {
            return u.int_in_range(range.start..=range.end - 1);
        }
    }
    let end = if u.ratio(15, 16)? { subject.text.start } else { subject.artifact.len() };
    u.int_in_range(0..=end - 1)
}

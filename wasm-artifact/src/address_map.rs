//! The address map: which code comes from which place of the Wasm binary.
//!
//! Entries are sorted by offset and stand in blocks of [`BLOCK_LEN`]. A block starts with the Wasm
//! offset of its first entry (plus one; zero for none), whose code offset stands in the block's
//! record. Each further entry is a byte: the upper half is the distance in code, the lower half the
//! distance in the binary, where it is small; else escapes, and the numbers follow.

#[cfg(feature = "write")]
use alloc::vec::Vec;

use wasm_types::AddressMapEntry;

use crate::blocks::{Blocks, Damaged};
use crate::format::NONE;
#[cfg(feature = "write")]
use crate::format::{BLOCK_LEN, BlockRecord};
#[cfg(feature = "write")]
use crate::varint::{write_signed, write_unsigned};

/// In the upper half: the rest of the distance follows as an unsigned number.
const CODE_ESCAPE: u8 = 15;
/// In the lower half: code from no place of the binary.
const NO_PLACE: u8 = 14;
/// In the lower half: the distance follows as a signed number.
const WASM_ESCAPE: u8 = 15;
/// The distance that the lower half 0 stands for; code mostly goes forward.
const WASM_BIAS: i64 = -3;

/// The address map of an artifact, searched in place.
#[derive(Clone, Copy, Debug)]
pub struct AddressMap<'a> {
    pub(crate) blocks: Blocks<'a>,
    pub(crate) shift: u32,
}

impl<'a> AddressMap<'a> {
    /// How many entries there are.
    pub fn len(&self) -> u32 {
        self.blocks.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The place in the Wasm binary that the code at this offset in the text comes from: that of
    /// the last entry at or before it. For a return address look up the byte before it. Nothing if
    /// the artifact is damaged there.
    pub fn lookup(&self, text_offset: u32) -> Option<u32> {
        let key = text_offset >> self.shift;
        let entries = self.block(self.blocks.find(key).ok()??).ok()?;
        let (_, wasm_offset) = entries.take_while(|(offset, _)| *offset <= key).last()?;
        (wasm_offset != NONE).then_some(wasm_offset)
    }

    /// Every entry, sorted by offset. Ends early in a damaged artifact.
    pub fn iter(&self) -> impl Iterator<Item = AddressMapEntry> + 'a {
        let this = *self;
        let blocks = this.blocks.numbers().map_while(move |block| this.block(block).ok());
        blocks.flatten().map_while(move |(key, wasm_offset)| {
            Some(AddressMapEntry { offset: key.checked_shl(this.shift)?, wasm_offset })
        })
    }

    /// The entries of a block, with their shifted offsets.
    fn block(&self, number: usize) -> Result<impl Iterator<Item = (u32, u32)> + use<'a>, Damaged> {
        let (first, count, mut cursor) = self.blocks.get(number)?;
        let mut key: Option<u32> = None;
        let mut place: u32 = 0;
        Ok((0..count).map_while(move |_| {
            let Some(last) = key else {
                key = Some(first);
                let wasm_offset = match cursor.unsigned()?.checked_sub(1) {
                    None => NONE,
                    Some(offset) => {
                        place = u32::try_from(offset).ok()?;
                        place
                    }
                };
                return Some((first, wasm_offset));
            };
            let byte = cursor.byte()?;
            let step = match byte >> 4 {
                CODE_ESCAPE => u32::try_from(cursor.unsigned()?).ok()?.checked_add(15)?,
                step => u32::from(step),
            };
            let next = last.checked_add(step)?;
            key = Some(next);
            let step = match byte & 15 {
                NO_PLACE => return Some((next, NONE)),
                WASM_ESCAPE => cursor.signed()?,
                step => i64::from(step) + WASM_BIAS,
            };
            place = u32::try_from(i64::from(place).checked_add(step)?).ok()?;
            Some((next, place))
        }))
    }
}

/// Encodes entries, which must be sorted: records of blocks, and bytes.
#[cfg(feature = "write")]
pub(crate) fn encode(entries: &[AddressMapEntry], shift: u32) -> (Vec<BlockRecord>, Vec<u8>) {
    let mut blocks = Vec::new();
    let mut bytes = Vec::new();
    for block in entries.chunks(BLOCK_LEN as usize) {
        let first = block[0];
        let mut key = first.offset >> shift;
        let position = bytes.len() as u32;
        blocks.push(BlockRecord { first: key.into(), position: position.into() });
        let mut place = 0;
        if first.wasm_offset == NONE {
            bytes.push(0);
        } else {
            place = first.wasm_offset;
            write_unsigned(&mut bytes, u64::from(place) + 1);
        }
        for entry in &block[1..] {
            let step = (entry.offset >> shift) - key;
            key = entry.offset >> shift;
            let high = if step < 15 { step as u8 } else { CODE_ESCAPE };
            let distance = i64::from(entry.wasm_offset) - i64::from(place);
            let low = if entry.wasm_offset == NONE {
                NO_PLACE
            } else {
                place = entry.wasm_offset;
                match distance - WASM_BIAS {
                    biased @ 0..14 => biased as u8,
                    _ => WASM_ESCAPE,
                }
            };
            bytes.push(high << 4 | low);
            if high == CODE_ESCAPE {
                write_unsigned(&mut bytes, u64::from(step - 15));
            }
            if low == WASM_ESCAPE {
                write_signed(&mut bytes, distance);
            }
        }
    }
    (blocks, bytes)
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use crate::checksums::Checksums;
    use crate::read::Table;
    use proptest::prelude::*;

    proptest! {
        // Each case looks up every offset: a few dozen are plenty.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_place_is_found(
            steps in prop::collection::vec(
                (0u32..60, prop_oneof![0u32..3000, Just(NONE), any::<u32>()]), 0..150),
            shift in 0u32..3,
        ) {
            let mut offset = 0;
            let entries: Vec<_> = steps
                .into_iter()
                .map(|(step, wasm_offset)| {
                    offset += (step + 1) << shift;
                    AddressMapEntry { offset, wasm_offset }
                })
                .collect();
            let (blocks, bytes) = encode(&entries, shift);
            let checksums = Checksums::new(&[], &[], 0).unwrap();
            let (records, bytes) = (Table::of(&blocks), Table::of(&bytes));
            let blocks = Blocks { checksums: &checksums, records, bytes, len: entries.len() as u32 };
            let map = AddressMap { blocks, shift };
            prop_assert_eq!(map.iter().collect::<Vec<_>>(), entries.clone());
            for at in 0..offset + 8 {
                let wanted = entries.iter().rev().find(|entry| entry.offset <= at);
                let wanted = wanted.map(|entry| entry.wasm_offset).filter(|place| *place != NONE);
                prop_assert_eq!(map.lookup(at), wanted);
            }
        }
    }
}

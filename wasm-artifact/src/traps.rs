//! The trap table: which instructions may trap, and why.
//!
//! Entries are sorted by offset and stand in blocks of [`BLOCK_LEN`]. A block starts with the code
//! of its first entry, whose offset stands in the block's record. Each further entry is a number:
//! the distance from the entry before, doubled, plus one if the code changes, and then the code.
//! Most entries take one byte.

#[cfg(feature = "write")]
use alloc::vec::Vec;

use wasm_types::{TrapCode, TrapEntry};

use crate::blocks::{Blocks, Damaged};
use crate::error::Error;
#[cfg(feature = "write")]
use crate::format::{BLOCK_LEN, BlockRecord};
#[cfg(feature = "write")]
use crate::varint::write_unsigned;

/// The trap table of an artifact, searched in place.
#[derive(Clone, Copy, Debug)]
pub struct Traps<'a> {
    pub(crate) blocks: Blocks<'a>,
    pub(crate) shift: u32,
}

impl<'a> Traps<'a> {
    /// How many entries there are.
    pub fn len(&self) -> u32 {
        self.blocks.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Why the instruction at this offset in the text traps; `None` if it is not one that may.
    ///
    /// Async-signal-safe: it neither allocates nor locks nor panics.
    ///
    /// # Errors
    ///
    /// If the artifact is damaged there, so that the reason is not known.
    pub fn lookup(&self, text_offset: u32) -> Result<Option<TrapCode>, Error> {
        if text_offset & ((1 << self.shift) - 1) != 0 {
            return Ok(None);
        }
        let key = text_offset >> self.shift;
        let damaged = |Damaged| Error::damaged("the trap table");
        let Some(block) = self.blocks.find(key).map_err(damaged)? else { return Ok(None) };
        let entries = self.block(block).map_err(damaged)?;
        match entries.take_while(|(offset, _)| *offset <= key).last() {
            Some((offset, code)) if offset == key => code.map(Some).ok_or(Damaged).map_err(damaged),
            _ => Ok(None),
        }
    }

    /// Every entry, sorted by offset. Ends early in a damaged artifact.
    pub fn iter(&self) -> impl Iterator<Item = TrapEntry> + 'a {
        let this = *self;
        let blocks = this.blocks.numbers().map_while(move |block| this.block(block).ok());
        blocks.flatten().map_while(move |(key, code)| {
            let offset = key.checked_shl(this.shift)?;
            Some(TrapEntry { offset, code: code? })
        })
    }

    /// The entries of a block, with their shifted offsets.
    fn block(
        &self,
        number: usize,
    ) -> Result<impl Iterator<Item = (u32, Option<TrapCode>)> + use<'a>, Damaged> {
        let (first, count, mut cursor) = self.blocks.get(number)?;
        let mut state: Option<(u32, u8)> = None;
        Ok((0..count).map_while(move |_| {
            let (key, code) = match state {
                None => (first, cursor.byte()?),
                Some((key, code)) => {
                    let step = cursor.unsigned()?;
                    let key = key.checked_add(u32::try_from(step >> 1).ok()?)?;
                    (key, if step & 1 == 0 { code } else { cursor.byte()? })
                }
            };
            state = Some((key, code));
            Some((key, TrapCode::from_u8(code)))
        }))
    }
}

/// Encodes entries, which must be sorted: records of blocks, and bytes.
#[cfg(feature = "write")]
pub(crate) fn encode(entries: &[TrapEntry], shift: u32) -> (Vec<BlockRecord>, Vec<u8>) {
    let mut blocks = Vec::new();
    let mut bytes = Vec::new();
    for block in entries.chunks(BLOCK_LEN as usize) {
        let mut last = block[0];
        let position = bytes.len() as u32;
        blocks
            .push(BlockRecord { first: (last.offset >> shift).into(), position: position.into() });
        bytes.push(last.code as u8);
        for entry in &block[1..] {
            let delta = u64::from((entry.offset >> shift) - (last.offset >> shift));
            let changed = entry.code != last.code;
            write_unsigned(&mut bytes, delta << 1 | u64::from(changed));
            if changed {
                bytes.push(entry.code as u8);
            }
            last = *entry;
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

    fn code() -> impl Strategy<Value = TrapCode> {
        (0..TrapCode::ALL.len()).prop_map(|i| TrapCode::ALL[i])
    }

    proptest! {
        // Each case looks up every offset: a few dozen are plenty.
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn every_entry_is_found_and_nothing_else(
            steps in prop::collection::vec((1u32..200, code()), 0..150),
            shift in 0u32..3,
        ) {
            let mut offset = 0;
            let entries: Vec<_> = steps
                .into_iter()
                .map(|(step, code)| {
                    offset += step << shift;
                    TrapEntry { offset, code }
                })
                .collect();
            let (blocks, bytes) = encode(&entries, shift);
            let checksums = Checksums::new(&[], &[], 0).unwrap();
            let (records, bytes) = (Table::of(&blocks), Table::of(&bytes));
            let blocks = Blocks { checksums: &checksums, records, bytes, len: entries.len() as u32 };
            let traps = Traps { blocks, shift };
            prop_assert_eq!(traps.iter().collect::<Vec<_>>(), entries.clone());
            let mut expected = entries.iter().peekable();
            for at in 0..offset + 8 {
                let wanted = expected.next_if(|entry| entry.offset == at).map(|entry| entry.code);
                prop_assert_eq!(traps.lookup(at), Ok(wanted));
            }
        }
    }
}

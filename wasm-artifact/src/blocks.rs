//! Delta-coded tables: entries sorted by a number stand in blocks of [`BLOCK_LEN`], each of which
//! is found by its first number and read from its start.

use crate::checksums::Checksums;
use crate::format::{BLOCK_LEN, BlockRecord};
use crate::read::Table;
use crate::varint::Cursor;

/// The blocks of a table, read in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks<'a> {
    pub(crate) checksums: &'a Checksums<'a>,
    pub(crate) records: Table<'a, BlockRecord>,
    pub(crate) bytes: Table<'a, u8>,
    /// How many entries there are.
    pub(crate) len: u32,
}

impl<'a> Blocks<'a> {
    /// The numbers of all blocks.
    pub(crate) fn numbers(self) -> core::ops::Range<usize> {
        0..self.records.len()
    }

    /// The block that an entry with this number is in, if there is one; `Ok(None)` if the number is
    /// smaller than any, an error if the records are damaged.
    pub(crate) fn find(self, key: u32) -> Result<Option<usize>, Damaged> {
        let after = self.records.partition_point(self.checksums, |block| block.first.get() <= key);
        Ok(after.ok_or(Damaged)?.checked_sub(1))
    }

    /// The first number of a block, how many entries it has, and its bytes, up to the next one's.
    pub(crate) fn get(self, number: usize) -> Result<(u32, u64, Cursor<'a>), Damaged> {
        let record = |number: usize| self.records.get(number, self.checksums).ok_or(Damaged);
        let position = |number: usize| Ok(u64::from(record(number)?.position.get()));
        let start = position(number)?;
        let is_last = number + 1 == self.records.len();
        let end = if is_last { self.bytes.len() as u64 } else { position(number + 1)? };
        let bytes = self.bytes.range(start, end.checked_sub(start).ok_or(Damaged)?, self.checksums);
        let before = (number as u64) * u64::from(BLOCK_LEN);
        let count = u64::from(self.len).saturating_sub(before).min(u64::from(BLOCK_LEN));
        Ok((record(number)?.first.get(), count, Cursor::new(bytes.ok_or(Damaged)?)))
    }
}

/// The bytes are not those that were written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Damaged;

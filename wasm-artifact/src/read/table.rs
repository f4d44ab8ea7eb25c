//! A table as it lies in the bytes: its rows can be had only after their blocks were compared with
//! their checksums.

use core::fmt;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::checksums::Checksums;

/// A table, read in place.
pub(crate) struct Table<'a, T> {
    rows: &'a [T],
}

impl<'a, T> Table<'a, T> {
    /// A table over its bytes; `None` if they are not a whole number of rows.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self>
    where
        T: FromBytes + Immutable + KnownLayout + Unaligned,
    {
        <[T]>::ref_from_bytes(bytes).ok().map(|rows| Self { rows })
    }

    /// A table whose rows are used without a look at checksums, by tests of what reads it.
    #[cfg(all(test, feature = "write"))]
    pub(crate) fn of(rows: &'a [T]) -> Self {
        Self { rows }
    }

    /// How many rows there are.
    #[inline]
    pub(crate) fn len(self) -> usize {
        self.rows.len()
    }

    /// A row; `None` if there is no such row, or it is damaged.
    #[inline]
    pub(crate) fn get(self, index: usize, checksums: &Checksums<'_>) -> Option<&'a T> {
        let row = self.rows.get(index)?;
        checksums.check(core::slice::from_ref(row)).then_some(row)
    }

    /// Some rows; `None` if they are not all there, or some are damaged.
    #[inline]
    pub(crate) fn range(self, start: u64, len: u64, checksums: &Checksums<'_>) -> Option<&'a [T]> {
        let part = self.part(start, len)?;
        checksums.check(part.rows).then_some(part.rows)
    }

    /// Some rows, not looked at yet.
    pub(crate) fn part(self, start: u64, len: u64) -> Option<Self> {
        let start = usize::try_from(start).ok()?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        self.rows.get(start..end).map(|rows| Self { rows })
    }

    /// All rows; `None` if some are damaged.
    pub(crate) fn all(self, checksums: &Checksums<'_>) -> Option<&'a [T]> {
        checksums.check(self.rows).then_some(self.rows)
    }

    /// The bytes of a table that has no checksums: code, or the initial contents of memories.
    pub(crate) fn unsummed(self) -> &'a [T] {
        self.rows
    }

    /// The number of rows before the first for which `before` is false, in a table in which it is
    /// true for all up to some row; `None` if a row that was looked at is damaged.
    pub(crate) fn partition_point(
        self,
        checksums: &Checksums<'_>,
        mut before: impl FnMut(&T) -> bool,
    ) -> Option<usize> {
        let (mut low, mut high) = (0, self.rows.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.get(middle, checksums)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

impl<T> Clone for Table<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Table<'_, T> {}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self { rows: &[] }
    }
}

impl<T> fmt::Debug for Table<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.rows.len())
    }
}

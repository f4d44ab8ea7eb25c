//! The addresses that an entry of the debugging information is about.

use std::ops::Range;

use gimli::{
    AttributeValue, DebugAddrBase, DebugAddrIndex, DebugLocListsBase, DebugRngListsBase, Encoding,
    RangeListsOffset, RawRngListEntry, Reader as _, Result, Section as _,
};

use crate::budget::Budget;
use crate::sections::{Dwarf, Reader};

/// What addresses of a unit are relative to.
#[derive(Clone, Copy)]
pub(crate) struct Bases {
    pub(crate) encoding: Encoding,
    pub(crate) low_pc: u64,
    pub(crate) addr: DebugAddrBase,
    pub(crate) ranges: DebugRngListsBase,
    pub(crate) locations: DebugLocListsBase,
}

/// The attributes of an entry that say what it is about.
#[derive(Clone, Copy, Default)]
pub(crate) struct Pcs<'a> {
    low: Option<AttributeValue<Reader<'a>>>,
    high: Option<AttributeValue<Reader<'a>>>,
    ranges: Option<AttributeValue<Reader<'a>>>,
}

impl<'a> Pcs<'a> {
    /// Remembers an attribute, if it is one of these.
    pub(crate) fn see(&mut self, name: gimli::DwAt, value: AttributeValue<Reader<'a>>) {
        match name {
            gimli::DW_AT_low_pc => self.low = Some(value),
            gimli::DW_AT_high_pc => self.high = Some(value),
            gimli::DW_AT_ranges => self.ranges = Some(value),
            _ => {}
        }
    }

    /// Whether there is any.
    #[cfg(feature = "translate")]
    pub(crate) fn is_some(&self) -> bool {
        self.low.is_some() || self.ranges.is_some()
    }

    /// The lowest address.
    pub(crate) fn low(&self, dwarf: &Dwarf<'a>, bases: &Bases) -> Option<u64> {
        address(dwarf, bases, self.low?)
    }

    /// Calls a function for each range of addresses. What was left out by the linker is not there:
    /// its addresses are 0, where no code is, or the largest ones.
    pub(crate) fn for_each(
        &self,
        dwarf: &Dwarf<'a>,
        bases: &Bases,
        budget: &mut Budget,
        mut see: impl FnMut(Range<u64>),
    ) -> Result<()> {
        let mut see = |begin: u64, end: u64| {
            if begin != 0 && begin < end {
                see(begin..end);
            }
        };
        if let Some(offset) = self.ranges.and_then(|value| list(dwarf, bases, value)) {
            let mut base = bases.low_pc;
            let mut entries = dwarf.ranges.raw_ranges(offset, bases.encoding)?;
            let indexed = |index| indexed(dwarf, bases, index);
            // The base addresses of what was left out, by the width of an address.
            let dead = |base: u64| base >= u64::MAX >> (64 - address_bits(bases)) & !1;
            while let Some(entry) = entries.next()? {
                budget.take(0)?;
                match entry {
                    RawRngListEntry::BaseAddress { addr } => base = addr,
                    RawRngListEntry::BaseAddressx { addr } => {
                        base = indexed(addr).unwrap_or(u64::MAX);
                    }
                    RawRngListEntry::StartxEndx { begin, end } => {
                        if let (Some(begin), Some(end)) = (indexed(begin), indexed(end)) {
                            see(begin, end);
                        }
                    }
                    RawRngListEntry::StartxLength { begin, length } => {
                        if let Some(begin) = indexed(begin) {
                            see(begin, begin.saturating_add(length));
                        }
                    }
                    RawRngListEntry::AddressOrOffsetPair { begin, end }
                    | RawRngListEntry::OffsetPair { begin, end } => {
                        if !dead(base) && !dead(begin) {
                            see(base.saturating_add(begin), base.saturating_add(end));
                        }
                    }
                    RawRngListEntry::StartEnd { begin, end } => see(begin, end),
                    RawRngListEntry::StartLength { begin, length } => {
                        see(begin, begin.saturating_add(length));
                    }
                }
            }
            return Ok(());
        }
        if let (Some(low), Some(high)) = (self.low(dwarf, bases), self.high) {
            let end = match high.udata_value() {
                Some(len) => low.checked_add(len),
                None => address(dwarf, bases, high),
            };
            see(low, end.unwrap_or(0));
        }
        Ok(())
    }
}

fn address_bits(bases: &Bases) -> u32 {
    (u32::from(bases.encoding.address_size) * 8).clamp(8, 64)
}

/// The address that an attribute says.
fn address(dwarf: &Dwarf<'_>, bases: &Bases, value: AttributeValue<Reader<'_>>) -> Option<u64> {
    match value {
        AttributeValue::Addr(address) => Some(address),
        AttributeValue::DebugAddrIndex(index) => indexed(dwarf, bases, index),
        _ => None,
    }
}

/// An address of the section of addresses.
pub(crate) fn indexed(dwarf: &Dwarf<'_>, bases: &Bases, index: DebugAddrIndex) -> Option<u64> {
    // So that it can be multiplied.
    let index = u32::try_from(index.0).ok()?;
    let index = DebugAddrIndex(index as usize);
    dwarf.debug_addr.get_address(bases.encoding.address_size, bases.addr, index).ok()
}

/// Where the list of ranges is that an attribute refers to.
fn list(
    dwarf: &Dwarf<'_>,
    bases: &Bases,
    value: AttributeValue<Reader<'_>>,
) -> Option<RangeListsOffset> {
    match value {
        AttributeValue::RangeListsRef(offset) => Some(RangeListsOffset(offset.0)),
        AttributeValue::DebugRngListsIndex(index) => {
            let format = bases.encoding.format;
            let mut offsets = *dwarf.ranges.debug_rnglists().reader();
            let place = index.0.checked_mul(format.word_size().into())?;
            offsets.skip(bases.ranges.0.checked_add(place)?).ok()?;
            let offset = offsets.read_offset(format).ok()?;
            bases.ranges.0.checked_add(offset).map(RangeListsOffset)
        }
        _ => None,
    }
}

//! Where variables are: the expressions that an attribute has.

use std::ops::Range;

use gimli::{
    AttributeValue, DebugAddrIndex, DebugLocListsIndex, Expression, Format, LocationListsOffset,
    RawLocListEntry, Result,
};

use crate::budget::Budget;
use crate::ranges::{Bases, indexed};
use crate::sections::{Dwarf, Reader};

/// Calls a function for each expression of an attribute, with the addresses that it is about, or
/// `None` if it is about all of them.
///
/// # Errors
///
/// If a list is not well-formed, or there is more than there should be.
pub(crate) fn for_each<'a>(
    dwarf: &Dwarf<'a>,
    bases: &Bases,
    value: AttributeValue<Reader<'a>>,
    budget: &mut Budget,
    mut see: impl FnMut(Option<Range<u64>>, Expression<Reader<'a>>, &mut Budget) -> Result<()>,
) -> Result<()> {
    let offset = match value {
        AttributeValue::Exprloc(expression) => return see(None, expression, budget),
        AttributeValue::LocationListsRef(offset) => offset,
        AttributeValue::DebugLocListsIndex(index) => match list(dwarf, bases, index) {
            Some(offset) => offset,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    let mut base = bases.low_pc;
    let indexed = |index: DebugAddrIndex| indexed(dwarf, bases, index);
    let mut entries = dwarf.locations.raw_locations(offset, bases.encoding)?;
    while let Some(entry) = entries.next()? {
        // What the linker left out is relative to 0, where no code is.
        let from = |begin: Option<u64>, end: Option<u64>| match (begin, end) {
            (Some(begin), Some(end)) if begin != 0 && begin < end => Some(begin..end),
            _ => None,
        };
        let after = |begin: Option<u64>, len: u64| from(begin, begin?.checked_add(len));
        let (range, data) = match entry {
            RawLocListEntry::BaseAddress { addr } => {
                base = addr;
                continue;
            }
            RawLocListEntry::BaseAddressx { addr } => {
                base = indexed(addr).unwrap_or(u64::MAX);
                continue;
            }
            RawLocListEntry::StartxEndx { begin, end, data } => {
                (from(indexed(begin), indexed(end)), data)
            }
            RawLocListEntry::StartxLength { begin, length, data } => {
                (after(indexed(begin), length), data)
            }
            RawLocListEntry::AddressOrOffsetPair { begin, end, data }
            | RawLocListEntry::OffsetPair { begin, end, data } => {
                (from(base.checked_add(begin), base.checked_add(end)), data)
            }
            // It is for what no other entry is about, which would have to be known first.
            RawLocListEntry::DefaultLocation { data } => (None, data),
            RawLocListEntry::StartEnd { begin, end, data } => (from(Some(begin), Some(end)), data),
            RawLocListEntry::StartLength { begin, length, data } => {
                (after(Some(begin), length), data)
            }
        };
        budget.take(data.0.len())?;
        if let Some(range) = range {
            see(Some(range), data, budget)?;
        }
    }
    Ok(())
}

/// Where the list with a number is. Only offsets of 32 bits are looked at, which can be added.
fn list(
    dwarf: &Dwarf<'_>,
    bases: &Bases,
    index: DebugLocListsIndex,
) -> Option<LocationListsOffset> {
    let index = DebugLocListsIndex(u32::try_from(index.0).ok()? as usize);
    if bases.encoding.format != Format::Dwarf32 {
        return None;
    }
    dwarf.locations.get_offset(bases.encoding, bases.locations, index).ok()
}

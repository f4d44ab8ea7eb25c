//! The units of a compilation: their headers, and the entry at their root.

use std::ops::Range;

use gimli::{
    Abbreviations, AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugAddrBase, DebugLineOffset,
    DebugLocListsBase, DebugRngListsBase, DebugStrOffsetsBase, DebugStrOffsetsIndex, DwarfFileType,
    Error, LittleEndian, Result, Section as _, UnitHeader, UnitOffset,
};

use crate::budget::Budget;
use crate::ranges::{Bases, Pcs};
use crate::sections::{Dwarf, Reader};

/// The longest table of abbreviations that is read, in bytes. Those of large programs that are one
/// unit have a tenth of it.
const LONGEST_ABBREVIATIONS: usize = 1 << 20;

/// The longest text that is read of those that may be shared, in bytes: others are cut off. Each of
/// many entries could refer to one that is as long as its section.
const LONGEST_TEXT: usize = 4096;

/// The place of a unit.
#[derive(Clone, Debug)]
pub(crate) struct UnitPlace {
    /// In the section of units.
    pub(crate) offset: usize,
    /// The table of abbreviations that it refers to, which ends before the next.
    pub(crate) abbreviations: Range<usize>,
}

/// The places of all units, in order.
#[derive(Debug)]
pub(crate) struct Units(Vec<UnitPlace>);

impl Units {
    /// Finds them.
    pub(crate) fn read(dwarf: &Dwarf<'_>) -> Self {
        let mut found = Vec::new();
        let mut headers = dwarf.units();
        // What is not well-formed ends the list.
        while let Ok(Some(header)) = headers.next() {
            if let Some(offset) = header.debug_info_offset() {
                found.push((offset.0, header.debug_abbrev_offset().0));
            }
        }
        let mut starts: Vec<_> = found.iter().map(|(_, abbreviations)| *abbreviations).collect();
        starts.sort_unstable();
        starts.dedup();
        let end_of_all = dwarf.debug_abbrev.reader().len();
        let places = found.into_iter().map(|(offset, start)| {
            let next = starts.partition_point(|other| *other <= start);
            let end = starts.get(next).copied().unwrap_or(end_of_all).min(end_of_all);
            UnitPlace { offset, abbreviations: start..end.min(start + LONGEST_ABBREVIATIONS) }
        });
        Self(places.collect())
    }

    /// Each at its number.
    pub(crate) fn places(&self) -> &[UnitPlace] {
        &self.0
    }

    /// Opens a unit.
    pub(crate) fn in_unit<'a, R>(
        &self,
        dwarf: &Dwarf<'a>,
        number: usize,
        budget: &mut Budget,
        with: impl FnOnce(&Unit<'a, '_>, &mut Budget) -> R,
    ) -> Option<R> {
        let place = self.0.get(number)?;
        budget.take(place.abbreviations.len()).ok()?;
        let abbreviations = abbreviations(dwarf, place).ok()?;
        let unit = Unit::read(dwarf, place, &abbreviations, budget).ok()?;
        Some(with(&unit, budget))
    }

    /// Opens the unit that has an entry.
    pub(crate) fn in_unit_at<'a, R>(
        &self,
        dwarf: &Dwarf<'a>,
        entry: usize,
        budget: &mut Budget,
        with: impl FnOnce(&Unit<'a, '_>, UnitOffset, &mut Budget) -> R,
    ) -> Option<R> {
        let after = self.0.partition_point(|unit| unit.offset <= entry);
        let number = after.checked_sub(1)?;
        let within = UnitOffset(entry - self.0[number].offset);
        self.in_unit(dwarf, number, budget, |unit, budget| with(unit, within, budget))
    }
}

/// Reads a table of abbreviations.
pub(crate) fn abbreviations(dwarf: &Dwarf<'_>, place: &UnitPlace) -> Result<Abbreviations> {
    let all = dwarf.debug_abbrev.reader().slice();
    let table = all.get(place.abbreviations.clone()).ok_or(Error::OffsetOutOfBounds(0))?;
    DebugAbbrev::new(table, LittleEndian).abbreviations(DebugAbbrevOffset(0))
}

/// A unit, with what its root says.
pub(crate) struct Unit<'a, 'abbrev> {
    pub(crate) header: UnitHeader<Reader<'a>>,
    pub(crate) abbreviations: &'abbrev Abbreviations,
    pub(crate) bases: Bases,
    pub(crate) pcs: Pcs<'a>,
    pub(crate) name: Option<AttributeValue<Reader<'a>>>,
    pub(crate) directory: Option<AttributeValue<Reader<'a>>>,
    pub(crate) lines: Option<DebugLineOffset>,
    strings: DebugStrOffsetsBase,
}

impl<'a, 'abbrev> Unit<'a, 'abbrev> {
    pub(crate) fn read(
        dwarf: &Dwarf<'a>,
        place: &UnitPlace,
        abbreviations: &'abbrev Abbreviations,
        budget: &mut Budget,
    ) -> Result<Self> {
        let header = dwarf.debug_info.header_from_offset(gimli::DebugInfoOffset(place.offset))?;
        let encoding = header.encoding();
        let file = DwarfFileType::Main;
        let mut unit = Self {
            header,
            abbreviations,
            bases: Bases {
                encoding,
                low_pc: 0,
                addr: DebugAddrBase(0),
                ranges: DebugRngListsBase::default_for_encoding_and_file(encoding, file),
                locations: DebugLocListsBase::default_for_encoding_and_file(encoding, file),
            },
            pcs: Pcs::default(),
            name: None,
            directory: None,
            lines: None,
            strings: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, file),
        };
        let mut entries = header.entries_raw(abbreviations, None)?;
        let Some(root) = entries.read_abbreviation()? else { return Ok(unit) };
        budget.take(root.attributes().len())?;
        for attribute in root.attributes() {
            let attribute = entries.read_attribute(*attribute)?;
            let (name, value) = (attribute.name(), attribute.value());
            unit.pcs.see(name, value);
            match (name, value) {
                (gimli::DW_AT_name, value) => unit.name = Some(value),
                (gimli::DW_AT_comp_dir, value) => unit.directory = Some(value),
                (gimli::DW_AT_stmt_list, AttributeValue::DebugLineRef(at)) => unit.lines = Some(at),
                (_, AttributeValue::DebugStrOffsetsBase(base)) => unit.strings = base,
                (_, AttributeValue::DebugAddrBase(base)) => unit.bases.addr = base,
                (_, AttributeValue::DebugRngListsBase(base)) => unit.bases.ranges = base,
                (_, AttributeValue::DebugLocListsBase(base)) => unit.bases.locations = base,
                _ => {}
            }
        }
        // It may be an index, of which the base may come after it.
        unit.bases.low_pc = unit.pcs.low(dwarf, &unit.bases).unwrap_or(0);
        Ok(unit)
    }

    /// The text of an attribute. One that may be shared is cut off where it is very long.
    pub(crate) fn string(
        &self,
        dwarf: &Dwarf<'a>,
        value: AttributeValue<Reader<'a>>,
    ) -> Option<Reader<'a>> {
        match value {
            AttributeValue::String(text) => Some(text),
            AttributeValue::DebugStrRef(offset) => {
                shared_text(dwarf.debug_str.reader().slice(), offset.0)
            }
            AttributeValue::DebugLineStrRef(offset) => {
                shared_text(dwarf.debug_line_str.reader().slice(), offset.0)
            }
            AttributeValue::DebugStrOffsetsIndex(index) => {
                // So that it can be multiplied.
                let index = DebugStrOffsetsIndex(u32::try_from(index.0).ok()? as usize);
                let format = self.bases.encoding.format;
                let offsets = &dwarf.debug_str_offsets;
                let offset = offsets.get_str_offset(format, self.strings, index).ok()?;
                shared_text(dwarf.debug_str.reader().slice(), offset.0)
            }
            _ => None,
        }
    }

    /// Whether there is an entry at an offset, as far as can be seen without reading it.
    pub(crate) fn has(&self, offset: UnitOffset) -> bool {
        offset.is_in_bounds(&self.header)
    }
}

/// The text at an offset of a section, which ends before a zero byte.
fn shared_text(section: &[u8], offset: usize) -> Option<Reader<'_>> {
    let rest = section.get(offset..)?;
    let rest = rest.get(..LONGEST_TEXT).unwrap_or(rest);
    let text = match rest.iter().position(|byte| *byte == 0) {
        Some(len) => &rest[..len],
        None if rest.len() == LONGEST_TEXT => rest,
        // It has no end.
        None => return None,
    };
    Some(Reader::new(text, LittleEndian))
}

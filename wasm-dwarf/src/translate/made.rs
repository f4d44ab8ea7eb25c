//! The sections that are made: entries with their abbreviations, lists of ranges and of places.
//!
//! They are written as they are found, and nothing is kept of them but their bytes: debugging
//! information may be larger than the module that it is about.

use std::collections::HashMap;
use std::ops::Range;

use super::bytes;

/// The version of what is made: the lists of later ones save space, and debuggers read both.
pub(super) const VERSION: u16 = 4;

pub(super) const ADDRESS_SIZE: u8 = 8;

/// Sections, in the byte order of this machine.
#[derive(Default)]
pub(super) struct Made {
    pub(super) info: Vec<u8>,
    pub(super) lines: Vec<u8>,
    abbreviations: Vec<u8>,
    /// The code of each abbreviation.
    known: HashMap<Vec<u8>, u64>,
    ranges: Vec<u8>,
    places: Vec<u8>,
    unit: usize,
}

/// An entry that is being made.
pub(super) struct Entry {
    abbreviation: Vec<u8>,
    contents: Vec<u8>,
    /// Where references to other entries are in the contents.
    references: Vec<(usize, Reference)>,
}

/// A reference to another entry.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    /// Which of those that are copied.
    pub(super) entry: usize,
    /// Whether it is in the same unit.
    pub(super) within: bool,
    /// Whether a pointer of the process is wanted in place of one of the module.
    pub(super) native: bool,
}

impl Entry {
    pub(super) fn new(tag: gimli::DwTag, has_children: bool) -> Self {
        let mut abbreviation = Vec::new();
        bytes::unsigned(&mut abbreviation, tag.0.into());
        abbreviation.push(has_children.into());
        Self { abbreviation, contents: Vec::new(), references: Vec::new() }
    }

    /// Adds an attribute. What is returned is where its value goes.
    pub(super) fn set(&mut self, name: gimli::DwAt, form: gimli::DwForm) -> &mut Vec<u8> {
        bytes::unsigned(&mut self.abbreviation, name.0.into());
        bytes::unsigned(&mut self.abbreviation, form.0.into());
        &mut self.contents
    }

    pub(super) fn flag(&mut self, name: gimli::DwAt) {
        self.set(name, gimli::DW_FORM_flag_present);
    }

    pub(super) fn unsigned(&mut self, name: gimli::DwAt, value: u64) {
        bytes::unsigned(self.set(name, gimli::DW_FORM_udata), value);
    }

    pub(super) fn address(&mut self, name: gimli::DwAt, value: u64) {
        self.set(name, gimli::DW_FORM_addr).extend(value.to_ne_bytes());
    }

    /// Adds a place in another section.
    pub(super) fn offset(&mut self, name: gimli::DwAt, value: u32) {
        self.set(name, gimli::DW_FORM_sec_offset).extend(value.to_ne_bytes());
    }

    /// Adds a text, which ends before the first zero byte.
    pub(super) fn text(&mut self, name: gimli::DwAt, text: &[u8]) {
        let contents = self.set(name, gimli::DW_FORM_string);
        contents.extend(text.iter().take_while(|byte| **byte != 0));
        contents.push(0);
    }

    pub(super) fn expression(&mut self, name: gimli::DwAt, expression: &[u8]) {
        let contents = self.set(name, gimli::DW_FORM_exprloc);
        bytes::unsigned(contents, expression.len() as u64);
        contents.extend_from_slice(expression);
    }

    pub(super) fn reference(&mut self, name: gimli::DwAt, to: Reference) {
        let form = if to.within { gimli::DW_FORM_ref4 } else { gimli::DW_FORM_ref_addr };
        self.references.push((self.contents.len(), to));
        self.set(name, form).extend([0; 4]);
    }
}

impl Made {
    pub(super) fn begin_unit(&mut self) {
        self.unit = self.info.len();
        // The length is known at the end.
        self.info.extend([0; 4]);
        self.info.extend(VERSION.to_ne_bytes());
        self.info.extend([0; 4]);
        self.info.push(ADDRESS_SIZE);
    }

    pub(super) fn end_unit(&mut self) {
        let len = (self.info.len() - self.unit - 4) as u32;
        self.info[self.unit..][..4].copy_from_slice(&len.to_ne_bytes());
    }

    /// Adds an entry. Says where it is, and where in the section references of it are to be
    /// written.
    pub(super) fn add(
        &mut self,
        entry: Entry,
    ) -> (usize, impl Iterator<Item = (usize, usize, Reference)> + use<>) {
        let Entry { mut abbreviation, contents, references } = entry;
        abbreviation.extend([0; 2]);
        let next = self.known.len() as u64 + 1;
        let code = match self.known.get(&abbreviation) {
            Some(code) => *code,
            None => {
                bytes::unsigned(&mut self.abbreviations, next);
                self.abbreviations.extend_from_slice(&abbreviation);
                self.known.insert(abbreviation, next);
                next
            }
        };
        let (start, unit) = (self.info.len(), self.unit);
        bytes::unsigned(&mut self.info, code);
        let contents_start = self.info.len();
        self.info.extend(contents);
        let references = references.into_iter();
        (start, references.map(move |(at, to)| (contents_start + at, unit, to)))
    }

    /// Gives an entry a type of the same unit that was added.
    pub(super) fn set_type(&self, entry: &mut Entry, ty: usize) {
        let within = (ty - self.unit) as u32;
        entry.set(gimli::DW_AT_type, gimli::DW_FORM_ref4).extend(within.to_ne_bytes());
    }

    /// Ends the entries that are in another one.
    pub(super) fn end_children(&mut self) {
        self.info.push(0);
    }

    /// Says which addresses an entry is about.
    pub(super) fn set_code(&mut self, entry: &mut Entry, code: &[Range<u64>]) {
        if let [code] = code {
            entry.address(gimli::DW_AT_low_pc, code.start);
            entry.unsigned(gimli::DW_AT_high_pc, code.end - code.start);
        } else {
            let list = self.add_ranges(code);
            entry.offset(gimli::DW_AT_ranges, list);
        }
    }

    /// Adds a list of addresses.
    pub(super) fn add_ranges(&mut self, ranges: &[Range<u64>]) -> u32 {
        let start = self.ranges.len() as u32;
        for range in ranges {
            self.ranges.extend(range.start.to_ne_bytes());
            self.ranges.extend(range.end.to_ne_bytes());
        }
        self.ranges.extend([0; 16]);
        start
    }

    /// Adds a list of places with the addresses at which they are valid, relative to a unit that
    /// starts at 0. An expression that is too long for the format is left out.
    pub(super) fn add_places(&mut self, places: &[(Range<u64>, Vec<u8>)]) -> u32 {
        let start = self.places.len() as u32;
        for (range, expression) in places {
            let Ok(len) = u16::try_from(expression.len()) else { continue };
            self.places.extend(range.start.to_ne_bytes());
            self.places.extend(range.end.to_ne_bytes());
            self.places.extend(len.to_ne_bytes());
            self.places.extend_from_slice(expression);
        }
        self.places.extend([0; 16]);
        start
    }

    /// The sections by their names; `None` if one is too large for the format.
    pub(super) fn finish(mut self) -> Option<Vec<(&'static str, Vec<u8>)>> {
        self.abbreviations.push(0);
        let mut sections = vec![
            (".debug_abbrev", self.abbreviations),
            (".debug_info", self.info),
            (".debug_line", self.lines),
            (".debug_loc", self.places),
            (".debug_ranges", self.ranges),
        ];
        sections.retain(|(_, bytes)| !bytes.is_empty());
        sections.iter().all(|(_, bytes)| u32::try_from(bytes.len()).is_ok()).then_some(sections)
    }
}

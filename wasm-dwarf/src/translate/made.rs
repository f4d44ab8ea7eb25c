//! The sections that are made: entries with their abbreviations, lists of ranges and of places.
//!
//! They are written as they are found, and little is kept of them but their bytes (the
//! abbreviations, where each entry is, and what refers to which): debugging information may be
//! larger than the module that it is about.

use std::collections::HashMap;
use std::ops::Range;

use super::bytes;
use crate::budget::Budget;

/// The version of what is made: the lists of later ones save space, and debuggers read both.
pub(super) const VERSION: u16 = 4;

pub(super) const ADDRESS_SIZE: u8 = 8;

/// How many times as long as what is read entries and lists may be at most. Compilers write nothing
/// that becomes more than a few times as long.
const MOST_GROWTH: u64 = 256;

/// Sections, in the byte order of this machine.
pub(super) struct Made {
    pub(super) info: Vec<u8>,
    pub(super) lines: Vec<u8>,
    abbreviations: Vec<u8>,
    /// The code of each abbreviation.
    known: HashMap<Vec<u8>, u64>,
    ranges: Vec<u8>,
    places: Vec<u8>,
    unit: usize,
    /// What may still be written of texts and places, which a few bytes of the module can refer to
    /// again and again.
    pub(super) room: Budget,
    /// How many bytes entries and lists may have.
    most: u64,
    /// Where the list of places is that the memory's base has.
    pub(super) memory: Option<u32>,
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

    pub(super) fn reference(&mut self, name: gimli::DwAt, to: Reference) {
        let form = if to.within { gimli::DW_FORM_ref4 } else { gimli::DW_FORM_ref_addr };
        self.references.push((self.contents.len(), to));
        self.set(name, form).extend([0; 4]);
    }
}

impl Made {
    /// `read` is how many bytes the sections have that are read, with those of texts.
    pub(super) fn new(read: u64) -> Self {
        Self {
            info: Vec::new(),
            lines: Vec::new(),
            abbreviations: Vec::new(),
            known: HashMap::new(),
            ranges: Vec::new(),
            places: Vec::new(),
            unit: 0,
            room: Budget::of_bytes(read.saturating_mul(2)),
            most: read.saturating_mul(MOST_GROWTH).saturating_add(1 << 20).min(u32::MAX.into()),
            memory: None,
        }
    }

    /// Whether entries and lists are longer than they should be. Nothing more is to be added then.
    pub(super) fn is_too_large(&self) -> bool {
        let all = [&self.info, &self.abbreviations, &self.ranges, &self.places];
        all.iter().map(|section| section.len() as u64).sum::<u64>() > self.most
    }

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
    /// starts at 0. Expressions are not longer than the format has room for. `None` if there is no
    /// place, or no room.
    pub(super) fn add_places(&mut self, places: &[(Vec<Range<u64>>, Vec<u8>)]) -> Option<u32> {
        let start = self.places.len();
        for (ranges, expression) in places {
            let len = u16::try_from(expression.len()).ok()?;
            let entry = usize::from(len) + 2 * usize::from(ADDRESS_SIZE) + size_of_val(&len);
            if self.room.take(ranges.len().saturating_mul(entry)).is_err() {
                self.places.truncate(start);
                return None;
            }
            for range in ranges {
                self.places.extend(range.start.to_ne_bytes());
                self.places.extend(range.end.to_ne_bytes());
                self.places.extend(len.to_ne_bytes());
                self.places.extend_from_slice(expression);
            }
        }
        if self.places.len() == start {
            return None;
        }
        self.places.extend([0; 16]);
        Some(start as u32)
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

//! The ELF file: where everything goes, and the headers that say so.

use alloc::vec::Vec;

use zerocopy::IntoBytes;
use zerocopy::little_endian::U64;

use super::Encoded;
use super::checksums::write_checksums;
use super::symbols::Symbol;
use crate::checksums;
use crate::elf::{self, ElfBytes, Target};
use crate::format::{
    DirectoryEntry, HEADER_OFFSET, Header, NOTE_NAME, NOTE_OFFSET, NOTE_TYPE, PROGRAM_HEADERS, Part,
};

/// What an artifact is put together from.
pub(super) struct Parts<'a> {
    pub(super) target: Target,
    pub(super) page_size: u32,
    pub(super) header: Header,
    /// The encoded tables, in any order.
    pub(super) tables: Vec<(Part, Encoded)>,
    pub(super) text: &'a dyn Content,
    pub(super) images: &'a dyn Content,
    pub(super) symbols: Vec<Symbol>,
}

/// What is large, and is copied straight to its place in the file.
pub(super) trait Content {
    /// How many bytes it has.
    fn len(&self) -> u64;

    /// Appends them.
    fn write(&self, out: &mut Vec<u8>);
}

impl Content for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

/// Where a table goes.
#[derive(Clone, Copy)]
struct Extent {
    table: Part,
    offset: u64,
    len: u64,
}

impl Extent {
    fn end(&self) -> u64 {
        self.offset + self.len
    }
}

/// The alignment of tables that need no page of their own.
const TABLE_ALIGN: u64 = 8;

pub(super) fn lay_out(parts: Parts<'_>) -> Vec<u8> {
    let Parts { target, mut header, mut tables, text, images, symbols, .. } = parts;
    let page_size = u64::from(parts.page_size);
    tables.sort_by_key(|(table, _)| *table);
    let len_of = |table: Part| -> u64 {
        match table {
            // One symbol more: the first one is empty.
            Part::Symbols if symbols.is_empty() => 0,
            Part::Symbols => ((symbols.len() + 1) * elf::SYMBOL_SIZE) as u64,
            Part::Text => text.len(),
            Part::Images => images.len(),
            _ => {
                let found = tables.binary_search_by_key(&table, |(table, _)| *table);
                found.map_or(0, |found| tables[found].1.bytes().len() as u64)
            }
        }
    };
    let mut present: Vec<_> = Part::ALL
        .iter()
        .map(|table| (*table, len_of(*table)))
        .filter(|(_, len)| *len > 0)
        .collect();

    let summed_len = present
        .iter()
        .filter(|(table, _)| table.summed())
        .fold(0, |end: u64, (_, len)| end.next_multiple_of(TABLE_ALIGN) + len);
    let sums_len = (checksums::blocks(summed_len as usize) * size_of::<U64>()) as u64;
    if sums_len > 0 {
        present.insert(0, (Part::Checksums, sums_len));
    }

    let directory_size = present.len() * size_of::<DirectoryEntry>();
    // Section names and headers come before what is mapped by itself.
    let (sections_count, names_len) = sections_size(&present);
    let names_len = names_len as u64;
    let sections_len = (sections_count * elf::SECTION_HEADER_SIZE) as u64;
    let mut end = (HEADER_OFFSET + size_of::<Header>() + directory_size) as u64;
    let mut take = |len: u64, align: u64| {
        let offset = end.next_multiple_of(align);
        end = offset + len;
        offset
    };
    let tables_end = present.iter().position(|(table, _)| table.page_aligned());
    let (in_tables, in_pages) = present.split_at(tables_end.unwrap_or(present.len()));
    let mut places = Vec::with_capacity(present.len());
    for &(table, len) in in_tables {
        places.push(Extent { table, offset: take(len, TABLE_ALIGN), len });
    }
    let names_offset = take(names_len, 1);
    let sections_offset = take(sections_len, TABLE_ALIGN);
    for &(table, len) in in_pages {
        places.push(Extent { table, offset: take(len, page_size), len });
    }
    let file_size = end;
    let text_place = places.iter().find(|place| place.table == Part::Text).copied();

    let mut section_names = SectionNames::default();
    let sections = sections(&places, page_size, &mut section_names);
    debug_assert_eq!((sections.len() * elf::SECTION_HEADER_SIZE) as u64, sections_len);
    debug_assert_eq!(section_names.bytes.len() as u64, names_len);

    let mut out = Vec::with_capacity(file_size as usize);
    let mut elf = ElfBytes { out: &mut out, big_endian: target.big_endian };
    file_header(&mut elf, target, sections_offset, sections.len() as u16);
    program_headers(&mut elf, &places, page_size);
    let description_size = (size_of::<Header>() + directory_size) as u32;
    elf.u32(NOTE_NAME.len() as u32).u32(description_size).u32(NOTE_TYPE).bytes(NOTE_NAME);
    header.file_size = file_size.into();
    header.directory_len = (places.len() as u32).into();
    let summed = places.iter().find(|place| place.table.summed());
    header.summed_offset = summed.map_or(0, |first| first.offset).into();
    header.summed_len = summed_len.into();
    let directory: Vec<_> = places
        .iter()
        .map(|place| DirectoryEntry {
            id: (place.table as u32).into(),
            reserved: 0.into(),
            offset: place.offset.into(),
            len: place.len.into(),
        })
        .collect();
    elf.bytes(header.as_bytes()).bytes(directory.as_bytes());
    for (number, place) in places.iter().enumerate() {
        if number == in_tables.len() {
            write_sections(&mut elf, &sections, &section_names, names_offset);
        }
        pad(elf.out, place.offset);
        match place.table {
            Part::Symbols => {
                let number = sections.iter().position(|section| section.table == Some(Part::Text));
                let start = text_place.map_or(0, |text| text.offset);
                write_symbols(&mut elf, &symbols, start, number.unwrap_or_default() as u16);
            }
            Part::Text => text.write(elf.out),
            Part::Images => images.write(elf.out),
            // They are known only when everything else is there.
            Part::Checksums => elf.out.resize((place.offset + place.len) as usize, 0),
            _ => {
                let found = tables.binary_search_by_key(&place.table, |(table, _)| *table);
                elf.out.extend_from_slice(found.map_or(&[], |found| tables[found].1.bytes()));
            }
        }
    }
    if in_pages.is_empty() {
        write_sections(&mut elf, &sections, &section_names, names_offset);
    }
    write_checksums(&mut out, header, &directory);
    out
}

/// Writes the names of sections, and the section headers.
fn write_sections(
    elf: &mut ElfBytes<'_>,
    sections: &[Section],
    names: &SectionNames,
    names_offset: u64,
) {
    elf.bytes(&names.bytes);
    pad(elf.out, (elf.out.len() as u64).next_multiple_of(TABLE_ALIGN));
    for section in sections {
        section.write(elf, names_offset, names.bytes.len() as u64);
    }
}

fn pad(out: &mut Vec<u8>, offset: u64) {
    out.resize(offset as usize, 0);
}

fn file_header(elf: &mut ElfBytes<'_>, target: Target, sections_offset: u64, sections: u16) {
    let order = if target.big_endian { 2 } else { 1 };
    // 64-bit, the byte order, version 1, no particular operating system's ABI.
    elf.bytes(&elf::MAGIC).bytes(&[2, order, 1, 0, 0]).bytes(&elf::PADDING);
    elf.u16(elf::ET_DYN).u16(target.machine).u32(1);
    // No entry point; program headers follow at once.
    elf.u64(0).u64(elf::FILE_HEADER_SIZE as u64).u64(sections_offset).u32(target.flags);
    elf.u16(elf::FILE_HEADER_SIZE as u16);
    elf.u16(elf::PROGRAM_HEADER_SIZE as u16).u16(PROGRAM_HEADERS as u16);
    // The section names are the last section.
    elf.u16(elf::SECTION_HEADER_SIZE as u16).u16(sections).u16(sections - 1);
}

/// A fixed number of them, with empty ones in place of those that are not needed. Addresses are
/// offsets in the file.
fn program_headers(elf: &mut ElfBytes<'_>, places: &[Extent], page_size: u64) {
    let data_end = places
        .iter()
        .take_while(|place| !place.table.page_aligned())
        .last()
        .map_or(HEADER_OFFSET as u64 + size_of::<Header>() as u64, Extent::end);
    let mut segment = |kind: u32, flags: u32, range: Option<(u64, u64)>, align: u64| {
        let (offset, len) = range.unwrap_or_default();
        let kind = if range.is_some() { kind } else { 0 };
        elf.u32(kind).u32(flags).u64(offset).u64(offset).u64(offset).u64(len).u64(len).u64(align);
    };
    let range_of = |table: Part| {
        let place = places.iter().find(|place| place.table == table)?;
        Some((place.offset, place.len))
    };
    segment(elf::PT_LOAD, elf::PF_R, Some((0, data_end)), page_size);
    segment(elf::PT_LOAD, elf::PF_R, range_of(Part::Images), page_size);
    segment(elf::PT_LOAD, elf::PF_R | elf::PF_X, range_of(Part::Text), page_size);
    segment(elf::PT_NOTE, elf::PF_R, Some((NOTE_OFFSET as u64, note_size(places))), 4);
    segment(elf::PT_GNU_STACK, elf::PF_R | elf::PF_W, Some((0, 0)), 16);
}

fn note_size(places: &[Extent]) -> u64 {
    let header = HEADER_OFFSET - NOTE_OFFSET + size_of::<Header>();
    (header + places.len() * size_of::<DirectoryEntry>()) as u64
}

/// The first symbol of an ELF file is empty; all others here are local.
fn write_symbols(elf: &mut ElfBytes<'_>, symbols: &[Symbol], text: u64, text_section: u16) {
    elf.bytes(&[0; elf::SYMBOL_SIZE]);
    for symbol in symbols {
        elf.u32(symbol.name).bytes(&[symbol.info, 0]).u16(text_section);
        elf.u64(text + u64::from(symbol.offset)).u64(u64::from(symbol.len));
    }
}

/// A section header.
struct Section {
    name: u32,
    /// The table that it describes, or the first of them; `None` for the empty first one, the note
    /// and the names.
    table: Option<Part>,
    kind: u32,
    flags: u64,
    offset: u64,
    len: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
}

impl Section {
    fn write(&self, elf: &mut ElfBytes<'_>, names_offset: u64, names_len: u64) {
        // The place of the section names is known only after all sections have their names.
        let is_names = self.kind == elf::SHT_STRTAB && self.table.is_none();
        let (offset, len) =
            if is_names { (names_offset, names_len) } else { (self.offset, self.len) };
        let address = if self.flags & elf::SHF_ALLOC != 0 { offset } else { 0 };
        elf.u32(self.name).u32(self.kind).u64(self.flags).u64(address).u64(offset).u64(len);
        elf.u32(self.link).u32(self.info).u64(self.align).u64(self.entry_size);
    }
}

#[derive(Default)]
struct SectionNames {
    bytes: Vec<u8>,
}

impl SectionNames {
    fn add(&mut self, name: &str) -> u32 {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        start
    }
}

/// The names of the sections that stand for no table.
const EMPTY_SECTION: &str = "";
const NOTE_SECTION: &str = ".note.wasm-rt";
const NAMES_SECTION: &str = ".shstrtab";

/// The name of the section that a table is in. Those that no other program could make sense of are
/// in one: section headers for each would be a thirtieth of a small artifact.
fn section_name(table: Part) -> &'static str {
    match table {
        Part::Symbols | Part::SymbolStrings | Part::Images | Part::Text => table.section_name(),
        _ => ".wasm.tables",
    }
}

/// How many sections there will be, and how many bytes their names take.
fn sections_size(present: &[(Part, u64)]) -> (usize, usize) {
    let mut names: Vec<_> = present.iter().map(|(table, _)| section_name(*table)).collect();
    names.dedup();
    names.extend([EMPTY_SECTION, NOTE_SECTION, NAMES_SECTION]);
    (names.len(), names.iter().map(|name| name.len() + 1).sum())
}

fn sections(places: &[Extent], page_size: u64, names: &mut SectionNames) -> Vec<Section> {
    let empty = Section {
        name: names.add(EMPTY_SECTION),
        table: None,
        kind: 0,
        flags: 0,
        offset: 0,
        len: 0,
        link: 0,
        info: 0,
        align: 0,
        entry_size: 0,
    };
    let note = Section {
        name: names.add(NOTE_SECTION),
        kind: elf::SHT_NOTE,
        flags: elf::SHF_ALLOC,
        offset: NOTE_OFFSET as u64,
        len: note_size(places),
        align: 4,
        ..empty
    };
    let mut sections = alloc::vec![empty, note];
    let mut last_name = NOTE_SECTION;
    for place in places {
        let table = place.table;
        let name = section_name(table);
        if let Some(last) = sections.last_mut().filter(|_| name == last_name) {
            last.len = place.end() - last.offset;
            continue;
        }
        last_name = name;
        let (kind, flags) = match table {
            Part::Symbols => (elf::SHT_SYMTAB, 0),
            Part::SymbolStrings => (elf::SHT_STRTAB, 0),
            Part::Text => (elf::SHT_PROGBITS, elf::SHF_ALLOC | elf::SHF_EXECINSTR),
            _ => (elf::SHT_PROGBITS, elf::SHF_ALLOC),
        };
        let is_symbols = table == Part::Symbols;
        sections.push(Section {
            name: names.add(name),
            table: Some(table),
            kind,
            flags,
            offset: place.offset,
            len: place.len,
            // Symbols refer to the section of their strings, which comes right after them.
            link: if is_symbols { sections.len() as u32 + 1 } else { 0 },
            // For symbols: the number of local ones, which all are.
            info: if is_symbols { (place.len / elf::SYMBOL_SIZE as u64) as u32 } else { 0 },
            align: if table.page_aligned() { page_size } else { TABLE_ALIGN },
            entry_size: if is_symbols { elf::SYMBOL_SIZE as u64 } else { 0 },
        });
    }
    sections.push(Section {
        name: names.add(NAMES_SECTION),
        table: None,
        kind: elf::SHT_STRTAB,
        flags: 0,
        offset: 0,
        len: 0,
        link: 0,
        info: 0,
        align: 1,
        entry_size: 0,
    });
    sections
}

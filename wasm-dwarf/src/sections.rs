//! The sections that debugging information is in.

use gimli::{EndianSlice, LittleEndian, Section as _};

/// Gives the contents of a section of the module by its name, such as `.debug_info`; an empty slice
/// if there is none.
pub type Section<'get, 'a> = &'get dyn Fn(&str) -> &'a [u8];

pub(crate) type Reader<'a> = EndianSlice<'a, LittleEndian>;
pub(crate) type Dwarf<'a> = gimli::Dwarf<Reader<'a>>;

/// The sections as the library wants them.
pub(crate) fn dwarf<'a>(section: Section<'_, 'a>) -> Dwarf<'a> {
    let loaded = gimli::Dwarf::load(|id| {
        Ok::<_, std::convert::Infallible>(EndianSlice::new(section(id.name()), LittleEndian))
    });
    match loaded {
        Ok(dwarf) => dwarf,
        Err(never) => match never {},
    }
}

/// How many bytes the sections have.
pub(crate) fn size(dwarf: &Dwarf<'_>) -> u64 {
    [
        dwarf.debug_abbrev.reader(),
        dwarf.debug_addr.reader(),
        dwarf.debug_info.reader(),
        dwarf.debug_line.reader(),
        dwarf.ranges.debug_ranges().reader(),
        dwarf.ranges.debug_rnglists().reader(),
    ]
    .iter()
    .map(|reader| reader.len() as u64)
    .sum()
}

/// How many bytes the sections have, with lists of places.
#[cfg(feature = "translate")]
pub(crate) fn size_with_places(section: Section<'_, '_>, dwarf: &Dwarf<'_>) -> u64 {
    let places = [".debug_loc", ".debug_loclists"].map(|name| section(name).len() as u64);
    size(dwarf).saturating_add(places[0]).saturating_add(places[1])
}

/// How many bytes all sections have that are read, with those of texts.
#[cfg(feature = "translate")]
pub(crate) fn size_with_texts(section: Section<'_, '_>, dwarf: &Dwarf<'_>) -> u64 {
    let texts = [".debug_str", ".debug_line_str", ".debug_str_offsets"];
    let texts = texts.iter().map(|name| section(name).len() as u64);
    texts.fold(size_with_places(section, dwarf), u64::saturating_add)
}

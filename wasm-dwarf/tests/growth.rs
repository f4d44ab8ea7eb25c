//! What is made of debugging information is no more than a few times as large as that, whatever it
//! refers to again and again, and right where it is not well-formed.
#![cfg(feature = "translate")]

mod support;

/// The section with units, by their entries.
fn units(units: &[Vec<u8>]) -> Vec<u8> {
    let mut info = Vec::new();
    for entries in units {
        info.extend((7 + entries.len() as u32).to_le_bytes());
        info.extend([4, 0, 0, 0, 0, 0, 4]);
        info.extend(entries);
    }
    info
}

/// The section with a table of lines of version 5: its files are offsets into the section of texts.
fn lines(files: &[u32], rows: &[u8]) -> Vec<u8> {
    let mut rest = vec![1, 1, 1, 0xfb, 14, 13]; // The steps of special opcodes.
    rest.extend([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]); // The operands of the others.
    rest.extend([1, 1, 0x1f, 1, 0, 0, 0, 0]); // A directory, by its offset.
    rest.extend([1, 1, 0x1f]);
    assert!((128..1 << 14).contains(&files.len()));
    rest.extend([files.len() as u8 | 0x80, (files.len() >> 7) as u8]);
    files.iter().for_each(|file| rest.extend(file.to_le_bytes()));
    let mut table = Vec::from(((8 + rest.len() + rows.len()) as u32).to_le_bytes());
    table.extend([5, 0, 4, 0]);
    table.extend((rest.len() as u32).to_le_bytes());
    table.extend(rest);
    table.extend(rows);
    table
}

fn number(into: &mut Vec<u8>, mut value: usize) {
    while value > 0x7f {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

/// Rows of a table that starts at an address, one for each file.
fn a_row_for_each(files: usize, start: u32) -> Vec<u8> {
    let mut rows = vec![0, 5, 2];
    rows.extend(start.to_le_bytes());
    for file in 0..files {
        rows.push(4);
        number(&mut rows, file);
        rows.extend([1, 2, 1]); // A row, and one address on.
    }
    rows.extend([0, 1, 1]);
    rows
}

/// Translates for code of which each byte is an instruction that comes from such a place.
fn translate_places(
    sections: &[(&str, Vec<u8>)],
    places: impl Iterator<Item = u64>,
) -> Vec<(&'static str, Vec<u8>)> {
    let sections: support::Sections =
        sections.iter().map(|(name, bytes)| ((*name).into(), bytes.clone())).collect();
    let section = |name: &str| support::section(&sections, name);
    let places: Vec<_> = (0..).zip(places.map(Some)).collect();
    let len = places.len() as u64;
    let frame = Some(wasm_dwarf::KeptFrame { register: 6, memory_below: 64, locals: Vec::new() });
    let code = wasm_dwarf::Code { address: 0x7000_0000_0000, len, name: "f", places, frame };
    wasm_dwarf::named_locals(&section);
    wasm_dwarf::translate(&section, &[code])
}

/// How many bytes are read, and how many are made of them.
fn sizes(sections: &[(&str, Vec<u8>)], places: impl Iterator<Item = u64>) -> (usize, usize) {
    let read = sections.iter().map(|(_, bytes)| bytes.len()).sum();
    let made = translate_places(sections, places);
    (read, made.iter().map(|(_, bytes)| bytes.len()).sum())
}

/// A unit with lines, and a function at 0x10 with whatever is in it.
fn with_function(
    abbreviation: &[u8],
    entries: &[u8],
    more: &[(&'static str, Vec<u8>)],
) -> Vec<(&'static str, Vec<u8>)> {
    let mut abbreviations = vec![1, 0x11, 1, 0x10, 0x17, 0, 0]; // A unit with lines.
    abbreviations.extend([2, 0x2e, 1, 0x11, 1, 0x12, 6, 0, 0]); // A function.
    abbreviations.extend([3]);
    abbreviations.extend(abbreviation);
    abbreviations.extend([0, 0, 0]);
    let mut info = vec![1, 0, 0, 0, 0, 2, 0x10, 0, 0, 0];
    info.extend(0x4000_u32.to_le_bytes());
    info.extend(entries);
    info.extend([0, 0]);
    let mut sections = vec![
        (".debug_abbrev", abbreviations),
        (".debug_info", units(&[info])),
        (".debug_line", lines(&[0; 128], &a_row_for_each(1, 0x10))),
        (".debug_line_str", b"/a\0".to_vec()),
    ];
    sections.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    sections.extend(more.iter().cloned());
    sections
}

/// One expression, for many pieces of code.
#[test]
fn an_expression_is_not_written_again_and_again() {
    let mut list = Vec::new();
    list.extend(0x11_u32.to_le_bytes());
    list.extend(0x12_u32.to_le_bytes());
    list.extend(60_000_u16.to_le_bytes());
    list.extend([0x9e, 0xdc, 0xd4, 3]); // A value of so many bytes.
    list.extend(vec![7; 60_000 - 4]);
    list.extend([0; 8]);
    let variable = [0x34, 0, 2, 0x17, 0, 0];
    let sections = with_function(&variable, &[3, 0, 0, 0, 0], &[(".debug_loc", list)]);
    let places = |count: u64| (0..count).map(|at| 0x10 + at % 2);
    let (_, one) = sizes(&sections, places(2));
    assert!(one > 60_000, "it is written once: {one}");
    let (read, made) = sizes(&sections, places(4000));
    assert!(made < 32 * read, "{made} of {read}");
}

/// One text, for many entries that have little else.
#[test]
fn a_text_is_not_written_again_and_again() {
    let entries: Vec<u8> = (0..10_000).flat_map(|_| [3, 0]).collect();
    let mut text = vec![b'a'; 4000];
    text.push(0);
    let texts = [(".debug_str", text), (".debug_str_offsets", vec![0; 16])];
    // The name of a type, by its number.
    let sections = with_function(&[0x24, 0, 3, 0x25, 0, 0], &entries, &texts);
    let (read, made) = sizes(&sections, 0x10..0x50);
    assert!(made > 4000, "it is written once: {made}");
    assert!(made < 32 * read, "{made} of {read}");
}

/// Many files whose paths are in one text.
#[test]
fn a_path_is_not_written_again_and_again() {
    const COUNT: usize = 3000;
    let mut text = b"/".repeat(4000);
    text.push(0);
    let files: Vec<u32> = (0..COUNT as u32).collect();
    let table = lines(&files, &a_row_for_each(COUNT, 0x10));
    let more = [(".debug_line", table), (".debug_line_str", text)];
    let sections = with_function(&[0x24, 0, 0, 0], &[], &more);
    let (read, made) = sizes(&sections, 0x10..0x10 + COUNT as u64);
    assert!(made > 4000, "some are written: {made}");
    assert!(made < 32 * read, "{made} of {read}");
}

#[test]
fn lines_may_have_any_numbers() {
    let mut rows = vec![0, 5, 2];
    rows.extend(0x10_u32.to_le_bytes());
    rows.extend([1, 2, 1]);
    rows.push(3);
    rows.extend([0xff; 9]);
    rows.extend([0, 1, 2, 1, 0, 1, 1]); // As many lines on as the format has in one step.
    let more = [(".debug_line", lines(&[0; 128], &rows))];
    let sections = with_function(&[0x24, 0, 0, 0], &[], &more);
    let (_, made) = sizes(&sections, 0x10..0x18);
    assert!(made > 0);
}

/// A reference within its unit that leads to another one.
#[test]
fn references_stay_in_their_units() {
    let variable = [0x34, 0, 3, 8, 0x49, 0x13, 0, 0, 4, 0x24, 0, 3, 8, 0, 0];
    // The entry behind the root of the second unit.
    let entries = [3, b'x', 0, 48, 0, 0, 0];
    let sections = with_function(&variable, &entries, &[]);
    let first = &sections.iter().find(|(name, _)| *name == ".debug_info").expect("units").1;
    let second = units(&[vec![1, 0, 0, 0, 0, 4, b't', 0, 0]]);
    // The header has 11 bytes, the root 5.
    let to = (first.len() + 11 + 5) as u8;
    let entries = [3, b'x', 0, to, 0, 0, 0];
    let mut sections = with_function(&variable, &entries, &[]);
    for (name, bytes) in &mut sections {
        if *name == ".debug_info" {
            bytes.extend(&second);
        }
    }
    let made = translate_places(&sections, 0x10..0x18);
    let get = |id: gimli::SectionId| {
        let found = made.iter().find(|(name, _)| *name == id.name());
        let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
        Ok::<_, gimli::Error>(gimli::EndianSlice::new(bytes, gimli::NativeEndian))
    };
    let dwarf = gimli::Dwarf::load(get).expect("sections");
    let (mut units, mut count) = (dwarf.units(), 0);
    while let Some(header) = units.next().expect("units") {
        let unit = dwarf.unit(header).expect("a unit");
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs().expect("entries") {
            count += 1;
            for attribute in entry.attrs() {
                if let gimli::AttributeValue::UnitRef(to) = attribute.value() {
                    assert!(to.is_in_bounds(&unit.header), "{to:?}");
                }
            }
        }
    }
    assert!(count > 4, "{count}");
}

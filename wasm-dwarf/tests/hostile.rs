//! Debugging information that was changed gives other places or none: no panic, and no more work
//! than there are bytes.

use std::cell::Cell;

use proptest::prelude::*;
use wasm_dwarf::Places;

/// A program of the whole project's tests, compiled by clang 14: DWARF 4.
const WASM: &[u8] = include_bytes!("../../tests/debugging/traps.wasm");

/// The sections of the module, by name.
fn sections() -> Vec<(String, Vec<u8>)> {
    fn number(bytes: &mut &[u8]) -> usize {
        let (mut value, mut shift) = (0, 0);
        loop {
            let (byte, rest) = bytes.split_first().expect("a whole module");
            *bytes = rest;
            value |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return value;
            }
        }
    }
    let mut rest = &WASM[8..];
    let mut sections = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let len = number(&mut rest);
        let (mut contents, after) = rest.split_at(len);
        rest = after;
        if *id == 0 {
            let len = number(&mut contents);
            let (name, contents) = contents.split_at(len);
            sections.push((String::from_utf8_lossy(name).into_owned(), contents.to_vec()));
        }
    }
    sections.retain(|(name, _)| name.starts_with(".debug_"));
    sections
}

fn find(sections: &[(String, Vec<u8>)], address: u64) -> Vec<wasm_dwarf::Place> {
    let reads = Cell::new(0);
    let section = |name: &str| {
        reads.set(reads.get() + 1);
        sections.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, bytes)| bytes)
    };
    let places = Places::read(&section);
    let found = places.find(&section, address);
    assert!(reads.get() < 100, "each section is asked for once");
    found
}

#[test]
fn every_address_of_the_code_has_a_place() {
    let sections = sections();
    // The function `load`.
    let found = find(&sections, 0x49);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].name.as_deref(), Some("load"));
    assert_eq!(found[0].file.as_deref(), Some("/src/traps.c"));
    // Before all code, and behind it.
    assert!(find(&sections, 0).is_empty());
    assert!(find(&sections, 1 << 20).is_empty());
    assert!(find(&sections, u64::MAX).is_empty());
}

/// Translates for code in which each byte of the module is an instruction.
#[cfg(feature = "translate")]
fn translate(sections: &[(String, Vec<u8>)]) -> Vec<(&'static str, Vec<u8>)> {
    let section = |name: &str| {
        sections.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, bytes)| bytes)
    };
    let places = (0..0x60).map(|place| (place, (place % 7 != 0).then_some(place)));
    // Out of order, behind the end, and twice the same.
    let places = places.chain([(3, Some(4)), (0x5f, None), (0x1000, Some(9))]).collect();
    let code = wasm_dwarf::Code { address: 0x7000_0000_0000, len: 0x60, name: "a\0b", places };
    wasm_dwarf::translate(&section, &[code])
}

#[cfg(feature = "translate")]
#[test]
fn machine_code_has_lines() {
    let made = translate(&sections());
    let has = |wanted| made.iter().any(|(name, bytes)| *name == wanted && !bytes.is_empty());
    assert!([".debug_abbrev", ".debug_info", ".debug_line"].into_iter().all(has), "{made:?}");
    let line = made.iter().find(|(name, _)| *name == ".debug_line").expect("lines");
    assert!(line.1.windows(12).any(|part| part == b"/src/traps.c"));
    assert!(translate(&[]).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_is_harmless(
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>())),
    ) {
        let mut sections = sections();
        for (section, place, byte) in changes {
            let (_, bytes) = section.get(&sections);
            let (at, len) = (section.index(sections.len()), bytes.len());
            sections[at].1[place.index(len)] = byte;
        }
        if let Some((section, place)) = cut {
            let at = section.index(sections.len());
            let len = place.index(sections[at].1.len());
            sections[at].1.truncate(len);
        }
        for address in (0..0x60).chain([u64::from(u32::MAX), u64::MAX]) {
            find(&sections, address);
        }
        #[cfg(feature = "translate")]
        translate(&sections);
    }
}

/// Many units that all refer to one long list of ranges, and to one long table of abbreviations.
#[test]
fn what_is_shared_is_not_read_again_and_again() {
    const COUNT: usize = 20_000;
    let mut abbreviations = vec![1, 0x11, 0]; // A unit without children.
    abbreviations.extend([0x55, 0x17]); // Its ranges.
    for _ in 0..COUNT {
        abbreviations.extend([0x3f, 0x19]); // What takes no bytes in the unit.
    }
    abbreviations.extend([0, 0, 0]);
    let mut info = Vec::new();
    for _ in 0..COUNT {
        info.extend(12_u32.to_le_bytes());
        info.extend([4, 0]);
        info.extend([0; 4]);
        info.extend([4, 1]);
        info.extend([0; 4]);
    }
    let mut ranges = Vec::new();
    for number in 1..=COUNT as u32 {
        ranges.extend(number.to_le_bytes());
        ranges.extend((number + 1).to_le_bytes());
    }
    ranges.extend([0; 8]);
    let sections = [
        (".debug_abbrev".to_string(), abbreviations),
        (".debug_info".to_string(), info),
        (".debug_ranges".to_string(), ranges),
    ];
    let start = std::time::Instant::now();
    assert!(find(&sections, 7).is_empty());
    // All combinations would take minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

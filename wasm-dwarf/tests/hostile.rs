//! Debugging information that was changed gives other places or none: no panic, and no more work
//! than there are bytes.

mod support;

use std::cell::Cell;

use proptest::prelude::*;
use wasm_dwarf::Places;

/// A program of the whole project's tests, compiled by clang 14: DWARF 4.
const WASM: &[u8] = include_bytes!("../../tests/debugging/traps.wasm");

/// One with variables of many kinds, in lists of places.
#[cfg(feature = "translate")]
const VARIABLES: &[u8] = include_bytes!("../../tests/debugging/variables-optimized.wasm");

/// The sections of the module, by name.
fn sections() -> support::Sections {
    support::sections(WASM)
}

fn find(sections: &support::Sections, address: u64) -> Vec<wasm_dwarf::Place> {
    let reads = Cell::new(0);
    let section = |name: &str| {
        reads.set(reads.get() + 1);
        support::section(sections, name)
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
fn translate(sections: &support::Sections) -> Vec<(&'static str, Vec<u8>)> {
    let section = |name: &str| support::section(sections, name);
    let places = (0..0x100).map(|place| (place, (place % 7 != 0).then_some(place)));
    // Out of order, behind the end, and twice the same.
    let places = places.chain([(3, Some(4)), (0xff, None), (0x1000, Some(9))]).collect();
    let locals = (0..3).map(|local| wasm_dwarf::KeptLocal { local, below: 8 * local, size: 4 });
    let frame = wasm_dwarf::KeptFrame { register: 6, memory_below: 64, locals: locals.collect() };
    let frame = Some(frame);
    let code =
        wasm_dwarf::Code { address: 0x7000_0000_0000, len: 0x100, name: "a\0b", places, frame };
    let again = wasm_dwarf::Code { address: u64::MAX - 3, name: "again", ..code.clone() };
    wasm_dwarf::named_locals(&section);
    wasm_dwarf::translate(&section, &[code, again])
}

#[cfg(feature = "translate")]
#[test]
fn machine_code_has_lines() {
    let made = translate(&sections());
    let has = |wanted| made.iter().any(|(name, bytes)| *name == wanted && !bytes.is_empty());
    assert!([".debug_abbrev", ".debug_info", ".debug_line"].into_iter().all(has), "{made:?}");
    let line = made.iter().find(|(name, _)| *name == ".debug_line").expect("lines");
    assert!(line.1.windows(12).any(|part| part == b"/src/traps.c"));
    assert!(translate(&Vec::new()).is_empty());
}

/// Changes bytes, and cuts off the end of a section.
fn damage(
    sections: &mut support::Sections,
    changes: &[(prop::sample::Index, prop::sample::Index, u8)],
    cut: Option<(prop::sample::Index, prop::sample::Index)>,
) {
    for (section, place, byte) in changes {
        let at = section.index(sections.len());
        let bytes = &mut sections[at].1;
        let place = place.index(bytes.len());
        bytes[place] = *byte;
    }
    if let Some((section, place)) = cut {
        let at = section.index(sections.len());
        let len = place.index(sections[at].1.len());
        sections[at].1.truncate(len);
    }
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
        damage(&mut sections, &changes, cut);
        for address in (0..0x60).chain([u64::from(u32::MAX), u64::MAX]) {
            find(&sections, address);
        }
        #[cfg(feature = "translate")]
        {
            translate(&sections);
            let mut sections = support::sections(VARIABLES);
            damage(&mut sections, &changes, cut);
            translate(&sections);
        }
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
    let sections = vec![
        (".debug_abbrev".to_string(), abbreviations),
        (".debug_info".to_string(), info),
        (".debug_ranges".to_string(), ranges),
    ];
    let start = std::time::Instant::now();
    assert!(find(&sections, 7).is_empty());
    #[cfg(feature = "translate")]
    translate(&sections);
    // All combinations would take minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

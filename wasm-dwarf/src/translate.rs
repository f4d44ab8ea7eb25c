//! Debugging information of machine code that was made of a module, for native debuggers.

mod addresses;
mod bytes;
mod copy;
mod expression;
mod frame;
mod made;
mod plan;
mod pointers;
mod source;
mod values;
mod walk;

use std::collections::HashMap;
use std::ops::Range;

use gimli::write::{DebugLine, EndianVec, LineProgram, LineString, LineStringTable, StringTable};
use gimli::{Encoding, Format, LineEncoding, NativeEndian};

use crate::budget::Budget;
use crate::sections::{self, Section};
use crate::units::Units;
use addresses::{Addresses, merge};
use copy::Root;
pub use frame::{KeptFrame, KeptLocal};
use made::{Entry, Made};
use plan::{Basis, Input, Plan};
use source::{Files, Source};

/// A function of a module as machine code.
#[derive(Clone, Debug)]
pub struct Code<'a> {
    /// Where it is in memory.
    pub address: u64,
    /// How many bytes it has.
    pub len: u64,
    /// Its name, if the module's debugging information has none.
    pub name: &'a str,
    /// What its instructions come from, in order: offsets from the start of the code, and offsets
    /// into the contents of the module's code section. Each is valid up to the next.
    pub places: Vec<(u64, Option<u64>)>,
    /// What it keeps in its frame for debuggers, if anything.
    pub frame: Option<KeptFrame>,
}

/// Makes debugging information of machine code out of that of the module: functions, lines, types
/// and variables. Machine code that is not in the source, or of which nothing is known, has line 0.
///
/// Variables are known in functions that keep [what they are found by](crate::named_locals) in
/// their frames, and variables outside of functions while such a function runs. What the module
/// says in a way that is not understood, or that depends on what the code does not keep, is as if
/// the variable was optimised away; of a type, only the name is known then. Variables that are
/// pointers to data lead to it in the process. All other pointers are as the module has them:
/// offsets into its memory, or numbers of functions.
///
/// The result is the sections of an ELF file by their names, such as `.debug_line`, with addresses
/// as they are, in the byte order of this machine. It is empty if no function has a line.
pub fn translate(section: Section<'_, '_>, code: &[Code<'_>]) -> Vec<(&'static str, Vec<u8>)> {
    let dwarf = sections::dwarf(section);
    let units = Units::read(&dwarf);
    let size = sections::size_with_places(section, &dwarf);
    let with_texts = sections::size_with_texts(section, &dwarf);
    let source = Source::read(&dwarf, &units, &mut Budget::of_bytes(with_texts));

    let mut functions = HashMap::new();
    let mut by_unit: Vec<Vec<usize>> = vec![Vec::new(); units.places().len()];
    let mut others = Vec::new();
    let addresses = code.iter().enumerate().map(|(number, code)| {
        let function = source.function(code);
        // Code that is that of another function, too, is of the one that comes first.
        let function = function.filter(|function| {
            let place = (function.unit, function.entry);
            *functions.entry(place).or_insert(number) == number
        });
        match function {
            Some(function) => by_unit[function.unit].push(number),
            None => others.push(number),
        }
        function.map(|function| Addresses::of(code, source.prologue_end(function)))
    });
    let addresses: Vec<_> = addresses.collect();
    let has_frame = |number: usize| code[number].frame.is_some() && addresses[number].is_some();
    let all = ranges((0..code.len()).map(|number| (&code[number], has_frame(number))));
    let basis = Basis { dwarf: &dwarf, source: &source, code, functions, addresses, all };

    let mut plan = Plan::default();
    let [mut budget, mut lists] = [Budget::of_bytes(size), Budget::of_bytes(size)];
    for (number, place) in units.places().iter().enumerate() {
        let _ = units.in_unit(&dwarf, number, &mut budget, |unit, budget| {
            let input = Input { basis: &basis, number, start: place.offset, unit };
            plan.add(input, (budget, &mut lists));
        });
    }
    let mut made = Made::new(with_texts);
    let [mut budget, mut lists] = [Budget::of_bytes(size), Budget::of_bytes(size)];
    let mut has_lines = false;
    for (number, place) in units.places().iter().enumerate() {
        let own: Vec<&Code<'_>> = by_unit[number].iter().map(|number| &code[*number]).collect();
        let own = || own.iter().copied();
        let mut files = Files::default();
        let lines = add_lines(&source, own(), &mut files, &mut made);
        has_lines |= lines.is_some();
        let _ = units.in_unit(&dwarf, number, &mut budget, |unit, budget| {
            let ranges = ranges(own().map(|code| (code, true)));
            plan.copy(
                Input { basis: &basis, number, start: place.offset, unit },
                (budget, &mut lists),
                &files,
                &mut made,
                &Root {
                    has_code: !ranges.is_empty(),
                    set: &|made, entry| set_root(made, entry, lines, &ranges),
                },
            );
        });
    }
    if made.is_too_large() {
        return Vec::new();
    }
    has_lines |= add_others(&source, others.iter().map(|number| &code[*number]), &mut made);
    plan.resolve(&mut made);
    let sections = if has_lines { made.finish() } else { None };
    // What is too large for the format is as if there were none.
    sections.unwrap_or_default()
}

/// Adds a unit with functions of which only lines are known. Says whether any are.
fn add_others<'c, 'd: 'c>(
    source: &Source,
    code: impl Iterator<Item = &'c Code<'d>> + Clone,
    made: &mut Made,
) -> bool {
    let ranges = ranges(code.clone().map(|code| (code, true)));
    if ranges.is_empty() {
        return false;
    }
    let lines = add_lines(source, code.clone(), &mut Files::default(), made);
    made.begin_unit();
    let mut root = Entry::new(gimli::DW_TAG_compile_unit, true);
    root.text(gimli::DW_AT_name, NAME.as_bytes());
    root.text(gimli::DW_AT_comp_dir, ROOT.as_bytes());
    root.unsigned(gimli::DW_AT_language, gimli::DW_LANG_C99.0.into());
    set_root(made, &mut root, lines, &ranges);
    let _ = made.add(root);
    for code in code {
        let mut entry = Entry::new(gimli::DW_TAG_subprogram, false);
        entry.text(gimli::DW_AT_name, &without_zeros(code.name));
        entry.flag(gimli::DW_AT_external);
        made.set_code(&mut entry, &[range(code)]);
        let _ = made.add(entry);
    }
    made.end_children();
    made.end_unit();
    lines.is_some()
}

/// Says where the lines of a unit are, and its code.
fn set_root(made: &mut Made, root: &mut Entry, lines: Option<u32>, ranges: &[Range<u64>]) {
    if let Some(lines) = lines {
        root.offset(gimli::DW_AT_stmt_list, lines);
    }
    if !ranges.is_empty() {
        // Addresses in lists are relative to this.
        root.address(gimli::DW_AT_low_pc, 0);
        let list = made.add_ranges(ranges);
        root.offset(gimli::DW_AT_ranges, list);
    }
}

/// Adds a table with the lines of some functions. Says where it is, unless it would be empty.
fn add_lines<'c, 'd: 'c>(
    source: &Source,
    code: impl Iterator<Item = &'c Code<'d>>,
    files: &mut Files,
    made: &mut Made,
) -> Option<u32> {
    let format = Format::Dwarf32;
    let encoding = Encoding { address_size: made::ADDRESS_SIZE, format, version: made::VERSION };
    let text = |text: &str| LineString::String(text.into());
    let mut program =
        LineProgram::new(encoding, LineEncoding::default(), text(ROOT), None, text(NAME), None);
    let mut has_lines = false;
    for code in code {
        has_lines |= source.add_lines(&mut program, files, &mut made.room, code);
    }
    if !has_lines {
        return None;
    }
    let mut table = DebugLine::from(EndianVec::new(NativeEndian));
    let (mut line_strings, mut strings) = (LineStringTable::default(), StringTable::default());
    program.write(&mut table, encoding, &mut line_strings, &mut strings).ok()?;
    let start = u32::try_from(made.lines.len()).ok()?;
    made.lines.extend_from_slice(table.slice());
    Some(start)
}

fn range(code: &Code<'_>) -> Range<u64> {
    code.address..code.address.saturating_add(code.len)
}

/// The code of those functions that are wanted, as few ranges as can be. No other one of them is
/// between two that become one range.
fn ranges<'c, 'd: 'c>(code: impl Iterator<Item = (&'c Code<'d>, bool)>) -> Vec<Range<u64>> {
    let code = code.map(|(code, is_wanted)| (range(code), is_wanted));
    let mut ranges: Vec<_> = code.filter(|(code, _)| code.start < code.end).collect();
    ranges.sort_unstable_by_key(|(code, _)| code.start);
    // Functions are aligned: what is between two of them is no code.
    ranges.dedup_by(|(next, is_wanted), (last, was_wanted)| {
        let is_near = next.start <= last.end.saturating_add(LARGEST_GAP);
        let is_one = is_near && is_wanted == was_wanted;
        if is_one {
            last.end = last.end.max(next.end);
        }
        is_one
    });
    let mut ranges: Vec<_> =
        ranges.into_iter().filter_map(|(code, is_wanted)| is_wanted.then_some(code)).collect();
    merge(&mut ranges);
    ranges
}

/// What is between two functions at most that are taken for one range, in bytes.
const LARGEST_GAP: u64 = 64;

/// Paths in the source have their directories.
const ROOT: &str = "/";

/// What the unit is called that is about functions of which only lines are known.
const NAME: &str = "wasm";

fn without_zeros(text: &str) -> Vec<u8> {
    text.bytes().filter(|byte| *byte != 0).collect()
}

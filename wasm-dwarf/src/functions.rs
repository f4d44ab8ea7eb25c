//! The functions of a unit, and what was inlined into them.

use std::ops::Range;

use gimli::{AttributeValue, Result, UnitOffset};

use crate::budget::Budget;
use crate::lines::{Lines, number};
use crate::place::Place;
use crate::ranges::Pcs;
use crate::sections::{Dwarf, Reader};
use crate::units::{Unit, Units};

/// How many functions that were inlined into each other are shown.
const MOST_INLINED: usize = 64;

/// How many entries are followed for a name.
const MOST_HOPS: u32 = 16;

/// The longest name that is shown, in bytes.
const LONGEST_NAME: usize = 4096;

/// The code of a function, and the entry that is about it.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) code: Range<u64>,
    pub(crate) entry: usize,
}

/// The functions of a unit that have code, by their addresses.
pub(crate) fn read(dwarf: &Dwarf<'_>, unit: &Unit<'_, '_>, budget: &mut Budget) -> Vec<Function> {
    let mut functions = Vec::new();
    // What is not well-formed, or too much, ends the list.
    let _ = walk(dwarf, unit, budget, &mut functions);
    functions.sort_by_key(|function: &Function| function.code.start);
    functions
}

fn walk(
    dwarf: &Dwarf<'_>,
    unit: &Unit<'_, '_>,
    budget: &mut Budget,
    functions: &mut Vec<Function>,
) -> Result<()> {
    let mut entries = unit.header.entries_raw(unit.abbreviations, None)?;
    while !entries.is_empty() {
        let entry = entries.next_offset().0;
        let Some(kind) = entries.read_abbreviation()? else { continue };
        budget.take(kind.attributes().len())?;
        if kind.tag() != gimli::DW_TAG_subprogram {
            entries.skip_attributes(kind.attributes())?;
            continue;
        }
        let mut pcs = Pcs::default();
        for attribute in kind.attributes() {
            let attribute = entries.read_attribute(*attribute)?;
            pcs.see(attribute.name(), attribute.value());
        }
        pcs.for_each(dwarf, &unit.bases, budget, |code| functions.push(Function { code, entry }))?;
    }
    Ok(())
}

/// The function that has code at an address.
pub(crate) fn at(functions: &[Function], address: u64) -> Option<&Function> {
    let after = functions.partition_point(|function| function.code.start <= address);
    functions[..after].last().filter(|function| function.code.contains(&address))
}

/// A function, or one that was inlined into the one before it.
struct Level<'a> {
    entry: UnitOffset,
    call_file: Option<AttributeValue<Reader<'a>>>,
    call_line: Option<u64>,
    call_column: Option<u64>,
}

/// What an address in a function comes from, the innermost first.
pub(crate) fn resolve<'a>(
    units: &Units,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    function: Option<&Function>,
    address: u64,
    budget: &mut Budget,
) -> Vec<Place> {
    let mut levels = Vec::new();
    if let Some(function) = function {
        // What is not well-formed, or too much, is left out.
        let _ = descend(dwarf, unit, UnitOffset(function.entry), address, budget, &mut levels);
    }
    let lines = Lines::of(dwarf, unit);
    let mut next = lines.as_ref().and_then(|lines| lines.find(address)).unwrap_or_default();
    let mut found = Vec::new();
    for level in levels.iter().rev() {
        let name = name(units, dwarf, unit, level.entry, MOST_HOPS, budget);
        found.push(Place { name, file: next.file, line: next.line, column: next.column });
        let file = match level.call_file {
            Some(AttributeValue::FileIndex(index)) => Some(index),
            Some(value) => value.udata_value(),
            None => None,
        };
        next.file = file.and_then(|file| lines.as_ref()?.file(file));
        next.line = level.call_line.and_then(number);
        next.column = level.call_column.and_then(number);
    }
    if levels.is_empty() && (next.file.is_some() || next.line.is_some()) {
        found.push(Place { name: None, file: next.file, line: next.line, column: next.column });
    }
    found
}

/// Finds a function and what was inlined into it at an address, the outermost first.
fn descend<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    function: UnitOffset,
    address: u64,
    budget: &mut Budget,
    levels: &mut Vec<Level<'a>>,
) -> Result<()> {
    let mut entries = unit.header.entries_raw(unit.abbreviations, Some(function))?;
    let level = |entry| Level { entry, call_file: None, call_line: None, call_column: None };
    while !entries.is_empty() && levels.len() < MOST_INLINED {
        let entry = entries.next_offset();
        let Some(kind) = entries.read_abbreviation()? else {
            // The last entry below the function.
            if entries.next_depth() <= 0 {
                break;
            }
            continue;
        };
        budget.take(kind.attributes().len())?;
        if levels.is_empty() {
            levels.push(level(entry));
        } else if kind.tag() == gimli::DW_TAG_inlined_subroutine {
            let mut inlined = level(entry);
            let mut pcs = Pcs::default();
            for attribute in kind.attributes() {
                let attribute = entries.read_attribute(*attribute)?;
                let value = attribute.value();
                pcs.see(attribute.name(), value);
                match attribute.name() {
                    gimli::DW_AT_call_file => inlined.call_file = Some(value),
                    gimli::DW_AT_call_line => inlined.call_line = value.udata_value(),
                    gimli::DW_AT_call_column => inlined.call_column = value.udata_value(),
                    _ => {}
                }
            }
            let mut is_there = false;
            pcs.for_each(dwarf, &unit.bases, budget, |code| is_there |= code.contains(&address))?;
            if is_there {
                levels.push(inlined);
            }
            continue;
        }
        entries.skip_attributes(kind.attributes())?;
        if entries.next_depth() <= 0 {
            // A function without anything below it.
            break;
        }
    }
    Ok(())
}

/// The name of a function: as the linker knows it, if that is said.
fn name<'a>(
    units: &Units,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    entry: UnitOffset,
    hops: u32,
    budget: &mut Budget,
) -> Option<String> {
    if !unit.has(entry) {
        return None;
    }
    let mut entries = unit.header.entries_raw(unit.abbreviations, Some(entry)).ok()?;
    let kind = entries.read_abbreviation().ok()??;
    budget.take(kind.attributes().len()).ok()?;
    let (mut name, mut linked, mut origin) = (None, None, None);
    for attribute in kind.attributes() {
        let attribute = entries.read_attribute(*attribute).ok()?;
        match attribute.name() {
            gimli::DW_AT_name => name = Some(attribute.value()),
            gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name => {
                linked = Some(attribute.value());
            }
            gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                origin = Some(attribute.value());
            }
            _ => {}
        }
    }
    let own = |value: Option<_>| Some(text(unit.string(dwarf, value?)?));
    // What is referred to may have the linker's name.
    own(linked).or_else(|| follow(units, dwarf, unit, origin?, hops, budget)).or_else(|| own(name))
}

/// The name of the entry that an attribute refers to.
fn follow<'a>(
    units: &Units,
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    origin: AttributeValue<Reader<'a>>,
    hops: u32,
    budget: &mut Budget,
) -> Option<String> {
    let hops = hops.checked_sub(1)?;
    match origin {
        AttributeValue::UnitRef(entry) => name(units, dwarf, unit, entry, hops, budget),
        AttributeValue::DebugInfoRef(entry) => {
            units.in_unit_at(dwarf, entry.0, budget, |other, entry, budget| {
                name(units, dwarf, other, entry, hops, budget)
            })?
        }
        _ => None,
    }
}

fn text(bytes: Reader<'_>) -> String {
    let bytes = bytes.slice();
    String::from_utf8_lossy(bytes.get(..LONGEST_NAME).unwrap_or(bytes)).into_owned()
}

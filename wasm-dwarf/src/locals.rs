//! The locals that variables of the source are found by.

use std::ops::Range;

use gimli::{AttributeValue, Operation, Result};

use crate::budget::Budget;
use crate::locations;
use crate::ranges::Pcs;
use crate::sections::{self, Dwarf, Reader, Section};
use crate::units::{Unit, Units};

/// The locals of a function that the module's debugging information names: where they are known,
/// so are the variables of the source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedLocals {
    /// The function, by offsets into the contents of the module's code section.
    pub code: Range<u64>,
    /// The numbers of the locals, in order.
    pub locals: Vec<u32>,
}

/// Finds the locals that the places of variables refer to, of each function that has code. What is
/// not well-formed is left out.
///
/// ```
/// assert!(wasm_dwarf::named_locals(&|_section| &[]).is_empty());
/// ```
pub fn named_locals(section: Section<'_, '_>) -> Vec<NamedLocals> {
    let dwarf = sections::dwarf(section);
    let units = Units::read(&dwarf);
    let mut budget = Budget::of_bytes(sections::size_with_places(section, &dwarf));
    let mut found = Vec::new();
    for number in 0..units.places().len() {
        let _ = units.in_unit(&dwarf, number, &mut budget, |unit, budget| {
            // What was found before the end is as it should be.
            let _ = walk(&dwarf, unit, budget, &mut found);
        });
    }
    for function in &mut found {
        function.locals.sort_unstable();
        function.locals.dedup();
    }
    found
}

fn walk<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    budget: &mut Budget,
    found: &mut Vec<NamedLocals>,
) -> Result<()> {
    let mut entries = unit.header.entries_raw(unit.abbreviations, None)?;
    // The functions that entries are in: their depths, and which of those that were found they are.
    let mut open: Vec<(isize, usize)> = Vec::new();
    while !entries.is_empty() {
        let depth = entries.next_depth();
        while open.pop_if(|(function, _)| depth <= *function).is_some() {}
        let Some(kind) = entries.read_abbreviation()? else { continue };
        budget.take(kind.attributes().len())?;
        let (mut pcs, mut places) = (Pcs::default(), [None; 2]);
        for attribute in kind.attributes() {
            let attribute = entries.read_attribute(*attribute)?;
            match attribute.name() {
                gimli::DW_AT_location => places[0] = Some(attribute.value()),
                gimli::DW_AT_frame_base => places[1] = Some(attribute.value()),
                name => pcs.see(name, attribute.value()),
            }
        }
        if kind.tag() == gimli::DW_TAG_subprogram {
            let mut code: Option<Range<u64>> = None;
            pcs.for_each(dwarf, &unit.bases, budget, |part| {
                let known = code.get_or_insert(part.clone());
                *known = known.start.min(part.start)..known.end.max(part.end);
            })?;
            if let Some(code) = code {
                open.push((depth, found.len()));
                found.push(NamedLocals { code, locals: Vec::new() });
            }
        }
        if let Some(function) = open.last().and_then(|(_, number)| found.get_mut(*number)) {
            for place in places.into_iter().flatten() {
                see(dwarf, unit, place, budget, &mut function.locals)?;
            }
        }
    }
    Ok(())
}

/// Adds the locals that an attribute refers to.
fn see<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    place: AttributeValue<Reader<'a>>,
    budget: &mut Budget,
    locals: &mut Vec<u32>,
) -> Result<()> {
    locations::for_each(dwarf, &unit.bases, place, budget, |_, expression, _| {
        let mut operations = expression.operations(unit.bases.encoding);
        // What can't be read is not translated either.
        while let Ok(Some(operation)) = operations.next() {
            if let Operation::WasmLocal { index } = operation {
                locals.push(index);
            }
        }
        Ok(())
    })
}

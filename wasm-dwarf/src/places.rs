//! Places in the source, by address.

use std::ops::Range;
use std::sync::OnceLock;

use crate::budget::Budget;
use crate::functions::{self, Function};
use crate::place::Place;
use crate::sections::{self, Section};
use crate::units::{self, Unit, Units};

/// What is known of a module's debugging information: which unit is about which code. It refers to
/// the sections, which every call gets anew: they must be the same each time, or what is found is
/// wrong.
#[derive(Debug)]
pub struct Places {
    units: Units,
    /// The code of units, by address, and the number of each.
    code: Vec<(Range<u64>, usize)>,
    /// The functions of each unit that was asked for.
    functions: Vec<OnceLock<Vec<Function>>>,
}

impl Places {
    /// Finds out which units there are. What is not well-formed is left out.
    pub fn read(section: Section<'_, '_>) -> Self {
        let dwarf = sections::dwarf(section);
        let mut budget = Budget::of_bytes(sections::size(&dwarf));
        let units = Units::read(&dwarf);
        let places = units.places();
        let mut code = Vec::new();
        // Units that share a table of abbreviations come together, so that each is read once, and
        // only one is kept.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|number| places[*number].abbreviations.start);
        for shared in order.chunk_by(|a, b| places[*a].abbreviations == places[*b].abbreviations) {
            let Ok(abbreviations) = units::abbreviations(&dwarf, &places[shared[0]]) else {
                continue;
            };
            for number in shared {
                let unit = Unit::read(&dwarf, &places[*number], &abbreviations, &mut budget);
                let Ok(unit) = unit else { continue };
                let add = |range| code.push((range, *number));
                // A list that ends early has said what it has said.
                let _ = unit.pcs.for_each(&dwarf, &unit.bases, &mut budget, add);
            }
        }
        code.sort_by_key(|(range, number)| (range.start, *number));
        let functions = places.iter().map(|_| OnceLock::new()).collect();
        Self { units, code, functions }
    }

    /// Whether no code has a place.
    pub fn is_empty(&self) -> bool {
        self.code.is_empty()
    }

    /// The places that an instruction comes from: more than one if functions were inlined, the
    /// innermost first. Empty if nothing is known of it.
    ///
    /// `address` counts from the start of the contents of the code section.
    pub fn find(&self, section: Section<'_, '_>, address: u64) -> Vec<Place> {
        let after = self.code.partition_point(|(code, _)| code.start <= address);
        let Some((_, number)) =
            self.code[..after].last().filter(|(code, _)| code.contains(&address))
        else {
            return Vec::new();
        };
        let dwarf = sections::dwarf(section);
        let mut budget = Budget::of_bytes(sections::size(&dwarf));
        let found = self.units.in_unit(&dwarf, *number, &mut budget, |unit, budget| {
            let functions =
                self.functions[*number].get_or_init(|| functions::read(&dwarf, unit, budget));
            let function = functions::at(functions, address);
            functions::resolve(&self.units, &dwarf, unit, function, address, budget)
        });
        found.unwrap_or_default()
    }
}

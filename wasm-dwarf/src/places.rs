//! Places in the source, by address.

use std::ops::Range;
use std::sync::OnceLock;

use gimli::UnitOffset;

use crate::budget::Budget;
use crate::functions::{self, Function};
use crate::units::{self, Dwarf, Unit, UnitPlace};

/// Gives the contents of a section of the module by its name, such as `.debug_info`; an empty slice
/// if there is none.
pub type Section<'get, 'a> = &'get dyn Fn(&str) -> &'a [u8];

/// A place in the source.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
#[non_exhaustive]
pub struct Place {
    /// The function, as its compiler calls it: the name may be mangled.
    pub name: Option<String>,
    /// The file, with its directory.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
}

/// What is known of a module's debugging information: which unit is about which code. It refers to
/// the sections, which every call gets anew: they must be the same each time, or what is found is
/// wrong.
#[derive(Debug)]
pub struct Places {
    /// All units, in order.
    units: Vec<UnitPlace>,
    /// The code of units, by address, and the number of each.
    code: Vec<(Range<u64>, usize)>,
    /// The functions of each unit that was asked for.
    functions: Vec<OnceLock<Vec<Function>>>,
}

impl Places {
    /// Finds out which units there are. What is not well-formed is left out.
    pub fn read(section: Section<'_, '_>) -> Self {
        let dwarf = units::dwarf(section);
        let mut budget = Budget::of_bytes(units::size(&dwarf));
        let units = units::places(&dwarf);
        let mut code = Vec::new();
        // Units that share a table of abbreviations come together, so that each is read once, and
        // only one is kept.
        let mut order: Vec<usize> = (0..units.len()).collect();
        order.sort_by_key(|number| units[*number].abbreviations.start);
        for shared in order.chunk_by(|a, b| units[*a].abbreviations == units[*b].abbreviations) {
            let Ok(abbreviations) = units::abbreviations(&dwarf, &units[shared[0]]) else {
                continue;
            };
            for number in shared {
                let unit = Unit::read(&dwarf, &units[*number], &abbreviations, &mut budget);
                let Ok(unit) = unit else { continue };
                let add = |range| code.push((range, *number));
                // A list that ends early has said what it has said.
                let _ = unit.pcs.for_each(&dwarf, &unit.bases, &mut budget, add);
            }
        }
        code.sort_by_key(|(range, number)| (range.start, *number));
        let functions = units.iter().map(|_| OnceLock::new()).collect();
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
        let dwarf = units::dwarf(section);
        let mut budget = Budget::of_bytes(units::size(&dwarf));
        let found = self.in_unit(&dwarf, *number, &mut budget, |unit, budget| {
            let functions =
                self.functions[*number].get_or_init(|| functions::read(&dwarf, unit, budget));
            let function = functions::at(functions, address);
            functions::resolve(self, &dwarf, unit, function, address, budget)
        });
        found.unwrap_or_default()
    }

    /// How many units there are.
    #[cfg(feature = "translate")]
    pub(crate) fn units(&self) -> usize {
        self.units.len()
    }

    /// Opens a unit.
    pub(crate) fn in_unit<'a, R>(
        &self,
        dwarf: &Dwarf<'a>,
        number: usize,
        budget: &mut Budget,
        with: impl FnOnce(&Unit<'a, '_>, &mut Budget) -> R,
    ) -> Option<R> {
        let place = self.units.get(number)?;
        budget.take(place.abbreviations.len()).ok()?;
        let abbreviations = units::abbreviations(dwarf, place).ok()?;
        let unit = Unit::read(dwarf, place, &abbreviations, budget).ok()?;
        Some(with(&unit, budget))
    }

    /// Opens the unit that has an entry.
    pub(crate) fn in_unit_at<'a, R>(
        &self,
        dwarf: &Dwarf<'a>,
        entry: usize,
        budget: &mut Budget,
        with: impl FnOnce(&Unit<'a, '_>, UnitOffset, &mut Budget) -> R,
    ) -> Option<R> {
        let after = self.units.partition_point(|unit| unit.offset <= entry);
        let number = after.checked_sub(1)?;
        let within = UnitOffset(entry - self.units[number].offset);
        self.in_unit(dwarf, number, budget, |unit, budget| with(unit, within, budget))
    }
}

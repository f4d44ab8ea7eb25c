//! Which entries of the module's debugging information are copied: found out before any is, so that
//! nothing refers to what is not.

use std::collections::HashMap;
use std::ops::Range;

use super::Code;
use super::addresses::{Addresses, merge};
use super::made::{Made, Reference};
use super::source::Source;
use super::values::{self, Fate};
use super::walk::{Found, Visitor, walk};
use crate::budget::Budget;
use crate::ranges::Pcs;
use crate::sections::Dwarf;
use crate::units::Unit;

/// The kinds of entries that are copied.
const TAGS: &[gimli::DwTag] = &[
    gimli::DW_TAG_compile_unit,
    gimli::DW_TAG_partial_unit,
    gimli::DW_TAG_namespace,
    gimli::DW_TAG_module,
    gimli::DW_TAG_subprogram,
    gimli::DW_TAG_inlined_subroutine,
    gimli::DW_TAG_lexical_block,
    gimli::DW_TAG_variable,
    gimli::DW_TAG_formal_parameter,
    gimli::DW_TAG_unspecified_parameters,
    gimli::DW_TAG_constant,
    gimli::DW_TAG_base_type,
    gimli::DW_TAG_unspecified_type,
    gimli::DW_TAG_pointer_type,
    gimli::DW_TAG_reference_type,
    gimli::DW_TAG_rvalue_reference_type,
    gimli::DW_TAG_ptr_to_member_type,
    gimli::DW_TAG_const_type,
    gimli::DW_TAG_volatile_type,
    gimli::DW_TAG_restrict_type,
    gimli::DW_TAG_atomic_type,
    gimli::DW_TAG_typedef,
    gimli::DW_TAG_structure_type,
    gimli::DW_TAG_class_type,
    gimli::DW_TAG_union_type,
    gimli::DW_TAG_enumeration_type,
    gimli::DW_TAG_enumerator,
    gimli::DW_TAG_member,
    gimli::DW_TAG_inheritance,
    gimli::DW_TAG_variant_part,
    gimli::DW_TAG_variant,
    gimli::DW_TAG_array_type,
    gimli::DW_TAG_subrange_type,
    gimli::DW_TAG_subroutine_type,
    gimli::DW_TAG_template_type_parameter,
    gimli::DW_TAG_template_value_parameter,
    gimli::DW_TAG_imported_declaration,
    gimli::DW_TAG_imported_module,
];

/// What copying starts from.
pub(super) struct Basis<'b, 'a> {
    pub(super) dwarf: &'b Dwarf<'a>,
    pub(super) source: &'b Source,
    pub(super) code: &'b [Code<'b>],
    /// By unit and entry, which function of the code is that of the source.
    pub(super) functions: HashMap<(usize, usize), usize>,
    /// Of each function of the code that is one of the source.
    pub(super) addresses: Vec<Option<Addresses>>,
    /// All code that has a frame to find the memory by, as few ranges as can be: where variables of
    /// the module are known.
    pub(super) all: Vec<Range<u64>>,
}

/// The unit whose entries are read, and what they are read with.
#[derive(Clone, Copy)]
pub(super) struct Input<'p, 'b, 'a, 'u> {
    pub(super) basis: &'p Basis<'b, 'a>,
    /// Which unit it is.
    pub(super) number: usize,
    /// Where it starts among the entries of all units.
    pub(super) start: usize,
    pub(super) unit: &'p Unit<'a, 'u>,
}

impl<'a> Input<'_, '_, 'a, '_> {
    /// The function of the code that an entry is about, if it is about one.
    pub(super) fn function(&self, found: &Found<'_, 'a>) -> Option<usize> {
        self.basis.functions.get(&(self.number, found.offset - self.start)).copied()
    }
}

/// The entries that are copied, of all units.
#[derive(Default)]
pub(super) struct Plan {
    /// Where they are, in order.
    pub(super) entries: Vec<usize>,
    /// The addresses of those that are about some, by the numbers of the former, in order.
    pub(super) code: Vec<(usize, Vec<Range<u64>>)>,
    /// Where the copies are, as far as there are any.
    pub(super) copies: Vec<usize>,
    /// Where pointers of the process are that stand for those of the module, by the numbers of
    /// those.
    pub(super) pointers: HashMap<usize, usize>,
    /// Where references are in what is made, where their unit is, and what they refer to.
    pub(super) references: Vec<(usize, usize, Reference)>,
}

impl Plan {
    /// Finds out what of a unit is copied. Lists have a budget of their own, so that this goes as
    /// far as copying does.
    pub(super) fn add<'a>(
        &mut self,
        input: Input<'_, '_, 'a, '_>,
        budgets: (&mut Budget, &mut Budget),
    ) {
        let (entries, lists) = budgets;
        let mut planner = Planner { plan: self, input, lists, open: Vec::new() };
        walk(input.unit, input.start, entries, &mut planner);
    }

    /// Writes where the copies are to where they are referred to.
    pub(super) fn resolve(&self, made: &mut Made) {
        for (at, unit, to) in &self.references {
            let pointer = self.pointers.get(&to.entry).filter(|_| to.native);
            let Some(copy) = pointer.or(self.copies.get(to.entry)) else { continue };
            let value = if to.within { copy.wrapping_sub(*unit) } else { *copy };
            made.info[*at..][..4].copy_from_slice(&(value as u32).to_ne_bytes());
        }
    }
}

struct Planner<'p, 'b, 'a, 'u> {
    plan: &'p mut Plan,
    input: Input<'p, 'b, 'a, 'u>,
    lists: &'p mut Budget,
    /// The function of the code that each open entry belongs to.
    open: Vec<Option<usize>>,
}

impl<'a> Planner<'_, '_, 'a, '_> {
    /// The machine code of a part of a function.
    fn part(&mut self, function: usize, pcs: &Pcs<'a>) -> Option<Vec<Range<u64>>> {
        let addresses = self.input.basis.addresses[function].as_ref()?;
        let mut parts = Vec::new();
        let bases = &self.input.unit.bases;
        pcs.for_each(self.input.basis.dwarf, bases, self.lists, |part| parts.push(part)).ok()?;
        let mut found = Vec::new();
        for part in parts {
            found.extend(addresses.find(part, self.lists).ok()?);
        }
        found.sort_unstable_by_key(|code| code.start);
        merge(&mut found);
        (!found.is_empty()).then_some(found)
    }
}

impl<'a> Visitor<'a> for Planner<'_, '_, 'a, '_> {
    fn entry(&mut self, found: &Found<'_, 'a>) -> bool {
        let is_root = self.open.is_empty();
        let may_be_root =
            matches!(found.tag, gimli::DW_TAG_compile_unit | gimli::DW_TAG_partial_unit);
        if !TAGS.contains(&found.tag) || is_root != may_be_root {
            return false;
        }
        let mut function = self.open.last().copied().flatten();
        let mut pcs = Pcs::default();
        found.attributes.iter().for_each(|attribute| pcs.see(attribute.name(), attribute.value()));
        let code = match found.tag {
            gimli::DW_TAG_subprogram => {
                function = self.input.function(found);
                let code = function.and_then(|function| self.input.basis.code.get(function));
                code.map(|code| Vec::from([super::range(code)]))
            }
            gimli::DW_TAG_inlined_subroutine | gimli::DW_TAG_lexical_block => {
                function.and_then(|function| self.part(function, &pcs))
            }
            _ => None,
        };
        // What was left out of the module, and what nothing is left of.
        let had_code = pcs.is_some() && !is_root;
        if had_code && code.is_none() {
            return false;
        }
        let fate = values::fate(found, self.input.unit.bases.encoding);
        if fate == Fate::LeftOut {
            return false;
        }
        let entry = self.plan.entries.len();
        self.plan.entries.push(found.offset);
        if fate == Fate::Named {
            return false;
        }
        self.plan.code.extend(code.map(|code| (entry, code)));
        if found.has_children {
            self.open.push(function);
        }
        true
    }

    fn end(&mut self) {
        self.open.pop();
    }
}

//! Entries of the module's debugging information as entries about machine code: functions,
//! variables and types.
//!
//! First it is found out what is copied, so that nothing refers to what is not; then it is.

use std::collections::HashMap;
use std::ops::Range;

use gimli::{AttributeValue, DwAt};

use super::Code;
use super::addresses::{Addresses, merge};
use super::expression::{self, Kind, Surroundings};
use super::made::{ADDRESS_SIZE, Entry, Made, Reference};
use super::pointers::{self, Typed};
use super::source::{Files, Source};
use super::values::{self, Fate};
use super::walk::{Found, Visitor, walk};
use crate::budget::Budget;
use crate::locations;
use crate::ranges::{Pcs, indexed};
use crate::sections::{Dwarf, Reader};
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

/// What is known of the root of a unit.
pub(super) struct Root<'r> {
    /// Whether any code is that of the unit.
    pub(super) has_code: bool,
    /// Adds to its attributes.
    pub(super) set: &'r dyn Fn(&mut Made, &mut Entry),
}

/// The entries that are copied, of all units.
#[derive(Default)]
pub(super) struct Plan {
    /// Where they are, in order.
    entries: Vec<usize>,
    /// The addresses of those that are about some, by the numbers of the former, in order.
    code: Vec<(usize, Vec<Range<u64>>)>,
    /// Where the copies are, as far as there are any.
    copies: Vec<usize>,
    /// Where pointers of the process are that stand for those of the module, by the numbers of
    /// those.
    pointers: HashMap<usize, usize>,
    /// Where references are in what is made, where their unit is, and what they refer to.
    references: Vec<(usize, usize, Reference)>,
}

impl Plan {
    /// Finds out what of a unit is copied. Lists have a budget of their own, so that this goes as
    /// far as copying does.
    pub(super) fn add<'a>(
        &mut self,
        basis: &Basis<'_, 'a>,
        unit: (usize, usize, &Unit<'a, '_>),
        budgets: (&mut Budget, &mut Budget),
    ) {
        let (number, start, unit) = unit;
        let (entries, lists) = budgets;
        let mut planner =
            Planner { plan: self, basis, number, start, unit, lists, open: Vec::new() };
        walk(unit, start, entries, &mut planner);
    }

    /// Copies a unit.
    pub(super) fn copy<'a>(
        &mut self,
        basis: &Basis<'_, 'a>,
        unit: (usize, usize, &Unit<'a, '_>),
        budgets: (&mut Budget, &mut Budget),
        files: &Files,
        made: &mut Made,
        root: &Root<'_>,
    ) {
        let (number, start, unit) = unit;
        if self.entries.binary_search(&(start + unit.header.size_of_header())).is_err() {
            return;
        }
        made.begin_unit();
        let (entries, lists) = budgets;
        let mut copier = Copier {
            plan: self,
            basis,
            number,
            start,
            unit,
            lists,
            files,
            made,
            root: root.set,
            has_code: root.has_code,
            open: Vec::new(),
        };
        walk(unit, start, entries, &mut copier);
        made.end_unit();
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
    basis: &'p Basis<'b, 'a>,
    number: usize,
    start: usize,
    unit: &'p Unit<'a, 'u>,
    lists: &'p mut Budget,
    /// The function of the code that each open entry belongs to.
    open: Vec<Option<usize>>,
}

impl<'a> Planner<'_, '_, 'a, '_> {
    /// The machine code of a part of a function.
    fn part(&mut self, function: usize, pcs: &Pcs<'a>) -> Option<Vec<Range<u64>>> {
        let addresses = self.basis.addresses[function].as_ref()?;
        let mut parts = Vec::new();
        let bases = &self.unit.bases;
        pcs.for_each(self.basis.dwarf, bases, self.lists, |part| parts.push(part)).ok()?;
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
                function =
                    self.basis.functions.get(&(self.number, found.offset - self.start)).copied();
                let code = function.and_then(|function| self.basis.code.get(function));
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
        let fate = values::fate(found, self.unit.bases.encoding);
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

/// What the variables of an open entry need.
#[derive(Clone, Copy, Default)]
struct Scope {
    /// The function of the code.
    function: Option<usize>,
    frame_base: Option<u32>,
}

struct Copier<'p, 'b, 'a, 'u> {
    plan: &'p mut Plan,
    basis: &'p Basis<'b, 'a>,
    number: usize,
    start: usize,
    unit: &'p Unit<'a, 'u>,
    lists: &'p mut Budget,
    files: &'p Files,
    made: &'p mut Made,
    root: &'p dyn Fn(&mut Made, &mut Entry),
    /// Whether any code is that of the unit.
    has_code: bool,
    open: Vec<Scope>,
}

impl<'a> Copier<'_, '_, 'a, '_> {
    fn reference(&self, value: AttributeValue<Reader<'a>>) -> Option<Reference> {
        let (at, within) = match value {
            AttributeValue::UnitRef(offset) if self.unit.has(offset) => {
                (self.start.checked_add(offset.0)?, true)
            }
            AttributeValue::DebugInfoRef(offset) => (offset.0, false),
            _ => return None,
        };
        let entry = self.plan.entries.binary_search(&at).ok()?;
        Some(Reference { entry, within, native: false })
    }

    /// Copies an attribute whose meaning does not depend on the machine.
    fn plain(&mut self, entry: &mut Entry, name: DwAt, value: AttributeValue<Reader<'a>>) {
        if values::REFERENCES.contains(&name)
            && let Some(to) = self.reference(value)
        {
            entry.reference(name, to);
            return;
        }
        match value {
            AttributeValue::DebugStrRef(_)
            | AttributeValue::DebugStrOffsetsIndex(_)
            | AttributeValue::DebugLineStrRef(_)
            | AttributeValue::String(_)
                if values::TEXTS.contains(&name) =>
            {
                self.text(entry, name, value);
            }
            AttributeValue::Exprloc(expression) if name == gimli::DW_AT_data_member_location => {
                let encoding = self.unit.bases.encoding;
                if let Some(offset) = values::member_offset(expression, encoding) {
                    entry.unsigned(name, offset);
                }
            }
            AttributeValue::FileIndex(number) if name == gimli::DW_AT_call_file => {
                if let Some(number) = self.basis.source.file(self.number, number, self.files) {
                    entry.unsigned(name, number);
                }
            }
            value if values::NUMBERS.contains(&name) => values::number(entry, name, value),
            _ => {}
        }
    }

    /// Copies a text, if there is still room: many entries may have the same.
    fn text(&mut self, entry: &mut Entry, name: DwAt, value: AttributeValue<Reader<'a>>) {
        if self.made.room.take(0).is_ok()
            && let Some(text) = self.unit.string(self.basis.dwarf, value)
            && self.made.room.take(text.len()).is_ok()
        {
            entry.text(name, text.slice());
        }
    }

    /// Adds where a variable is, as far as that is known. Says whether it is.
    fn place(&mut self, entry: &mut Entry, value: AttributeValue<Reader<'a>>, kind: Kind) -> bool {
        let scope = self.open.last().copied().unwrap_or_default();
        let bases = self.unit.bases;
        let dwarf = self.basis.dwarf;
        let function = scope.function.and_then(|number| {
            Some((&self.basis.code[number], self.basis.addresses[number].as_ref()?))
        });
        let around = Surroundings {
            encoding: bases.encoding,
            frame: function.and_then(|(code, _)| code.frame.as_ref()),
            frame_base: scope.frame_base,
            unset: None,
            address: &|index| indexed(dwarf, &bases, index),
        };
        // What is there everywhere is known from the end of the prologue on, or without the frame
        // of the source if nobody knows where that is.
        let is_set_up = function.is_none_or(|(_, addresses)| addresses.knows_body());
        let without_frame = Surroundings { unset: scope.frame_base, frame_base: None, ..around };
        // Code that keeps nothing does not know where the memory is.
        if function.is_some() && around.frame.is_none() {
            return false;
        }
        let all = &self.basis.all;
        let mut places: Vec<(Vec<Range<u64>>, Vec<u8>)> = Vec::new();
        let result =
            locations::for_each(dwarf, &bases, value, self.lists, |range, expression, budget| {
                let has_frame = range.is_some() || is_set_up;
                let around = if has_frame { &around } else { &without_frame };
                let Some(made) = expression::translate(expression, around, kind) else {
                    return Ok(());
                };
                let code = match (function, range) {
                    (Some((_, addresses)), None) => {
                        budget.take(addresses.body().len())?;
                        addresses.body().to_vec()
                    }
                    (Some((_, addresses)), Some(range)) => addresses.find_kept(range, budget)?,
                    (None, None) => {
                        budget.take(all.len())?;
                        all.clone()
                    }
                    (None, Some(_)) => return Ok(()),
                };
                places.push((code, made));
                Ok(())
            });
        if result.is_err() {
            return false;
        }
        let Some(list) = self.made.add_places(&places) else { return false };
        entry.offset(gimli::DW_AT_location, list);
        true
    }

    /// Adds a pointer of the process in place of one of the module.
    fn pointer(&mut self, found: &Found<'_, 'a>, number: usize) {
        let mut entry = Entry::new(found.tag, false);
        entry.unsigned(gimli::DW_AT_byte_size, ADDRESS_SIZE.into());
        for attribute in found.attributes {
            if attribute.name() == gimli::DW_AT_type {
                self.plain(&mut entry, attribute.name(), attribute.value());
            }
        }
        let (place, references) = self.made.add(entry);
        self.plan.pointers.insert(number, place);
        self.plan.references.extend(references);
    }

    /// Adds what a function has of its own.
    fn function(&mut self, entry: &mut Entry, function: usize) {
        let Some(frame) = &self.basis.code[function].frame else { return };
        let Some(addresses) = &self.basis.addresses[function] else { return };
        let Ok(register @ 0..=31) = u8::try_from(frame.register) else { return };
        let mut place = vec![gimli::DW_OP_breg0.0 + register];
        super::bytes::signed(&mut place, -i64::from(frame.memory_below));
        // Before, the register is that of the caller, and debuggers say that there is no frame.
        if let Some(list) = self.made.add_places(&[(addresses.kept().to_vec(), place)]) {
            entry.offset(gimli::DW_AT_frame_base, list);
        }
    }
}

impl<'a> Visitor<'a> for Copier<'_, '_, 'a, '_> {
    fn entry(&mut self, found: &Found<'_, 'a>) -> bool {
        let number = self.plan.copies.len();
        if self.plan.entries.get(number) != Some(&found.offset) || self.made.is_too_large() {
            return false;
        }
        let is_root = self.open.is_empty();
        if pointers::mark(found.tag).is_some() {
            let (dwarf, children) = (self.basis.dwarf, found.has_children);
            let budget = &mut *self.lists;
            let entry =
                pointers::number(dwarf, self.unit, found.tag, found.attributes, children, budget);
            let (place, _) = self.made.add(entry);
            self.plan.copies.push(place);
            if found.has_children {
                self.open.push(Scope::default());
            } else if pointers::is_address(found.tag) {
                self.pointer(found, number);
            }
            return true;
        }
        if values::fate(found, self.unit.bases.encoding) == Fate::Named {
            let mut entry = Entry::new(gimli::DW_TAG_unspecified_type, false);
            for attribute in found.attributes {
                if attribute.name() == gimli::DW_AT_name {
                    self.text(&mut entry, attribute.name(), attribute.value());
                }
            }
            let (place, _) = self.made.add(entry);
            self.plan.copies.push(place);
            return false;
        }
        let mut entry = Entry::new(found.tag, found.has_children);
        let mut scope = self.open.last().copied().unwrap_or_default();
        if found.tag == gimli::DW_TAG_subprogram {
            let place = (self.number, found.offset - self.start);
            scope = Scope { function: self.basis.functions.get(&place).copied(), frame_base: None };
        }
        let mut typed = Typed::new(found.tag);
        found
            .attributes
            .iter()
            .for_each(|attribute| typed.see(attribute.name(), attribute.value()));
        let is_variable =
            matches!(found.tag, gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter);
        let kind = if is_variable { typed.kind(self.unit, self.lists) } else { Some(Kind::Plain) };
        let is_pointer = kind == Some(Kind::Pointer);
        let is_foreign_float =
            found.tag == gimli::DW_TAG_base_type && values::is_foreign_float(found);
        let (mut location, mut is_external) = (None, false);
        for attribute in found.attributes {
            let (name, value) = (attribute.name(), attribute.value());
            match (name, value) {
                (gimli::DW_AT_frame_base, AttributeValue::Exprloc(expression)) => {
                    scope.frame_base = expression::frame_base(expression, self.unit.bases.encoding);
                }
                (gimli::DW_AT_location, value) => location = Some(value),
                (gimli::DW_AT_external, AttributeValue::Flag(is)) => is_external = is,
                (gimli::DW_AT_type, value) if is_pointer => {
                    if let Some(to) = self.reference(value) {
                        entry.reference(name, Reference { native: true, ..to });
                    }
                }
                (gimli::DW_AT_encoding, _) if is_foreign_float => {
                    entry.unsigned(name, gimli::DW_ATE_unsigned.0.into());
                }
                // That of the module, which is null or nothing that leads anywhere.
                (gimli::DW_AT_const_value, value)
                    if is_pointer && value.udata_value() != Some(0) => {}
                (name, value) => self.plain(&mut entry, name, value),
            }
        }
        if let Ok(place) = self.plan.code.binary_search_by_key(&number, |(entry, _)| *entry) {
            let code = &self.plan.code[place].1;
            self.made.set_code(&mut entry, code);
        }
        let is_known = location
            .zip(kind)
            .is_some_and(|(location, kind)| self.place(&mut entry, location, kind));
        // Debuggers would look for the variable elsewhere in the process.
        let is_elsewhere = is_variable && !is_known;
        if is_external && !is_elsewhere {
            entry.flag(gimli::DW_AT_external);
        }
        if let Some(function) = scope.function.filter(|_| found.tag == gimli::DW_TAG_subprogram) {
            self.function(&mut entry, function);
        }
        if is_root {
            (self.root)(self.made, &mut entry);
        }
        let (place, references) = self.made.add(entry);
        self.plan.copies.push(place);
        self.plan.references.extend(references);
        if found.has_children {
            self.open.push(scope);
        }
        true
    }

    fn end(&mut self) {
        self.open.pop();
        if self.open.is_empty() && self.has_code {
            // All units have the same.
            if self.made.memory.is_none() {
                let mut base = Vec::new();
                expression::memory_base(&mut base);
                base.push(gimli::DW_OP_stack_value.0);
                self.made.memory = self.made.add_places(&[(self.basis.all.clone(), base)]);
            }
            if let Some(place) = self.made.memory {
                pointers::add_memory(self.made, place);
            }
        }
        self.made.end_children();
    }
}

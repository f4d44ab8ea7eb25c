//! Entries of the module's debugging information as entries about machine code: functions,
//! variables and types.
//!
//! Which ones is found out before (`plan`).

use std::ops::Range;

use gimli::{AttributeValue, DwAt};

use super::expression::{self, Kind, Surroundings};
use super::made::{ADDRESS_SIZE, Entry, Made, Reference};
use super::plan::{Input, Plan};
use super::pointers::{self, Typed};
use super::source::Files;
use super::values::{self, Fate};
use super::walk::{Found, Visitor, walk};
use crate::budget::Budget;
use crate::locations;
use crate::ranges::indexed;
use crate::sections::Reader;

/// What is known of the root of a unit.
pub(super) struct Root<'r> {
    /// Whether any code is that of the unit.
    pub(super) has_code: bool,
    /// Adds to its attributes.
    pub(super) set: &'r dyn Fn(&mut Made, &mut Entry),
}

impl Plan {
    /// Copies a unit.
    pub(super) fn copy<'a>(
        &mut self,
        input: Input<'_, '_, 'a, '_>,
        budgets: (&mut Budget, &mut Budget),
        files: &Files,
        made: &mut Made,
        root: &Root<'_>,
    ) {
        let Input { start, unit, .. } = input;
        if self.entries.binary_search(&(start + unit.header.size_of_header())).is_err() {
            return;
        }
        made.begin_unit();
        let (entries, lists) = budgets;
        let mut copier = Copier {
            plan: self,
            input,
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
    input: Input<'p, 'b, 'a, 'u>,
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
            AttributeValue::UnitRef(offset) if self.input.unit.has(offset) => {
                (self.input.start.checked_add(offset.0)?, true)
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
                let encoding = self.input.unit.bases.encoding;
                if let Some(offset) = values::member_offset(expression, encoding) {
                    entry.unsigned(name, offset);
                }
            }
            AttributeValue::FileIndex(number) if name == gimli::DW_AT_call_file => {
                if let Some(number) =
                    self.input.basis.source.file(self.input.number, number, self.files)
                {
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
            && let Some(text) = self.input.unit.string(self.input.basis.dwarf, value)
            && self.made.room.take(text.len()).is_ok()
        {
            entry.text(name, text.slice());
        }
    }

    /// Adds where a variable is, as far as that is known. Says whether it is.
    fn place(&mut self, entry: &mut Entry, value: AttributeValue<Reader<'a>>, kind: Kind) -> bool {
        let scope = self.open.last().copied().unwrap_or_default();
        let bases = self.input.unit.bases;
        let dwarf = self.input.basis.dwarf;
        let function = scope.function.and_then(|number| {
            Some((&self.input.basis.code[number], self.input.basis.addresses[number].as_ref()?))
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
        let all = &self.input.basis.all;
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
        let Some(frame) = &self.input.basis.code[function].frame else { return };
        let Some(addresses) = &self.input.basis.addresses[function] else { return };
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
            let (dwarf, children) = (self.input.basis.dwarf, found.has_children);
            let budget = &mut *self.lists;
            let entry = pointers::number(
                dwarf,
                self.input.unit,
                found.tag,
                found.attributes,
                children,
                budget,
            );
            let (place, _) = self.made.add(entry);
            self.plan.copies.push(place);
            if found.has_children {
                self.open.push(Scope::default());
            } else if pointers::is_address(found.tag) {
                self.pointer(found, number);
            }
            return true;
        }
        if values::fate(found, self.input.unit.bases.encoding) == Fate::Named {
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
            scope = Scope { function: self.input.function(found), frame_base: None };
        }
        let mut typed = Typed::new(found.tag);
        found
            .attributes
            .iter()
            .for_each(|attribute| typed.see(attribute.name(), attribute.value()));
        let is_variable =
            matches!(found.tag, gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter);
        let kind =
            if is_variable { typed.kind(self.input.unit, self.lists) } else { Some(Kind::Plain) };
        let is_pointer = kind == Some(Kind::Pointer);
        let is_foreign_float =
            found.tag == gimli::DW_TAG_base_type && values::is_foreign_float(found);
        let (mut location, mut is_external) = (None, false);
        for attribute in found.attributes {
            let (name, value) = (attribute.name(), attribute.value());
            match (name, value) {
                (gimli::DW_AT_frame_base, AttributeValue::Exprloc(expression)) => {
                    scope.frame_base =
                        expression::frame_base(expression, self.input.unit.bases.encoding);
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
                self.made.memory = self.made.add_places(&[(self.input.basis.all.clone(), base)]);
            }
            if let Some(place) = self.made.memory {
                pointers::add_memory(self.made, place);
            }
        }
        self.made.end_children();
    }
}

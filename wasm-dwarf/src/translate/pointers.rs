//! Pointers of the module, which debuggers could not follow: they are offsets into its memory, and
//! not as long as addresses of the process. Where they stand in something else, they are numbers,
//! with the name of the type; a variable that is a pointer to data has the address that it leads
//! to. Pointers to functions and to members are numbers in any case.

use gimli::{AttributeValue, DwAt, DwTag};

use super::expression::Kind;
use super::made::{Entry, Made};
use crate::budget::Budget;
use crate::sections::{Dwarf, Reader};
use crate::units::Unit;

/// How many types are followed for a name.
const MOST_HOPS: u32 = 8;

/// The longest name of a type that is shown, in bytes.
const LONGEST_NAME: usize = 256;

/// What stands behind the name of the type that something points to, if it does.
pub(super) fn mark(tag: DwTag) -> Option<&'static str> {
    match tag {
        gimli::DW_TAG_pointer_type => Some("*"),
        gimli::DW_TAG_reference_type => Some("&"),
        gimli::DW_TAG_rvalue_reference_type => Some("&&"),
        gimli::DW_TAG_ptr_to_member_type => Some("::*"),
        _ => None,
    }
}

/// Whether what has such a type may be an address in the memory.
pub(super) fn is_address(tag: DwTag) -> bool {
    mark(tag).is_some() && tag != gimli::DW_TAG_ptr_to_member_type
}

/// Makes a number of a pointer.
pub(super) fn number<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    tag: DwTag,
    attributes: &[gimli::Attribute<Reader<'a>>],
    has_children: bool,
    budget: &mut Budget,
) -> Entry {
    let mark = mark(tag).unwrap_or_default();
    let value = |name| attributes.iter().find(|attribute| attribute.name() == name);
    let size = value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value());
    let to = value(gimli::DW_AT_type).map(|ty| ty.value());
    let own = value(gimli::DW_AT_name).and_then(|name| unit.string(dwarf, name.value()));
    let name = match own {
        Some(name) if budget.take(name.len()).is_ok() => text(name),
        Some(_) => String::new(),
        None => with_mark(named(dwarf, unit, to, MOST_HOPS, budget), mark),
    };
    let size = size.or_else(|| {
        let size = u64::from(unit.bases.encoding.address_size);
        match tag {
            // One of a member that is a function has what is added to its object as well.
            gimli::DW_TAG_ptr_to_member_type => {
                Some(if is_function(unit, to, budget)? { 2 * size } else { size })
            }
            _ => Some(size),
        }
    });
    let Some(size) = size else {
        let mut entry = Entry::new(gimli::DW_TAG_unspecified_type, has_children);
        entry.text(gimli::DW_AT_name, name.as_bytes());
        return entry;
    };
    let mut entry = Entry::new(gimli::DW_TAG_base_type, has_children);
    entry.text(gimli::DW_AT_name, name.as_bytes());
    entry.unsigned(gimli::DW_AT_encoding, gimli::DW_ATE_unsigned.0.into());
    entry.unsigned(gimli::DW_AT_byte_size, size);
    entry
}

/// The name of a type as C has it.
fn named<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    ty: Option<AttributeValue<Reader<'a>>>,
    hops: u32,
    budget: &mut Budget,
) -> String {
    let Some(ty) = ty else { return "void".into() };
    let mut known = |ty| {
        let AttributeValue::UnitRef(offset) = ty else { return None };
        let hops = hops.checked_sub(1)?;
        if !unit.has(offset) {
            return None;
        }
        let mut entries = unit.header.entries_raw(unit.abbreviations, Some(offset)).ok()?;
        let kind = entries.read_abbreviation().ok()??;
        budget.take(kind.attributes().len()).ok()?;
        let (mut name, mut to) = (None, None);
        for attribute in kind.attributes() {
            let attribute = entries.read_attribute(*attribute).ok()?;
            match attribute.name() {
                gimli::DW_AT_name => name = Some(attribute.value()),
                gimli::DW_AT_type => to = Some(attribute.value()),
                _ => {}
            }
        }
        if let Some(name) = name {
            let name = unit.string(dwarf, name)?;
            budget.take(name.len()).ok()?;
            return Some(text(name));
        }
        let mut inner = || named(dwarf, unit, to, hops, budget);
        Some(match kind.tag() {
            gimli::DW_TAG_const_type => format!("const {}", inner()),
            gimli::DW_TAG_volatile_type => format!("volatile {}", inner()),
            gimli::DW_TAG_array_type => format!("{}[]", inner()),
            gimli::DW_TAG_subroutine_type => "function".into(),
            tag => with_mark(inner(), mark(tag)?),
        })
    };
    known(ty).unwrap_or_else(|| "?".into())
}

fn text(name: Reader<'_>) -> String {
    let name = name.slice();
    String::from_utf8_lossy(name.get(..LONGEST_NAME).unwrap_or(name)).into_owned()
}

/// What says the type of an entry.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    tag: DwTag,
    ty: Option<AttributeValue<Reader<'a>>>,
    /// The entry that has everything that this one does not say.
    origin: Option<AttributeValue<Reader<'a>>>,
}

impl<'a> Typed<'a> {
    pub(super) fn new(tag: DwTag) -> Self {
        Self { tag, ty: None, origin: None }
    }

    /// Remembers an attribute, if it is one of these.
    pub(super) fn see(&mut self, name: DwAt, value: AttributeValue<Reader<'a>>) {
        match name {
            gimli::DW_AT_type => self.ty = Some(value),
            gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => self.origin = Some(value),
            _ => {}
        }
    }

    /// What a variable is; `None` if that can't be found out.
    pub(super) fn kind(mut self, unit: &Unit<'a, '_>, budget: &mut Budget) -> Option<Kind> {
        for _ in 0..MOST_HOPS {
            if let Some(ty) = self.ty {
                // In a structure, say, it would be as long as it is in the module.
                let is_variable =
                    matches!(self.tag, gimli::DW_TAG_variable | gimli::DW_TAG_formal_parameter);
                let is_pointer = is_variable && is_pointer(unit, ty, budget);
                return Some(if is_pointer { Kind::Pointer } else { Kind::Plain });
            }
            let Some(origin) = self.origin else { return Some(Kind::Plain) };
            let AttributeValue::UnitRef(offset) = origin else { return None };
            if !unit.has(offset) {
                return None;
            }
            let mut entries = unit.header.entries_raw(unit.abbreviations, Some(offset)).ok()?;
            let kind = entries.read_abbreviation().ok()??;
            budget.take(kind.attributes().len()).ok()?;
            self = Self::new(kind.tag());
            for attribute in kind.attributes() {
                let attribute = entries.read_attribute(*attribute).ok()?;
                self.see(attribute.name(), attribute.value());
            }
        }
        None
    }
}

/// Whether an attribute says that the type is a pointer or a reference that leads into the memory.
/// Those of functions are numbers of entries in a table.
fn is_pointer<'a>(
    unit: &Unit<'a, '_>,
    ty: AttributeValue<Reader<'a>>,
    budget: &mut Budget,
) -> bool {
    match outline(unit, ty, budget) {
        Some(Outline { tag, has_children: false, to }) if is_address(tag) => {
            is_function(unit, to, budget) == Some(false)
        }
        _ => false,
    }
}

/// Whether a type is that of a function; `None` if that can't be found out.
fn is_function<'a>(
    unit: &Unit<'a, '_>,
    mut ty: Option<AttributeValue<Reader<'a>>>,
    budget: &mut Budget,
) -> Option<bool> {
    for _ in 0..MOST_HOPS {
        let Some(of) = ty else { return Some(false) };
        let Outline { tag, to, .. } = outline(unit, of, budget)?;
        match tag {
            gimli::DW_TAG_subroutine_type => return Some(true),
            gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type => ty = to,
            _ => return Some(false),
        }
    }
    None
}

/// What is first seen of a type.
struct Outline<'a> {
    tag: DwTag,
    has_children: bool,
    /// The type that it is made of.
    to: Option<AttributeValue<Reader<'a>>>,
}

/// Looks at a type of the same unit.
fn outline<'a>(
    unit: &Unit<'a, '_>,
    ty: AttributeValue<Reader<'a>>,
    budget: &mut Budget,
) -> Option<Outline<'a>> {
    let AttributeValue::UnitRef(offset) = ty else { return None };
    if !unit.has(offset) {
        return None;
    }
    let mut entries = unit.header.entries_raw(unit.abbreviations, Some(offset)).ok()?;
    let kind = entries.read_abbreviation().ok()??;
    budget.take(kind.attributes().len()).ok()?;
    let mut found = Outline { tag: kind.tag(), has_children: kind.has_children(), to: None };
    for attribute in kind.attributes() {
        let attribute = entries.read_attribute(*attribute).ok()?;
        if attribute.name() == gimli::DW_AT_type {
            found.to = Some(attribute.value());
        }
    }
    Some(found)
}

fn with_mark(mut name: String, mark: &str) -> String {
    if !name.ends_with(['*', '&']) {
        name.push(' ');
    }
    name + mark
}

/// The variable that has the address of the memory's first byte, so that pointers can be followed.
pub(super) const MEMORY: &str = "wasm_memory";

/// Adds that variable to a unit, with the types that it takes. `place` is its list of places.
pub(super) fn add_memory(made: &mut Made, place: u32) {
    let mut byte = Entry::new(gimli::DW_TAG_base_type, false);
    byte.text(gimli::DW_AT_name, b"unsigned char");
    byte.unsigned(gimli::DW_AT_encoding, gimli::DW_ATE_unsigned_char.0.into());
    byte.unsigned(gimli::DW_AT_byte_size, 1);
    let byte = made.add(byte).0;
    let mut pointer = Entry::new(gimli::DW_TAG_pointer_type, false);
    pointer.unsigned(gimli::DW_AT_byte_size, super::made::ADDRESS_SIZE.into());
    made.set_type(&mut pointer, byte);
    let pointer = made.add(pointer).0;
    let mut variable = Entry::new(gimli::DW_TAG_variable, false);
    variable.text(gimli::DW_AT_name, MEMORY.as_bytes());
    made.set_type(&mut variable, pointer);
    variable.offset(gimli::DW_AT_location, place);
    let _ = made.add(variable);
}

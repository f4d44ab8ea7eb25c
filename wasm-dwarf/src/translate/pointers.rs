//! Pointers of the module, which debuggers could not follow: they are offsets into its memory, and
//! not as long as addresses of the process. Where they stand in something else, they are numbers,
//! with the name of the type; a variable that is a pointer has the address that it leads to.

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
        _ => None,
    }
}

/// Makes a number of a pointer.
pub(super) fn number<'a>(
    dwarf: &Dwarf<'a>,
    unit: &Unit<'a, '_>,
    mark: &str,
    attributes: &[gimli::Attribute<Reader<'a>>],
    has_children: bool,
    budget: &mut Budget,
) -> Entry {
    let value = |name| attributes.iter().find(|attribute| attribute.name() == name);
    let size = value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value());
    let to = value(gimli::DW_AT_type).map(|ty| ty.value());
    let own = value(gimli::DW_AT_name).and_then(|name| unit.string(dwarf, name.value()));
    let name = match own {
        Some(name) => text(name),
        None => with_mark(named(dwarf, unit, to, MOST_HOPS, budget), mark),
    };
    let mut entry = Entry::new(gimli::DW_TAG_base_type, has_children);
    entry.text(gimli::DW_AT_name, name.as_bytes());
    entry.unsigned(gimli::DW_AT_encoding, gimli::DW_ATE_unsigned.0.into());
    let size = size.unwrap_or(unit.bases.encoding.address_size.into());
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
            return Some(text(unit.string(dwarf, name)?));
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
                let is_pointer = is_variable && is_pointer(unit, ty);
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

/// Whether an attribute says that the type is a pointer or a reference.
fn is_pointer<'a>(unit: &Unit<'a, '_>, ty: AttributeValue<Reader<'a>>) -> bool {
    let AttributeValue::UnitRef(offset) = ty else { return false };
    if !unit.has(offset) {
        return false;
    }
    let entries = unit.header.entries_raw(unit.abbreviations, Some(offset));
    let Ok(mut entries) = entries else { return false };
    match entries.read_abbreviation() {
        Ok(Some(kind)) => mark(kind.tag()).is_some() && !kind.has_children(),
        _ => false,
    }
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

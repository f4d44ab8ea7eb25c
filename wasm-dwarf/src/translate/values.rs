//! The attributes of entries that are copied as they are, by what they have.

use gimli::{AttributeValue, DwAt};

use super::bytes;
use super::made::Entry;
use crate::sections::Reader;

/// The longest text that is copied, in bytes.
pub(super) const LONGEST_TEXT: usize = 4096;

/// Those with texts.
pub(super) const TEXTS: &[DwAt] = &[
    gimli::DW_AT_name,
    gimli::DW_AT_linkage_name,
    gimli::DW_AT_MIPS_linkage_name,
    gimli::DW_AT_producer,
    gimli::DW_AT_comp_dir,
    gimli::DW_AT_const_value,
];

/// Those that refer to other entries.
pub(super) const REFERENCES: &[DwAt] = &[
    gimli::DW_AT_type,
    gimli::DW_AT_abstract_origin,
    gimli::DW_AT_specification,
    gimli::DW_AT_import,
    gimli::DW_AT_containing_type,
    gimli::DW_AT_object_pointer,
    gimli::DW_AT_upper_bound,
    gimli::DW_AT_lower_bound,
    gimli::DW_AT_count,
    gimli::DW_AT_discr,
];

/// Those with numbers, one of a few, or yes and no.
pub(super) const NUMBERS: &[DwAt] = &[
    gimli::DW_AT_language,
    gimli::DW_AT_encoding,
    gimli::DW_AT_byte_size,
    gimli::DW_AT_bit_size,
    gimli::DW_AT_bit_offset,
    gimli::DW_AT_data_bit_offset,
    gimli::DW_AT_data_member_location,
    gimli::DW_AT_alignment,
    gimli::DW_AT_upper_bound,
    gimli::DW_AT_lower_bound,
    gimli::DW_AT_count,
    gimli::DW_AT_const_value,
    gimli::DW_AT_discr_value,
    gimli::DW_AT_accessibility,
    gimli::DW_AT_virtuality,
    gimli::DW_AT_inline,
    gimli::DW_AT_declaration,
    gimli::DW_AT_prototyped,
    gimli::DW_AT_artificial,
    gimli::DW_AT_enum_class,
    gimli::DW_AT_explicit,
    gimli::DW_AT_export_symbols,
    gimli::DW_AT_default_value,
    gimli::DW_AT_GNU_vector,
    gimli::DW_AT_call_line,
    gimli::DW_AT_call_column,
];

/// Copies a number.
pub(super) fn number(entry: &mut Entry, name: DwAt, value: AttributeValue<Reader<'_>>) {
    match value {
        AttributeValue::Data1(value) => entry.set(name, gimli::DW_FORM_data1).push(value),
        AttributeValue::Data2(value) => {
            entry.set(name, gimli::DW_FORM_data2).extend(value.to_ne_bytes());
        }
        AttributeValue::Data4(value) => {
            entry.set(name, gimli::DW_FORM_data4).extend(value.to_ne_bytes());
        }
        AttributeValue::Data8(value) => {
            entry.set(name, gimli::DW_FORM_data8).extend(value.to_ne_bytes());
        }
        AttributeValue::Udata(value) => entry.unsigned(name, value),
        AttributeValue::Sdata(value) => {
            bytes::signed(entry.set(name, gimli::DW_FORM_sdata), value);
        }
        AttributeValue::Flag(true) => entry.flag(name),
        AttributeValue::Block(block) => {
            let contents = entry.set(name, gimli::DW_FORM_block);
            bytes::unsigned(contents, block.len() as u64);
            contents.extend_from_slice(block.slice());
        }
        AttributeValue::Encoding(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Language(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Accessibility(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Virtuality(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Inline(value) => entry.unsigned(name, value.0.into()),
        _ => {}
    }
}

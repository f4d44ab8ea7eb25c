//! The attributes of entries that are copied as they are, by what they have.

use gimli::{AttributeValue, DwAt, DwTag, Encoding, Expression, Operation};

use super::bytes;
use super::made::Entry;
use super::pointers;
use super::walk::Found;
use crate::sections::Reader;

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
    gimli::DW_AT_discr_list,
    gimli::DW_AT_byte_stride,
    gimli::DW_AT_bit_stride,
    gimli::DW_AT_endianity,
    gimli::DW_AT_ordering,
    gimli::DW_AT_binary_scale,
    gimli::DW_AT_decimal_scale,
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

/// Those without which an entry would mean something else, if it has them.
const MEANINGS: &[DwAt] = &[
    gimli::DW_AT_data_member_location,
    gimli::DW_AT_byte_size,
    gimli::DW_AT_bit_size,
    gimli::DW_AT_bit_offset,
    gimli::DW_AT_data_bit_offset,
    gimli::DW_AT_byte_stride,
    gimli::DW_AT_bit_stride,
    gimli::DW_AT_lower_bound,
    gimli::DW_AT_ordering,
    gimli::DW_AT_rank,
    gimli::DW_AT_data_location,
    gimli::DW_AT_allocated,
    gimli::DW_AT_associated,
    gimli::DW_AT_string_length,
    gimli::DW_AT_encoding,
    gimli::DW_AT_endianity,
    gimli::DW_AT_small,
    gimli::DW_AT_binary_scale,
    gimli::DW_AT_decimal_scale,
    gimli::DW_AT_decimal_sign,
    gimli::DW_AT_digit_count,
    gimli::DW_AT_picture_string,
    gimli::DW_AT_threads_scaled,
    gimli::DW_AT_discr,
    gimli::DW_AT_discr_value,
    gimli::DW_AT_discr_list,
];

/// What becomes of an entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    /// It is copied.
    Copied,
    /// It is a type of which not all can be copied: no more than its name is.
    Named,
    /// It is anything else of which not all can be copied.
    LeftOut,
}

/// Says what becomes of an entry: an attribute that can't be copied may change what others mean.
pub(super) fn fate(found: &Found<'_, '_>, encoding: Encoding) -> Fate {
    let mut attributes = found.attributes.iter();
    if !attributes.any(|attribute| is_lost(attribute.name(), attribute.value(), encoding)) {
        return Fate::Copied;
    }
    match found.tag {
        // What they are does not depend on any of these.
        gimli::DW_TAG_compile_unit
        | gimli::DW_TAG_partial_unit
        | gimli::DW_TAG_namespace
        | gimli::DW_TAG_module
        | gimli::DW_TAG_subprogram
        | gimli::DW_TAG_inlined_subroutine
        | gimli::DW_TAG_lexical_block => Fate::Copied,
        tag if pointers::mark(tag).is_some() => Fate::Copied,
        tag if is_type(tag) => Fate::Named,
        _ => Fate::LeftOut,
    }
}

fn is_type(tag: DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_base_type
            | gimli::DW_TAG_unspecified_type
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
            | gimli::DW_TAG_restrict_type
            | gimli::DW_TAG_atomic_type
            | gimli::DW_TAG_typedef
            | gimli::DW_TAG_structure_type
            | gimli::DW_TAG_class_type
            | gimli::DW_TAG_union_type
            | gimli::DW_TAG_enumeration_type
            | gimli::DW_TAG_array_type
            | gimli::DW_TAG_subrange_type
            | gimli::DW_TAG_subroutine_type
    )
}

/// Whether an attribute can't be copied, and others mean something else without it.
fn is_lost(name: DwAt, value: AttributeValue<Reader<'_>>, encoding: Encoding) -> bool {
    if !MEANINGS.contains(&name) {
        return false;
    }
    let is_copied = match value {
        AttributeValue::Data1(_)
        | AttributeValue::Data2(_)
        | AttributeValue::Data4(_)
        | AttributeValue::Data8(_)
        | AttributeValue::Udata(_)
        | AttributeValue::Sdata(_)
        | AttributeValue::Encoding(_)
        | AttributeValue::Endianity(_)
        | AttributeValue::Ordering(_) => NUMBERS.contains(&name),
        AttributeValue::Flag(is) => !is,
        AttributeValue::Block(_) => name == gimli::DW_AT_discr_list,
        AttributeValue::UnitRef(_) | AttributeValue::DebugInfoRef(_) => REFERENCES.contains(&name),
        AttributeValue::Exprloc(expression) => {
            name == gimli::DW_AT_data_member_location
                && member_offset(expression, encoding).is_some()
        }
        _ => false,
    };
    !is_copied
}

/// How far a member is from the start of what it is in, if that is always the same.
pub(super) fn member_offset(expression: Expression<Reader<'_>>, encoding: Encoding) -> Option<u64> {
    let mut operations = expression.operations(encoding);
    let Operation::PlusConstant { value } = operations.next().ok()?? else { return None };
    operations.next().ok()?.is_none().then_some(value)
}

/// Whether a type is a number with a fraction that debuggers would take for one of this machine,
/// which may have another one of this size.
pub(super) fn is_foreign_float(found: &Found<'_, '_>) -> bool {
    let value = |name| found.attributes.iter().find(|attribute| attribute.name() == name);
    let encoding = value(gimli::DW_AT_encoding).map(|encoding| encoding.value());
    let size = value(gimli::DW_AT_byte_size).and_then(|size| size.udata_value());
    match encoding {
        Some(AttributeValue::Encoding(
            gimli::DW_ATE_float | gimli::DW_ATE_imaginary_float | gimli::DW_ATE_decimal_float,
        )) => !matches!(size, Some(2 | 4 | 8)),
        Some(AttributeValue::Encoding(gimli::DW_ATE_complex_float)) => {
            !matches!(size, Some(4 | 8 | 16))
        }
        _ => false,
    }
}

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
        AttributeValue::Endianity(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Ordering(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Language(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Accessibility(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Virtuality(value) => entry.unsigned(name, value.0.into()),
        AttributeValue::Inline(value) => entry.unsigned(name, value.0.into()),
        _ => {}
    }
}

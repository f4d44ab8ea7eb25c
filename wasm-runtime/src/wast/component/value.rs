//! Arguments and expected results of components.

use wast::component::WastVal;
use wast::core::{WastArgCore, WastRetCore};

use super::super::value;
use crate::component::{Type, Val};
use crate::{Error, Result};

/// The value of a float that a script passes as core modules have it.
pub(super) fn float(value: &WastArgCore<'_>) -> Result<Val> {
    match value {
        WastArgCore::F32(value) => Ok(Val::Float32(f32::from_bits(value.bits))),
        WastArgCore::F64(value) => Ok(Val::Float64(f64::from_bits(value.bits))),
        _ => Err(Error::msg("this argument belongs to a core module")),
    }
}

/// Whether the value is the float that the script expects as core modules have it.
pub(super) fn matches_float(value: &Val, expected: &WastRetCore<'_>) -> Result<bool> {
    match (value, expected) {
        (Val::Float32(value), WastRetCore::F32(expected)) => {
            Ok(value::f32_matches(expected, value.to_bits()))
        }
        (Val::Float64(value), WastRetCore::F64(expected)) => {
            Ok(value::f64_matches(expected, value.to_bits()))
        }
        (_, WastRetCore::F32(_) | WastRetCore::F64(_)) => Ok(false),
        _ => Err(Error::msg("this result belongs to a core module")),
    }
}

/// The value that a script passes. Its type tells lists of a fixed length from others.
pub(super) fn argument(value: &WastVal<'_>, ty: Option<&Type>) -> Val {
    let boxed = |value: &Option<Box<WastVal<'_>>>, ty: Option<Type>| {
        value.as_ref().map(|value| Box::new(argument(value, ty.as_ref())))
    };
    match value {
        WastVal::Bool(value) => Val::Bool(*value),
        WastVal::U8(value) => Val::U8(*value),
        WastVal::S8(value) => Val::S8(*value),
        WastVal::U16(value) => Val::U16(*value),
        WastVal::S16(value) => Val::S16(*value),
        WastVal::U32(value) => Val::U32(*value),
        WastVal::S32(value) => Val::S32(*value),
        WastVal::U64(value) => Val::U64(*value),
        WastVal::S64(value) => Val::S64(*value),
        WastVal::F32(value) => Val::Float32(f32::from_bits(value.bits)),
        WastVal::F64(value) => Val::Float64(f64::from_bits(value.bits)),
        WastVal::Char(value) => Val::Char(*value),
        WastVal::String(value) => Val::String((*value).to_owned()),
        WastVal::List(values) => match ty {
            Some(Type::FixedLengthList(list)) => {
                let ty = list.ty();
                Val::FixedLengthList(values.iter().map(|v| argument(v, Some(&ty))).collect())
            }
            Some(Type::List(list)) => {
                let ty = list.ty();
                Val::List(values.iter().map(|value| argument(value, Some(&ty))).collect())
            }
            _ => Val::List(values.iter().map(|value| argument(value, None)).collect()),
        },
        WastVal::Map(entries) => {
            let types = match ty {
                Some(Type::Map(map)) => Some((map.key(), map.value())),
                _ => None,
            };
            let (of, to) = (types.as_ref().map(|t| &t.0), types.as_ref().map(|t| &t.1));
            let entry = |(k, v): &(_, _)| (argument(k, of), argument(v, to));
            Val::Map(entries.iter().map(entry).collect())
        }
        WastVal::Record(fields) => {
            let types: Vec<_> = match ty {
                Some(Type::Record(record)) => record.fields().map(|field| field.ty).collect(),
                _ => Vec::new(),
            };
            let field = |(place, (name, value)): (usize, &(&str, WastVal<'_>))| {
                ((*name).to_owned(), argument(value, types.get(place)))
            };
            Val::Record(fields.iter().enumerate().map(field).collect())
        }
        WastVal::Tuple(values) => {
            let types: Vec<_> = match ty {
                Some(Type::Tuple(tuple)) => tuple.types().collect(),
                _ => Vec::new(),
            };
            let value = |(place, value): (usize, &WastVal<'_>)| argument(value, types.get(place));
            Val::Tuple(values.iter().enumerate().map(value).collect())
        }
        WastVal::Variant(name, payload) => {
            let ty = match ty {
                Some(Type::Variant(variant)) => {
                    variant.cases().find(|case| case.name == *name).and_then(|case| case.ty)
                }
                _ => None,
            };
            Val::Variant((*name).to_owned(), boxed(payload, ty))
        }
        WastVal::Enum(name) => Val::Enum((*name).to_owned()),
        WastVal::Option(value) => {
            let ty = match ty {
                Some(Type::Option(option)) => Some(option.ty()),
                _ => None,
            };
            Val::Option(boxed(value, ty))
        }
        WastVal::Result(value) => {
            let (ok, err) = match ty {
                Some(Type::Result(result)) => (result.ok(), result.err()),
                _ => (None, None),
            };
            Val::Result(match value {
                Ok(value) => Ok(boxed(value, ok)),
                Err(value) => Err(boxed(value, err)),
            })
        }
        WastVal::Flags(names) => Val::Flags(names.iter().map(|name| (*name).to_owned()).collect()),
    }
}

/// Whether the value is what the script expects.
pub(super) fn matches(value: &Val, expected: &WastVal<'_>) -> bool {
    let all = |values: &[Val], expected: &[WastVal<'_>]| {
        values.len() == expected.len() && values.iter().zip(expected).all(|(v, e)| matches(v, e))
    };
    let optional =
        |value: &Option<Box<Val>>, expected: &Option<Box<WastVal<'_>>>| match (value, expected) {
            (Some(value), Some(expected)) => matches(value, expected),
            (None, None) => true,
            _ => false,
        };
    match (value, expected) {
        (Val::List(values) | Val::FixedLengthList(values), WastVal::List(expected))
        | (Val::Tuple(values), WastVal::Tuple(expected)) => all(values, expected),
        (Val::NumberList(numbers), WastVal::List(expected)) => all(&numbers.to_vals(), expected),
        (Val::Map(entries), WastVal::Map(expected)) => {
            entries.len() == expected.len()
                && entries
                    .iter()
                    .zip(expected)
                    .all(|((k, v), (key, value))| matches(k, key) && matches(v, value))
        }
        (Val::Record(fields), WastVal::Record(expected)) => {
            fields.len() == expected.len()
                && fields
                    .iter()
                    .zip(expected)
                    .all(|((name, value), (of, expected))| name == of && matches(value, expected))
        }
        (Val::Variant(name, payload), WastVal::Variant(of, expected)) => {
            name == of && optional(payload, expected)
        }
        (Val::Option(value), WastVal::Option(expected)) => optional(value, expected),
        (Val::Result(Ok(value)), WastVal::Result(Ok(expected)))
        | (Val::Result(Err(value)), WastVal::Result(Err(expected))) => optional(value, expected),
        // A set of flags has no order.
        (Val::Flags(flags), WastVal::Flags(expected)) => {
            flags.len() == expected.len() && flags.iter().all(|flag| expected.contains(&&**flag))
        }
        (value, expected) => *value == argument(expected, None),
    }
}

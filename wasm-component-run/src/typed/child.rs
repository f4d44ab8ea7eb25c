//! The types that a type consists of, where values have to know them, and discriminants.

#![allow(clippy::missing_errors_doc, reason = "it is for macros, and no part of the API")]

use wasm_component::{InterfaceType, TypeDef, Types, discriminant_size};
use wasm_store::{Error, Result, Trap, format_err};

use super::traits::{ComponentType, first};
use crate::context::{LiftContext, LowerContext};

/// The type of a field, case or element, if values of it ask for their type: else the type itself,
/// which nobody looks at.
#[inline]
pub fn lower_child<C: ComponentType + ?Sized, T: 'static>(
    cx: &LowerContext<'_, T>,
    ty: InterfaceType,
    place: usize,
) -> Result<InterfaceType> {
    if C::HAS_RESOURCES { child(cx.types()?, ty, place) } else { Ok(ty) }
}

/// As [`lower_child`].
#[inline]
pub fn lift_child<C: ComponentType + ?Sized>(
    cx: &LiftContext<'_>,
    ty: InterfaceType,
    place: usize,
) -> Result<InterfaceType> {
    if C::HAS_RESOURCES { child(cx.types()?, ty, place) } else { Ok(ty) }
}

fn child(types: Types<'_>, ty: InterfaceType, place: usize) -> Result<InterfaceType> {
    let missing = || format_err!("`{}` has no part {place}", ty.desc());
    let found = match types.get(ty.type_index().ok_or_else(missing)?)? {
        TypeDef::Record(fields) | TypeDef::Tuple(fields) => fields.get(place)?.map(|f| f.ty),
        TypeDef::Variant(cases) => cases.get(place)?.and_then(|case| case.ty),
        TypeDef::List(element) | TypeDef::FixedLengthList { element, .. } => Some(element),
        TypeDef::Option { some, .. } => Some(some),
        TypeDef::Result { ok, err, .. } => {
            if place == 0 {
                ok
            } else {
                err
            }
        }
        TypeDef::Map { key, value, .. } => Some(if place == 0 { key } else { value }),
        TypeDef::Enum { .. } | TypeDef::Flags(_) => None,
    };
    found.ok_or_else(missing)
}

/// Writes the discriminant of a variant with that many cases.
#[inline]
pub fn write_discriminant<T: 'static>(
    cx: &mut LowerContext<'_, T>,
    offset: usize,
    case: u32,
    cases: usize,
) -> Result<()> {
    let [a, b, c, d] = case.to_le_bytes();
    match discriminant_size(cases) {
        1 => cx.write(offset, [a]),
        2 => cx.write(offset, [a, b]),
        _ => cx.write(offset, [a, b, c, d]),
    }
}

/// Reads the discriminant of a variant with that many cases.
#[inline]
pub fn read_discriminant(bytes: &[u8], cases: usize) -> Result<u32> {
    Ok(match discriminant_size(cases) {
        1 => u32::from(first::<1>(bytes)?[0]),
        2 => u32::from(u16::from_le_bytes(first(bytes)?)),
        _ => u32::from_le_bytes(first(bytes)?),
    })
}

/// Refuses a discriminant that is none.
#[cold]
#[inline(never)]
pub fn bad_discriminant<R>(found: u32, cases: usize) -> Result<R> {
    Err(Error::new(Trap::InvalidDiscriminant)
        .context(format!("unexpected discriminant: {found}, of {cases} cases")))
}

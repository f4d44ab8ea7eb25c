//! Comparing Rust types with types of a component.

#![allow(clippy::missing_errors_doc, reason = "it is for macros, and no part of the API")]

use wasm_component::{Fields, InterfaceType, TypeDef};
use wasm_store::error::Context;
use wasm_store::{Result, bail, format_err};

use crate::types::InstanceType;

/// The check of a Rust type.
pub type Check = fn(&InterfaceType, &InstanceType<'_>) -> Result<()>;

/// Refuses a type of another kind than the expected one.
#[cold]
pub(super) fn mismatch<T>(expected: &str, found: &InterfaceType) -> Result<T> {
    Err(format_err!("expected `{expected}` found `{}`", found.desc()))
}

pub(super) fn typecheck_primitive(expected: InterfaceType, found: &InterfaceType) -> Result<()> {
    if expected == *found { Ok(()) } else { mismatch(expected.desc(), found) }
}

/// What a type with an index consists of; `None` for other types.
pub(super) fn definition<'a>(
    ty: &InterfaceType,
    types: &InstanceType<'a>,
) -> Result<Option<TypeDef<'a>>> {
    match ty.type_index() {
        Some(index) => Ok(Some(types.types()?.get(index)?)),
        None => Ok(None),
    }
}

/// Checks that a type is a record with these fields.
pub fn typecheck_record(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    expected: &[(&str, Check)],
) -> Result<()> {
    let Some(TypeDef::Record(fields)) = definition(ty, types)? else {
        return mismatch("record", ty);
    };
    if fields.len() != expected.len() {
        bail!("expected record of {} fields, found {} fields", expected.len(), fields.len());
    }
    for (field, (name, check)) in fields.iter().zip(expected) {
        let field = field?;
        check_name("record field", name, field.name)?;
        check(&field.ty, types).with_context(|| format!("type mismatch for field {name}"))?;
    }
    Ok(())
}

/// Checks that a type is a tuple of these types.
pub(super) fn typecheck_tuple(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    expected: &[Check],
) -> Result<()> {
    match definition(ty, types)? {
        Some(TypeDef::Tuple(fields)) => typecheck_values(fields, types, expected),
        _ => mismatch("tuple", ty),
    }
}

fn typecheck_values(
    fields: Fields<'_>,
    types: &InstanceType<'_>,
    expected: &[Check],
) -> Result<()> {
    if fields.len() != expected.len() {
        bail!("expected {}-tuple, found {}-tuple", expected.len(), fields.len());
    }
    for (place, (field, check)) in fields.iter().zip(expected).enumerate() {
        check(&field?.ty, types).with_context(|| format!("type mismatch for value {place}"))?;
    }
    Ok(())
}

/// Checks that a type is a variant with these cases.
pub fn typecheck_variant(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    expected: &[(&str, Option<Check>)],
) -> Result<()> {
    let Some(TypeDef::Variant(cases)) = definition(ty, types)? else {
        return mismatch("variant", ty);
    };
    if cases.len() != expected.len() {
        bail!("expected variant of {} cases, found {} cases", expected.len(), cases.len());
    }
    for (case, (name, check)) in cases.iter().zip(expected) {
        let case = case?;
        check_name("variant case", name, case.name)?;
        match (check, case.ty) {
            (Some(check), Some(ty)) => {
                check(&ty, types).with_context(|| format!("type mismatch for case {name}"))?;
            }
            (None, None) => {}
            (Some(_), None) => bail!("case `{name}` has no type but one was expected"),
            (None, Some(ty)) => {
                bail!("case `{name}` has type `{}` but none was expected", ty.desc());
            }
        }
    }
    Ok(())
}

/// Checks that a type is an enumeration with these cases.
pub fn typecheck_enum(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    expected: &[&str],
) -> Result<()> {
    let Some(TypeDef::Enum { labels, .. }) = definition(ty, types)? else {
        return mismatch("enum", ty);
    };
    if labels.len() != expected.len() {
        bail!("expected enum of {} names, found {} names", expected.len(), labels.len());
    }
    labels.iter().zip(expected).try_for_each(|(found, name)| check_name("enum case", name, found?))
}

/// Checks that a type is one of these flags.
pub fn typecheck_flags(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    expected: &[&str],
) -> Result<()> {
    let Some(TypeDef::Flags(labels)) = definition(ty, types)? else {
        return mismatch("flags", ty);
    };
    if labels.len() != expected.len() {
        bail!("expected flags type with {} names, found {} names", expected.len(), labels.len());
    }
    labels.iter().zip(expected).try_for_each(|(found, name)| check_name("flag", name, found?))
}

fn check_name(what: &str, expected: &str, found: &str) -> Result<()> {
    if expected != found {
        bail!("expected {what} named `{expected}`, found `{found}`");
    }
    Ok(())
}

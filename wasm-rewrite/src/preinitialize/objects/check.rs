//! Whether the objects of a state are those of the module's types.

use wasm_types::{ObjectState, RefState};
use wasmparser::{CompositeInnerType, StorageType, ValType};

use super::{Objects, has_default, mismatch, size_of};
use crate::error::{Error, ErrorKind};

/// Checks what the rest relies on. Whether each value has the type of its place is left to the
/// validation of the output.
pub(super) fn objects(objects: &Objects<'_>, functions: u32) -> Result<(), Error> {
    for (number, state) in (0..).zip(objects.states) {
        let Some(ty) = objects.types.get(state.ty().index()) else {
            return Err(mismatch(
                number,
                &format!(
                    "its type is {}, but the module has {} types",
                    state.ty(),
                    objects.types.len()
                ),
            ));
        };
        match (state, &ty.composite_type.inner) {
            (ObjectState::Struct(_, fields), CompositeInnerType::Struct(ty)) => {
                if fields.len() != ty.fields.len() {
                    return Err(mismatch(
                        number,
                        &format!("it has {} fields, its type {}", fields.len(), ty.fields.len()),
                    ));
                }
            }
            (ObjectState::Array(..), CompositeInnerType::Array(ty))
                if matches!(ty.0.element_type, StorageType::Val(ValType::Ref(_))) => {}
            (ObjectState::Numbers(_, bytes), CompositeInnerType::Array(ty))
                if !matches!(ty.0.element_type, StorageType::Val(ValType::Ref(_)))
                    && bytes.len().is_multiple_of(size_of(ty.0.element_type)) => {}
            _ => return Err(mismatch(number, "it is not what its type says")),
        }
        for (_, reference) in state.references() {
            match reference {
                RefState::Object(target) if target as usize >= objects.states.len() => {
                    let most = objects.states.len();
                    let what = format!("it refers to object {target}, and there are {most}");
                    return Err(mismatch(number, &what));
                }
                RefState::Func(function) if function.as_u32() >= functions => {
                    return Err(mismatch(
                        number,
                        &format!(
                            "it refers to function {function}, but the module has {functions} functions"
                        ),
                    ));
                }
                _ => {}
            }
        }
        long(objects, number)?;
    }
    Ok(())
}

/// Checks that an array that is too long for one operator can be filled later.
fn long(objects: &Objects<'_>, number: u32) -> Result<(), Error> {
    let Some(element) = objects.element(number) else { return Ok(()) };
    if !objects.is_long(number) || element.mutable && has_default(element.element_type) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unrepresentable,
        format!(
            "object {number} of the state is an array of more than {} elements, whose type {} does not allow \
             to set them one by one: a module can't say what it holds. Let the program make it anew when \
             it is first used, and not before its state is taken",
            super::LONGEST,
            objects.states[number as usize].ty()
        ),
    ))
}

//! The functions that objects refer to, in terms that hold in every store.

use std::collections::BTreeMap;

use wasm_types::StorageType;

use super::unnamed;
use crate::Error;
use crate::vm::gc::ObjectType;
use crate::vm::state::snapshot::{FuncName, Names, VmState, is_function};

/// The functions that the objects refer to that forks get.
pub(super) fn object_functions(
    state: &VmState,
    names: &Names,
) -> Result<BTreeMap<u32, FuncName>, Error> {
    let mut functions = BTreeMap::new();
    let image = &state.held.image;
    for place in 0..state.held.forked {
        let object = image.object(place);
        if matches!(object.ty(), ObjectType::Exception(_)) {
            return Err(Error::msg(
                "the snapshot refers to an exception, whose tag has no counterpart elsewhere; the \
                 snapshot can be restored in its own store",
            ));
        }
        if image.functions.is_empty() {
            continue;
        }
        for (storage, value) in object.values() {
            if let StorageType::Val(ty) = storage
                && is_function(ty)
                && let Some(func) = image.functions.get(&(value as u32))
            {
                let name = names.of(*func).ok_or_else(|| unnamed("an object of the heap"))?;
                functions.insert(value as u32, name);
            }
        }
    }
    Ok(functions)
}

//! The functions that objects refer to, and the tags of exceptions, in terms that hold in every
//! store.

use std::collections::BTreeMap;

use super::unnamed;
use crate::Error;
use crate::vm::state::snapshot::{FuncName, Names, TagName, VmState};

/// The functions that the objects refer to that forks get.
pub(super) fn object_functions(
    state: &VmState,
    names: &Names,
) -> Result<BTreeMap<u32, FuncName>, Error> {
    let mut functions = BTreeMap::new();
    let image = &state.held.image;
    for number in image.functions_of(state.held.forked) {
        if let Some(func) = image.functions.get(&number) {
            let name = names.of(*func).ok_or_else(|| unnamed("an object of the heap"))?;
            functions.insert(number, name);
        }
    }
    Ok(functions)
}

/// The tags of the exceptions that forks get.
pub(super) fn object_tags(state: &VmState, names: &Names) -> Result<BTreeMap<u32, TagName>, Error> {
    let mut tags = BTreeMap::new();
    for number in state.held.image.tags(state.held.forked) {
        let name = names.numbered_tag(number).ok_or_else(|| {
            Error::msg(
                "the snapshot refers to an exception whose tag no instance of the snapshot defines or \
                 imports, so that it has no counterpart elsewhere; the snapshot can be restored in its \
                 own store",
            )
        })?;
        tags.insert(number, name);
    }
    Ok(tags)
}

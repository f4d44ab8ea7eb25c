//! What all instances of a module share.

#![allow(unsafe_code)]

use std::sync::Arc;

use wasm_loader::Loaded;
use wasm_types::FuncIndex;
use wasm_types::abi::ContextLayout;

use super::layout::FuncTypeRecord;
use crate::Error;

/// A loaded module, with its types as the engine knows them.
#[derive(Debug)]
pub(crate) struct VmModule {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) layout: ContextLayout,
    /// By type index; null for types that are not those of functions.
    pub(crate) types: Box<[*const FuncTypeRecord]>,
    /// The engine-wide ids, as they stand in every instance context.
    pub(super) type_ids: Box<[u32]>,
}

// SAFETY: the records of types are never written after they were made, and live as long as the
// engine, which every module keeps alive.
unsafe impl Send for VmModule {}
// SAFETY: as above.
unsafe impl Sync for VmModule {}

impl VmModule {
    /// A module from its artifact and its function types, by type index (null for other types).
    pub(crate) fn new(
        loaded: Arc<Loaded>,
        types: Box<[*const FuncTypeRecord]>,
    ) -> Result<Self, Error> {
        let layout = loaded.artifact().context_layout().map_err(Error::new)?;
        let type_ids = types
            .iter()
            .map(|record| {
                // SAFETY: a record that is not null is the engine's, which lives.
                unsafe { record.as_ref() }.map_or(wasm_types::abi::NO_TYPE_ID - 1, |r| r.id)
            })
            .collect();
        Ok(Self { loaded, layout, types, type_ids })
    }

    /// The record of a function's type; null only in a damaged artifact.
    pub(super) fn type_of(&self, func: FuncIndex) -> *const FuncTypeRecord {
        let ty = self.loaded.artifact().function_type(func).ok();
        ty.and_then(|ty| self.types.get(ty.index()).copied()).unwrap_or(std::ptr::null())
    }
}

/// How far below its frame pointer the function at an address keeps its instance context, if it
/// does.
pub(super) fn frame_slot(pc: usize) -> Option<u32> {
    let loaded = wasm_loader::registry::find(pc)?;
    let artifact = loaded.artifact();
    let func = artifact.function_at(loaded.text_offset(pc)?)?;
    artifact.frame_slot(FuncIndex::new(artifact.counts().imported_functions + func.as_u32()))
}

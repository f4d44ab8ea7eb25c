//! The definition for a single import, for callers that do not instantiate a module with all of its
//! imports.

use super::Linker;
use crate::error::Result;
use crate::items::Definition;
use crate::store::StoreOpaque;
use crate::types::ImportType;

impl<T> Linker<T> {
    /// The definition that an import names. The size of a table or memory of the given store is
    /// brought up to date.
    pub(crate) fn definition_for(
        &self,
        import: &ImportType<'_>,
        store: Option<&StoreOpaque>,
    ) -> Result<Definition> {
        let mut item = self.definition(import)?.clone();
        if let Some(store) = store {
            item.update_size(store);
        }
        Ok(item)
    }
}

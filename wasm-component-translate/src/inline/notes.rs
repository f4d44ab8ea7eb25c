//! What a component says of its imports and exports beside their names: which interface one
//! implements, and what it is outside.

use wasm_component::Note;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId, ComponentItem};

use crate::error::Error;
use crate::inline::Inliner;
use crate::types::known;

impl Inliner<'_> {
    /// Notes what is said of an import or export, and of what is in it.
    ///
    /// This calls itself as deep as instances lie in each other, which is limited.
    pub(super) fn note(
        &mut self,
        is_export: bool,
        path: &str,
        item: &ComponentItem,
    ) -> Result<(), Error> {
        if says_anything(item) {
            self.count(1)?;
            let implements = item.full_implements();
            self.out.builder.note(&Note {
                is_export,
                path,
                implements: implements.as_deref(),
                external_id: item.external_id.as_deref(),
            })?;
        }
        let ComponentEntityType::Instance(id) = item.ty else { return Ok(()) };
        if !self.says_anything_inside(id)? {
            return Ok(());
        }
        let types = self.out.converter.types();
        for (name, item) in &known(types.get(id))?.exports {
            let mut path = path.to_owned();
            path.push(Note::SEPARATOR);
            path.push_str(name);
            self.count(path.len())?;
            self.note(is_export, &path, item)?;
        }
        Ok(())
    }

    /// Whether anything is said of what is in instances of a type. Each type is looked at once.
    fn says_anything_inside(&mut self, id: ComponentInstanceTypeId) -> Result<bool, Error> {
        if let Some(known) = self.noted.get(&id) {
            return Ok(*known);
        }
        let types = self.out.converter.types();
        let mut says = false;
        for item in known(types.get(id))?.exports.values() {
            says |= says_anything(item);
            if let ComponentEntityType::Instance(id) = item.ty {
                says |= self.says_anything_inside(id)?;
            }
        }
        self.noted.insert(id, says);
        Ok(says)
    }
}

fn says_anything(item: &ComponentItem) -> bool {
    item.implements.is_some() || item.external_id.is_some()
}

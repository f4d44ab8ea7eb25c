//! What the component itself imports.

use std::collections::HashMap;

use wasm_component::ResourceOrigin;
use wasm_component::write::ItemTree;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};

use crate::error::Error;
use crate::inline::Inliner;
use crate::inline::items::{FuncDef, ItemDef, ModuleDef, TypeDef};
use crate::types::{Scope, known};

impl<'a> Inliner<'a> {
    /// An import of the component, and what stands for it in the plan: nothing for types that mean
    /// nothing when it runs.
    pub(super) fn import(
        &mut self,
        scope: &mut Scope,
        name: &'a str,
        ty: &ComponentEntityType,
    ) -> Result<(ItemDef<'a>, Option<ItemTree<'a>>), Error> {
        self.count(1)?;
        let out = &mut self.out;
        Ok(match ty {
            ComponentEntityType::Func(id) => {
                let ty = out.converter.func(out.builder.types(), scope, *id)?;
                let import = out.builder.import()?;
                let tree = ItemTree::ImportedFunc { import, ty };
                (ItemDef::Func(FuncDef::Imported(import)), Some(tree))
            }
            ComponentEntityType::Module(id) => {
                let ty = out.module_type(*id)?;
                let import = out.builder.import()?;
                let tree = ItemTree::ImportedModule { import, ty };
                (ItemDef::Module(ModuleDef::Imported { import, ty: *id }), Some(tree))
            }
            ComponentEntityType::Instance(id) => {
                let types = out.converter.types();
                let exports = &known(types.get(*id))?.exports;
                let mut items = HashMap::with_capacity(exports.len());
                let mut trees = Vec::with_capacity(exports.len());
                for (name, item) in exports {
                    let (item, tree) = self.import(scope, name, &item.ty)?;
                    items.insert(name.as_str(), item);
                    trees.extend(tree.map(|tree| (name.as_str(), tree)));
                }
                (ItemDef::Instance(self.instance(items)?), Some(ItemTree::Instance(trees)))
            }
            ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(id), .. } => {
                let resource = match scope.resource(id.resource()) {
                    Some(known) => known,
                    None => {
                        let import = out.builder.import()?;
                        let origin = ResourceOrigin::Imported(import);
                        let resource = out.builder.resource(origin, name)?;
                        scope.bind(id.resource(), resource);
                        resource
                    }
                };
                let item = ItemDef::Type(TypeDef::Resource(resource));
                (item, Some(ItemTree::Resource(resource)))
            }
            ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } => {
                let ty = out.converter.defined(out.builder.types(), scope, *id)?;
                (ItemDef::Type(TypeDef::Other), Some(ItemTree::Type(ty)))
            }
            ComponentEntityType::Type { .. } => (ItemDef::Type(TypeDef::Other), None),
            ComponentEntityType::Component(_) => {
                // Wasmtime's words, and the name.
                return Err(Error::unsupported(format!(
                    "root-level component imports are not supported: `{name}`"
                )));
            }
            ComponentEntityType::Value(_) => {
                return Err(Error::unsupported(format!("importing a value, as `{name}`")));
            }
        })
    }
}

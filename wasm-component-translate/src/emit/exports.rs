//! What the component exports.

use wasm_component::write::ItemTree;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};

use crate::emit::Emitter;
use crate::error::{Error, ErrorKind};
use crate::inline::items::{FuncDef, ItemDef, ModuleDef, TypeDef};
use crate::types::known;

impl<'a> Emitter<'_, 'a> {
    pub(super) fn exports(&mut self) -> Result<(), Error> {
        let exports = std::mem::take(&mut self.inlined.exports);
        let mut trees = Vec::with_capacity(exports.len());
        for (name, ty, item) in &exports {
            trees.extend(self.export(name, ty, item)?.map(|tree| (*name, tree)));
        }
        Ok(self.inlined.builder.exports(&trees)?)
    }

    /// What stands for an export in the plan: what its type says, and nothing for types that mean
    /// nothing when it runs.
    ///
    /// This calls itself as deep as instances lie in each other, which is limited.
    fn export(
        &mut self,
        name: &'a str,
        ty: &ComponentEntityType,
        item: &ItemDef<'a>,
    ) -> Result<Option<ItemTree<'a>>, Error> {
        let inlined = &mut self.inlined;
        Ok(Some(match (ty, item) {
            (ComponentEntityType::Func(id), ItemDef::Func(FuncDef::Lifted(lifted))) => {
                let types = inlined.builder.types();
                let ty = inlined.converter.func(types, &mut inlined.scope, *id)?;
                let options = self.options(&lifted.options)?;
                ItemTree::LiftedFunc { def: self.core_def(&lifted.callee)?, ty, options }
            }
            (ComponentEntityType::Func(_), ItemDef::Func(FuncDef::Imported(_))) => {
                // Wasmtime's words, as below.
                return Err(Error::unsupported(format!(
                    "component export `{name}` is a reexport of an imported function which is not \
                     implemented"
                )));
            }
            (ComponentEntityType::Func(_), ItemDef::Func(FuncDef::Unsupported(what))) => {
                return Err(Error::unsupported(format!("{what}, in the export `{name}`")));
            }
            (ComponentEntityType::Module(id), ItemDef::Module(module)) => {
                let ty = inlined.module_type(*id)?;
                match *module {
                    ModuleDef::Static(module) => ItemTree::StaticModule { module, ty },
                    ModuleDef::Imported { import, .. } => ItemTree::ImportedModule { import, ty },
                }
            }
            (ComponentEntityType::Instance(id), ItemDef::Instance(instance)) => {
                let types = inlined.converter.types();
                let exports = &known(types.get(*id))?.exports;
                let mut trees = Vec::with_capacity(exports.len());
                for (name, item) in exports {
                    let name = name.as_str();
                    let def = instance.items.get(name).ok_or_else(|| missing(name))?;
                    trees.extend(self.export(name, &item.ty, def)?.map(|tree| (name, tree)));
                }
                ItemTree::Instance(trees)
            }
            (
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. },
                ItemDef::Type(TypeDef::Resource(resource)),
            ) => {
                inlined.builder.name_resource(*resource, name)?;
                ItemTree::Resource(*resource)
            }
            (ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. }, _) => {
                let types = inlined.builder.types();
                ItemTree::Type(inlined.converter.defined(types, &mut inlined.scope, *id)?)
            }
            (ComponentEntityType::Type { .. }, _) => return Ok(None),
            (ComponentEntityType::Component(_), _) => {
                return Err(Error::unsupported(format!(
                    "exporting a component from the root component is not supported: `{name}`"
                )));
            }
            (ComponentEntityType::Value(_), _) => {
                return Err(Error::unsupported(format!("exporting a value, as `{name}`")));
            }
            _ => return Err(missing(name)),
        }))
    }
}

fn missing(name: &str) -> Error {
    let message = format!("the component exports `{name}`, which does not exist");
    Error::new(ErrorKind::Invalid, message)
}

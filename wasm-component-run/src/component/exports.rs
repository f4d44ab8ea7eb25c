//! The exports of a component, looked up once.

use wasm_component::{CoreDef, FuncTypeIndex, Item, Items, OptionsIndex, StaticModuleIndex, track};
use wasm_component::{ImportIndex, InterfaceType, ModuleTypeIndex, ResourceIndex};
use wasm_store::{Result, bail};

use super::program::Defs;
use super::{Component, Def, Signature};
use crate::types;
use crate::types::ComponentItem;

/// How deep instances in instances may be exported.
const MAX_DEPTH: usize = 100;

/// An export that was looked up by name: see [`Component::get_export_index`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ComponentExportIndex {
    component: u64,
    /// The place in the list of all exports.
    place: usize,
}

/// What exports are looked up by: a name, or the index that a lookup by name returned.
pub trait ExportLookup {
    /// The index of the export.
    #[doc(hidden)]
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex>;
}

impl<N: AsRef<str> + ?Sized> ExportLookup for &N {
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex> {
        component.get_export_index(None, self.as_ref())
    }
}

impl ExportLookup for str {
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex> {
        component.get_export_index(None, self)
    }
}

impl ExportLookup for String {
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex> {
        component.get_export_index(None, self)
    }
}

impl ExportLookup for &ComponentExportIndex {
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex> {
        (**self).lookup(component)
    }
}

impl ExportLookup for ComponentExportIndex {
    fn lookup(&self, component: &Component) -> Option<ComponentExportIndex> {
        (self.component == component.id()).then_some(*self)
    }
}

/// All exports, those of exported instances among them.
pub(crate) struct Exports {
    all: Vec<Export>,
    /// Those of the component itself, in their order.
    root: Vec<usize>,
    /// The functions among them.
    funcs: Vec<LiftedFunc>,
}

struct Export {
    name: Box<str>,
    item: ExportItem,
}

/// What is exported.
#[derive(Clone, Debug)]
pub(crate) enum ExportItem {
    /// A function, by its number among all that are exported.
    Func(usize),
    ImportedFunc(FuncTypeIndex),
    Module(StaticModuleIndex, ModuleTypeIndex),
    ImportedModule(ImportIndex, ModuleTypeIndex),
    /// By the places of its items.
    Instance(Vec<usize>),
    Type(InterfaceType),
    Resource(ResourceIndex),
}

/// A core function that is lifted.
#[derive(Debug)]
pub(crate) struct LiftedFunc {
    pub(crate) def: Def,
    pub(crate) options: OptionsIndex,
    pub(crate) signature: Signature,
}

impl Exports {
    pub(super) fn new(component: &Component) -> Result<Self> {
        let plan = component.checked_plan()?;
        let mut exports = Self { all: Vec::new(), root: Vec::new(), funcs: Vec::new() };
        let defs = Defs::new(component, plan)?;
        exports.root = exports.add_all(component, &defs, plan.exports()?, 0)?;
        Ok(exports)
    }

    fn add_all(
        &mut self,
        component: &Component,
        defs: &Defs<'_>,
        items: Items<'_>,
        depth: usize,
    ) -> Result<Vec<usize>> {
        if depth > MAX_DEPTH {
            bail!("instances are exported in each other more than {MAX_DEPTH} deep");
        }
        let mut places = Vec::with_capacity(items.len());
        for found in items.iter() {
            let found = found?;
            let item = match found.item {
                Item::LiftedFunc { def, ty, options } => {
                    ExportItem::Func(self.add_func(component, defs, def, ty, options)?)
                }
                Item::ImportedFunc { ty, .. } => ExportItem::ImportedFunc(ty),
                Item::StaticModule { module, ty } => ExportItem::Module(module, ty),
                Item::ImportedModule { import, ty } => ExportItem::ImportedModule(import, ty),
                Item::Instance(items) => {
                    ExportItem::Instance(self.add_all(component, defs, items, depth + 1)?)
                }
                Item::Type(ty) => ExportItem::Type(ty),
                Item::Resource(resource) => ExportItem::Resource(resource),
                _ => bail!("the export `{}` is of a kind that is not known here", found.name),
            };
            places.push(self.all.len());
            self.all.push(Export { name: found.name.into(), item });
        }
        Ok(places)
    }

    fn add_func(
        &mut self,
        component: &Component,
        defs: &Defs<'_>,
        def: CoreDef<'_>,
        ty: FuncTypeIndex,
        options: OptionsIndex,
    ) -> Result<usize> {
        let signature = Signature::new(component.types()?, ty)?;
        self.funcs.push(LiftedFunc { def: defs.resolve(def)?, options, signature });
        Ok(self.funcs.len() - 1)
    }

    /// The functions that are exported.
    pub(crate) fn funcs(&self) -> &[LiftedFunc] {
        &self.funcs
    }

    /// What an index stands for. `None` if it is of another component.
    pub(crate) fn item(
        &self,
        component: &Component,
        index: &ComponentExportIndex,
    ) -> Option<&ExportItem> {
        if index.component != component.id() {
            return None;
        }
        Some(&self.all.get(index.place)?.item)
    }

    pub(super) fn find(
        &self,
        component: &Component,
        instance: Option<&ComponentExportIndex>,
        name: &str,
    ) -> Option<ComponentExportIndex> {
        let places = match instance {
            None => &self.root,
            Some(index) => match self.item(component, index)? {
                ExportItem::Instance(places) => places,
                _ => return None,
            },
        };
        let place = self.exactly(places, name).or_else(|| self.compatibly(places, name))?;
        Some(ComponentExportIndex { component: component.id(), place })
    }

    fn named<'a>(&'a self, places: &'a [usize]) -> impl Iterator<Item = (usize, &'a str)> {
        places.iter().filter_map(|place| Some((*place, &*self.all.get(*place)?.name)))
    }

    fn exactly(&self, places: &[usize], name: &str) -> Option<usize> {
        self.named(places).find(|(_, other)| *other == name).map(|(place, _)| place)
    }

    /// The highest version that can stand for that of the name.
    fn compatibly(&self, places: &[usize], name: &str) -> Option<usize> {
        let (key, _) = track(name)?;
        self.named(places)
            .filter_map(|(place, other)| {
                let (of, version) = track(other)?;
                (of == key).then_some((version, place))
            })
            .max()
            .map(|(_, place)| place)
    }

    /// The type of what an index stands for.
    pub(crate) fn item_type(
        &self,
        component: &Component,
        index: &ComponentExportIndex,
    ) -> Option<ComponentItem> {
        let item = match self.item(component, index)? {
            ExportItem::Func(number) => {
                types::Handle::new(component, None).func(self.funcs.get(*number)?.signature.ty)
            }
            ExportItem::ImportedFunc(ty) => types::Handle::new(component, None).func(*ty),
            ExportItem::Module(_, ty) | ExportItem::ImportedModule(_, ty) => {
                types::Handle::new(component, None).module(*ty)
            }
            ExportItem::Instance(places) => {
                let names = self.named(places).map(|(place, name)| (name.to_owned(), place));
                let items = names.filter_map(|(name, place)| {
                    let index = ComponentExportIndex { component: component.id(), place };
                    Some((name, self.item_type(component, &index)?))
                });
                ComponentItem::ComponentInstance(types::ComponentInstance::of(items))
            }
            ExportItem::Type(ty) => types::Handle::new(component, None).value(*ty),
            ExportItem::Resource(resource) => {
                let ty = component.instance_type().resource_type(*resource);
                ComponentItem::Resource(ty)
            }
        };
        Some(item)
    }
}

//! Types of what components import and export.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_component::{FuncTypeIndex, Item, Items, ModuleTypeIndex, Note, is_compatible};
use wasm_store::{Engine, ExternType, FuncType, Result};

use super::core::extern_type;
use super::handle::Handle;
use super::{InstanceType, ResourceType, ResourceTypes, Type};

/// The type of a function.
#[derive(Clone, Debug)]
pub struct ComponentFunc {
    handle: Handle,
    ty: FuncTypeIndex,
}

impl ComponentFunc {
    pub(crate) fn new(handle: Handle, ty: FuncTypeIndex) -> Self {
        Self { handle, ty }
    }

    /// The number of the type in its component.
    pub(crate) fn index(&self) -> FuncTypeIndex {
        self.ty
    }

    fn def(&self) -> wasm_component::FuncType<'_> {
        let types = self.handle.component().types();
        let def = types.and_then(|types| Ok(types.func(self.ty)?));
        def.expect("all types of the plan were looked at before one was found in it")
    }

    /// Whether it is an `async` function: none is yet.
    pub fn async_(&self) -> bool {
        false
    }

    /// The parameters, with their names.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, Type)> + '_ {
        let params = self.def().params().iter().flatten();
        let params: Vec<_> =
            params.map(|field| (field.name, Type::new(&self.handle, field.ty))).collect();
        params.into_iter()
    }

    /// The results: one or none.
    pub fn results(&self) -> impl ExactSizeIterator<Item = Type> + '_ {
        let result = self.def().result().ok().flatten();
        result.map(|ty| Type::new(&self.handle, ty)).into_iter()
    }
}

/// The type of a core module.
#[derive(Clone, Debug)]
pub struct Module {
    handle: Handle,
    ty: ModuleTypeIndex,
}

impl Module {
    pub(crate) fn new(handle: Handle, ty: ModuleTypeIndex) -> Self {
        Self { handle, ty }
    }

    fn def(&self) -> wasm_component::ModuleType<'_> {
        let plan = self.handle.component().plan();
        let def = plan.and_then(|plan| Ok(plan.module_type(self.ty)?));
        def.expect("all types of the plan were looked at before one was found in it")
    }

    /// The imports: both names, and the type.
    pub fn imports<'a>(
        &'a self,
        engine: &'a Engine,
    ) -> impl ExactSizeIterator<Item = ((&'a str, &'a str), ExternType)> + 'a {
        let items: Vec<_> = self
            .def()
            .imports()
            .iter()
            .flatten()
            .filter_map(|item| {
                Some(((item.module, item.name), extern_type(engine, &item.ty).ok()?))
            })
            .collect();
        items.into_iter()
    }

    /// The exports: the name, and the type.
    pub fn exports<'a>(
        &'a self,
        engine: &'a Engine,
    ) -> impl ExactSizeIterator<Item = (&'a str, ExternType)> + 'a {
        let items: Vec<_> = self
            .def()
            .exports()
            .iter()
            .flatten()
            .filter_map(|item| Some((item.name, extern_type(engine, &item.ty).ok()?)))
            .collect();
        items.into_iter()
    }
}

/// What is imported or exported.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ComponentItem {
    /// A function.
    ComponentFunc(ComponentFunc),
    /// A core function.
    CoreFunc(FuncType),
    /// A core module.
    Module(Module),
    /// A component.
    Component(Component),
    /// An instance.
    ComponentInstance(ComponentInstance),
    /// A type of values.
    Type(Type),
    /// A type of resources.
    Resource(ResourceType),
}

/// Something that is imported or exported, with what is said of it.
#[derive(Clone, Debug)]
pub struct ComponentExtern<'a> {
    /// What it is.
    pub ty: ComponentItem,
    /// The interface that it implements, if that is not its name.
    pub implements: Option<&'a str>,
    /// What it is outside: a text of whoever made the component, for the host.
    pub external_id: Option<&'a str>,
}

impl ComponentExtern<'_> {
    /// Whether it implements the interface of that name, or a compatible one.
    pub fn is_implements(&self, name: &str) -> bool {
        self.implements.is_some_and(|implements| is_compatible(implements, name))
    }
}

/// An item, its name, and what is said of it.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    ty: ComponentItem,
    implements: Option<Box<str>>,
    external_id: Option<Box<str>>,
}

impl Named {
    fn shown(&self) -> ComponentExtern<'_> {
        ComponentExtern {
            ty: self.ty.clone(),
            implements: self.implements.as_deref(),
            external_id: self.external_id.as_deref(),
        }
    }
}

/// What is said of items, by the names that lead to them.
type Notes<'a> = HashMap<&'a str, Note<'a>>;

/// The type of an instance.
#[derive(Clone, Debug)]
pub struct ComponentInstance {
    exports: Arc<[Named]>,
}

impl ComponentInstance {
    fn new(exports: Vec<Named>) -> Self {
        Self { exports: exports.into() }
    }

    /// Of exports of which nothing is said.
    pub(crate) fn of(exports: impl Iterator<Item = (String, ComponentItem)>) -> Self {
        let named = |(name, ty)| Named { name, ty, implements: None, external_id: None };
        Self { exports: exports.map(named).collect() }
    }

    /// An export by its name.
    pub fn get_export<'a>(&'a self, _: &'a Engine, name: &str) -> Option<ComponentExtern<'a>> {
        find(&self.exports, name)
    }

    /// The exports, in their order.
    pub fn exports<'a>(
        &'a self,
        _: &'a Engine,
    ) -> impl ExactSizeIterator<Item = (&'a str, ComponentExtern<'a>)> + 'a {
        all(&self.exports)
    }
}

/// What a component imports and exports.
#[derive(Clone, Debug)]
pub struct Component {
    handle: Handle,
    imports: Arc<[Named]>,
    exports: Arc<[Named]>,
}

impl Component {
    pub(crate) fn new(component: &crate::Component, resources: Option<ResourceTypes>) -> Component {
        let handle = Handle::new(component, resources);
        let plan = component.checked_plan();
        let plan = plan.as_ref().ok();
        let notes: Vec<Note<'_>> =
            plan.iter().flat_map(|plan| plan.notes()).map_while(|note| note.ok()).collect();
        let notes_of = |is_export: bool| -> Notes<'_> {
            let notes = notes.iter().filter(|note| note.is_export == is_export);
            notes.map(|note| (note.path, *note)).collect()
        };
        let imports =
            plan.and_then(|plan| list(&handle, plan.imports().ok()?, &notes_of(false), "").ok());
        let exports =
            plan.and_then(|plan| list(&handle, plan.exports().ok()?, &notes_of(true), "").ok());
        Component {
            imports: imports.unwrap_or_default().into(),
            exports: exports.unwrap_or_default().into(),
            handle,
        }
    }

    /// An import by its name.
    pub fn get_import<'a>(&'a self, _: &'a Engine, name: &str) -> Option<ComponentExtern<'a>> {
        find(&self.imports, name)
    }

    /// The imports, in their order.
    pub fn imports<'a>(
        &'a self,
        _: &'a Engine,
    ) -> impl ExactSizeIterator<Item = (&'a str, ComponentExtern<'a>)> + 'a {
        all(&self.imports)
    }

    /// An export by its name.
    pub fn get_export<'a>(&'a self, _: &'a Engine, name: &str) -> Option<ComponentExtern<'a>> {
        find(&self.exports, name)
    }

    /// The exports, in their order.
    pub fn exports<'a>(
        &'a self,
        _: &'a Engine,
    ) -> impl ExactSizeIterator<Item = (&'a str, ComponentExtern<'a>)> + 'a {
        all(&self.exports)
    }

    /// The types that it is written with.
    pub fn instance_type(&self) -> InstanceType<'_> {
        self.handle.instance_type()
    }
}

fn find<'a>(items: &'a [Named], name: &str) -> Option<ComponentExtern<'a>> {
    let exact = items.iter().find(|item| item.name == name);
    let found = exact.or_else(|| items.iter().find(|item| is_compatible(&item.name, name)));
    found.map(Named::shown)
}

fn all(items: &[Named]) -> impl ExactSizeIterator<Item = (&str, ComponentExtern<'_>)> {
    items.iter().map(|item| (item.name.as_str(), item.shown()))
}

/// The types of items. `path` are the names that lead to where they are.
fn list(handle: &Handle, items: Items<'_>, notes: &Notes<'_>, path: &str) -> Result<Vec<Named>> {
    let mut found = Vec::with_capacity(items.len());
    for item in items.iter() {
        let item = item?;
        // Seldom is anything said, and then no path is needed.
        let path = match (notes.is_empty(), path) {
            (true, _) => String::new(),
            (false, "") => item.name.to_owned(),
            (false, path) => format!("{path}{}{}", Note::SEPARATOR, item.name),
        };
        let note = notes.get(path.as_str());
        let text = |said: Option<&str>| said.map(Box::from);
        found.extend(item_type(handle, item.item, notes, &path)?.map(|ty| Named {
            name: item.name.to_owned(),
            ty,
            implements: note.and_then(|note| text(note.implements)),
            external_id: note.and_then(|note| text(note.external_id)),
        }));
    }
    Ok(found)
}

fn item_type(
    handle: &Handle,
    item: Item<'_>,
    notes: &Notes<'_>,
    path: &str,
) -> Result<Option<ComponentItem>> {
    Ok(Some(match item {
        Item::ImportedFunc { ty, .. } | Item::LiftedFunc { ty, .. } => handle.func(ty),
        Item::ImportedModule { ty, .. } | Item::StaticModule { ty, .. } => handle.module(ty),
        Item::Instance(items) => {
            let exports = list(handle, items, notes, path)?;
            ComponentItem::ComponentInstance(ComponentInstance::new(exports))
        }
        Item::Type(ty) => handle.value(ty),
        Item::Resource(resource) => {
            ComponentItem::Resource(handle.instance_type().resource_type(resource))
        }
        _ => return Ok(None),
    }))
}

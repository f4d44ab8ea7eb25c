//! What the index spaces of a component instance hold.

use std::collections::HashMap;
use std::rc::Rc;

use wasm_component::{CoreKind, FuncTypeIndex, ImportIndex, ResourceIndex, StaticModuleIndex};
use wasmparser::component_types::ComponentCoreModuleTypeId;

use crate::adapt::AdapterOptions;
use crate::def::{CoreInstanceId, Def};

/// An item of a component. Copies are cheap.
#[derive(Clone)]
pub(crate) enum ItemDef<'a> {
    Func(FuncDef<'a>),
    Module(ModuleDef),
    Component(ComponentDef),
    Instance(Rc<InstanceDef<'a>>),
    Type(TypeDef),
}

/// A function.
#[derive(Clone)]
pub(crate) enum FuncDef<'a> {
    /// The component imports it.
    Imported(ImportIndex),
    /// A core function that is lifted.
    Lifted(Rc<LiftedFunc<'a>>),
    /// A function that is not supported, and why.
    Unsupported(&'a str),
}

/// A core function that is lifted.
pub(crate) struct LiftedFunc<'a> {
    pub(crate) callee: Def<'a>,
    pub(crate) ty: FuncTypeIndex,
    pub(crate) options: AdapterOptions<'a>,
}

/// A core module.
#[derive(Clone, Copy)]
pub(crate) enum ModuleDef {
    Static(StaticModuleIndex),
    Imported { import: ImportIndex, ty: ComponentCoreModuleTypeId },
}

/// A component, with what it takes from those around it.
#[derive(Clone)]
pub(crate) struct ComponentDef {
    /// Its place among the components that were read.
    pub(crate) place: u32,
    pub(crate) captures: Rc<Captures>,
}

/// What a component takes from those around it.
#[derive(Default)]
pub(crate) struct Captures {
    pub(crate) modules: Vec<ModuleDef>,
    pub(crate) components: Vec<ComponentDef>,
}

/// An instance: its items by name.
pub(crate) struct InstanceDef<'a> {
    pub(crate) items: HashMap<&'a str, ItemDef<'a>>,
    /// How deep instances lie in it.
    pub(crate) depth: u32,
}

/// A type.
#[derive(Clone, Copy)]
pub(crate) enum TypeDef {
    /// Which resource a type is depends on the instance.
    Resource(ResourceIndex),
    /// Any other type is known by its id.
    Other,
}

/// A core instance.
#[derive(Clone)]
pub(crate) enum CoreInstanceDef<'a> {
    /// It is instantiated.
    Instance(CoreInstanceId),
    /// It was put together of items.
    Items(Rc<HashMap<&'a str, Def<'a>>>),
}

impl<'a> CoreInstanceDef<'a> {
    /// An export.
    pub(crate) fn export(&self, kind: CoreKind, name: &'a str) -> Option<Def<'a>> {
        match self {
            Self::Instance(instance) => Some(Def::Export { instance: *instance, kind, name }),
            Self::Items(items) => items.get(name).cloned(),
        }
    }
}

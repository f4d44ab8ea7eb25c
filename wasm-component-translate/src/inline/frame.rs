//! A component instance that is being made: its index spaces.

use std::collections::HashMap;
use std::rc::Rc;
use std::slice::Iter;

use wasm_component::{ComponentInstanceIndex, CoreKind};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentEntityType, ComponentInstanceTypeId,
};

use crate::adapt::AdapterOptions;
use crate::def::Def;
use crate::error::{Error, ErrorKind};
use crate::inline::Inliner;
use crate::inline::items::{
    Captures, ComponentDef, CoreInstanceDef, FuncDef, InstanceDef, ItemDef, ModuleDef, TypeDef,
};
use crate::parse::steps::{CanonOptions, ItemRef, Step};
use crate::types::Scope;

/// A component instance that is being made.
pub(super) struct Frame<'a> {
    pub(super) steps: Iter<'a, Step<'a>>,
    pub(super) index: ComponentInstanceIndex,
    /// The instances around it, the innermost first.
    pub(super) ancestors: Rc<[ComponentInstanceIndex]>,
    pub(super) captures: Rc<Captures>,
    pub(super) args: HashMap<&'a str, ItemDef<'a>>,
    /// What types mean in it.
    pub(super) scope: Scope,
    /// Its own type, where it is instantiated.
    pub(super) ty: Option<ComponentInstanceTypeId>,
    pub(super) funcs: Vec<FuncDef<'a>>,
    pub(super) modules: Vec<ModuleDef>,
    pub(super) components: Vec<ComponentDef>,
    pub(super) instances: Vec<Rc<InstanceDef<'a>>>,
    pub(super) core: CoreSpaces<'a>,
    pub(super) core_instances: Vec<CoreInstanceDef<'a>>,
    pub(super) exports: HashMap<&'a str, ItemDef<'a>>,
    /// The same with types, in the order in which they were declared; of the component itself.
    pub(super) root_exports: Vec<(&'a str, ComponentEntityType, ItemDef<'a>)>,
}

/// Core items, by kind.
#[derive(Default)]
pub(super) struct CoreSpaces<'a> {
    spaces: [Vec<Def<'a>>; 5],
}

impl<'a> CoreSpaces<'a> {
    pub(super) fn push(&mut self, kind: CoreKind, def: Def<'a>) {
        self.spaces[place(kind)].push(def);
    }

    pub(super) fn at(&self, kind: CoreKind, index: u32) -> Result<Def<'a>, Error> {
        at(&self.spaces[place(kind)], index)
    }
}

fn place(kind: CoreKind) -> usize {
    match kind {
        CoreKind::Func => 0,
        CoreKind::Table => 1,
        CoreKind::Memory => 2,
        CoreKind::Global => 3,
        CoreKind::Tag => 4,
    }
}

/// An item of an index space.
pub(super) fn at<T: Clone>(space: &[T], index: u32) -> Result<T, Error> {
    space.get(index as usize).cloned().ok_or_else(|| unknown("item", &index.to_string()))
}

/// Something that the validator let through and that is not there.
pub(super) fn unknown(what: &str, name: &str) -> Error {
    let message = format!("the component refers to the {what} `{name}`, which does not exist");
    Error::new(ErrorKind::Invalid, message)
}

impl<'a> Inliner<'a> {
    /// Begins an instance of a component.
    pub(super) fn frame(
        &mut self,
        place: u32,
        captures: Rc<Captures>,
        args: HashMap<&'a str, ItemDef<'a>>,
        ty: Option<ComponentInstanceTypeId>,
        ancestors: Rc<[ComponentInstanceIndex]>,
    ) -> Result<Frame<'a>, Error> {
        let component = self.parsed.components.get(place as usize);
        let component = component.ok_or_else(|| unknown("component", &place.to_string()))?;
        Ok(Frame {
            steps: component.steps.iter(),
            index: self.component_instance()?,
            ancestors,
            captures,
            args,
            scope: Scope::default(),
            ty,
            funcs: Vec::new(),
            modules: Vec::new(),
            components: Vec::new(),
            instances: Vec::new(),
            core: CoreSpaces::default(),
            core_instances: Vec::new(),
            exports: HashMap::new(),
            root_exports: Vec::new(),
        })
    }
}

impl<'a> Frame<'a> {
    /// Adds an item to its index space.
    pub(super) fn add(&mut self, item: ItemDef<'a>) {
        match item {
            ItemDef::Func(func) => self.funcs.push(func),
            ItemDef::Module(module) => self.modules.push(module),
            ItemDef::Component(component) => self.components.push(component),
            ItemDef::Instance(instance) => self.instances.push(instance),
            ItemDef::Type(_) => {}
        }
    }

    /// An item by its index.
    pub(super) fn item(&self, item: ItemRef) -> Result<ItemDef<'a>, Error> {
        Ok(match item {
            ItemRef::Func(index) => ItemDef::Func(at(&self.funcs, index)?),
            ItemRef::Module(index) => ItemDef::Module(at(&self.modules, index)?),
            ItemRef::Component(index) => ItemDef::Component(at(&self.components, index)?),
            ItemRef::Instance(index) => ItemDef::Instance(at(&self.instances, index)?),
            ItemRef::Type(ComponentAnyTypeId::Resource(id)) => {
                let resource = self.scope.known_resource(id.resource())?;
                ItemDef::Type(TypeDef::Resource(resource))
            }
            ItemRef::Type(_) => ItemDef::Type(TypeDef::Other),
        })
    }

    /// Canonical options, by what their indices stand for.
    pub(super) fn options(&self, options: &CanonOptions) -> Result<AdapterOptions<'a>, Error> {
        let def = |kind, index: Option<u32>| index.map(|index| self.core.at(kind, index));
        Ok(AdapterOptions {
            instance: self.index,
            ancestors: Rc::clone(&self.ancestors),
            encoding: options.encoding,
            memory: def(CoreKind::Memory, options.memory).transpose()?,
            page_size_log2: options.page_size_log2,
            realloc: def(CoreKind::Func, options.realloc).transpose()?,
            post_return: def(CoreKind::Func, options.post_return).transpose()?,
        })
    }
}

//! The steps of instantiating a component, as its sections have them. Each adds to the index spaces
//! of the component, and refers to what is in them.

use wasm_component::{Builtin, CoreKind, StringEncoding};
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentFuncTypeId, ComponentInstanceTypeId, ComponentItem, ResourceId,
};
use wasmparser::types::CoreTypeId;

/// A step.
pub(crate) enum Step<'a> {
    /// Adds what the component gets for an import.
    Import { name: &'a str, item: ComponentItem },
    /// Exports something, which is added again.
    Export { name: &'a str, item: ItemRef, declared: ComponentItem },
    /// Adds an export of an instance. Types are not among it: they are known by their ids.
    Alias { kind: ItemKind, instance: u32, name: &'a str },
    /// Adds an export of a core instance.
    CoreAlias { kind: CoreKind, instance: u32, name: &'a str },
    /// Adds a module of a component around this one.
    CapturedModule(u32),
    /// Adds a component that stands in a component around this one.
    CapturedComponent(u32),
    /// Adds a module that was added before.
    SameModule(u32),
    /// Adds a component that was added before.
    SameComponent(u32),
    /// Adds a module that stands in this component.
    Module(u32),
    /// Adds a component that stands in this component.
    Component(u32),
    /// Instantiates a core module with core instances.
    InstantiateModule { module: u32, args: Box<[(&'a str, u32)]> },
    /// Makes a core instance of core items.
    CoreInstance(Box<[(&'a str, CoreKind, u32)]>),
    /// Instantiates a component.
    InstantiateComponent {
        component: u32,
        args: Box<[(&'a str, ItemRef)]>,
        ty: ComponentInstanceTypeId,
    },
    /// Makes an instance of items.
    Instance { items: Box<[(&'a str, ItemRef)]>, ty: ComponentInstanceTypeId },
    /// Defines a resource.
    Resource { id: ResourceId, dtor: Option<u32> },
    /// Adds a core function as a function.
    Lift { func: u32, ty: ComponentFuncTypeId, options: CanonOptions },
    /// Adds a function as a core function.
    Lower { func: u32, ty: ComponentFuncTypeId, options: CanonOptions },
    /// Adds `resource.new` as a core function.
    ResourceNew(ResourceId),
    /// Adds `resource.rep` as a core function.
    ResourceRep(ResourceId),
    /// Adds `resource.drop` as a core function.
    ResourceDrop(ResourceId),
    /// Adds `context.get` or, if it sets, `context.set` as a core function.
    Context { slot: u32, sets: bool },
    /// Adds `backpressure.inc` or, if it goes down, `backpressure.dec` as a core function.
    Backpressure { down: bool },
    /// Adds a built-in function that is not supported as a core function.
    Unavailable { builtin: Builtin, ty: CoreTypeId },
    /// Adds a function that is not supported.
    UnsupportedLift(String),
    /// Adds a core function that is not supported.
    UnsupportedLower(String),
}

/// The kinds of items that have index spaces here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ItemKind {
    Func,
    Module,
    Component,
    Instance,
}

/// An item of a component, by its index.
#[derive(Clone, Copy)]
pub(crate) enum ItemRef {
    Func(u32),
    Module(u32),
    Component(u32),
    Instance(u32),
    Type(ComponentAnyTypeId),
}

/// Canonical options as a component has them.
#[derive(Clone, Copy, Default)]
pub(crate) struct CanonOptions {
    pub(crate) encoding: StringEncoding,
    pub(crate) memory: Option<u32>,
    /// The size of the memory's pages is 2 to the power of this.
    pub(crate) page_size_log2: u32,
    pub(crate) realloc: Option<u32>,
    pub(crate) post_return: Option<u32>,
}

/// What a component takes from the one around it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Capture {
    /// By the index there.
    Local(u32),
    /// Something that the one around it takes itself.
    Captured(u32),
}

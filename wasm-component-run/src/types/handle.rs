//! A component's types, with what is known of its resources.

use std::sync::Arc;

use wasm_component::{
    FuncTypeIndex, InterfaceType, ModuleTypeIndex, ResourceIndex, TypeIndex, Types,
};
use wasm_store::Result;

use super::{ComponentFunc, ComponentItem, Module, ResourceTypes, Type};
use crate::component::Component;
use crate::instance::data::InstanceData;
use crate::resource::ResourceType;

/// The types of a component and of the resources in it: what types of Rust are checked against.
#[derive(Clone, Copy)]
pub struct InstanceType<'a> {
    component: &'a Component,
    resources: Resources<'a>,
}

#[derive(Clone, Copy)]
enum Resources<'a> {
    /// Of a component that is not instantiated.
    None,
    Instance(&'a InstanceData),
    Known(&'a [Option<ResourceType>]),
}

impl InstanceData {
    /// The types of its component, with those of the resources that it has.
    pub(crate) fn instance_type(&self) -> InstanceType<'_> {
        InstanceType { component: self.component(), resources: Resources::Instance(self) }
    }
}

impl<'a> InstanceType<'a> {
    pub(crate) fn uninstantiated(component: &'a Component) -> Self {
        Self { component, resources: Resources::None }
    }

    pub(crate) fn with_resources(
        component: &'a Component,
        resources: &'a [Option<ResourceType>],
    ) -> Self {
        Self { component, resources: Resources::Known(resources) }
    }

    /// The types.
    ///
    /// # Errors
    ///
    /// If the plan of the component is damaged.
    pub fn types(&self) -> Result<Types<'a>> {
        self.component.types()
    }

    /// The type of a resource.
    pub fn resource_type(&self, resource: ResourceIndex) -> ResourceType {
        let known = match self.resources {
            Resources::None => None,
            Resources::Instance(data) => data.resource_type(resource).ok(),
            Resources::Known(types) => types.get(resource.index()).copied().flatten(),
        };
        known.unwrap_or_else(|| ResourceType::uninstantiated(self.component.id(), resource))
    }

    /// The same, to be kept.
    pub(crate) fn to_owned(self) -> Handle {
        let resources = match self.resources {
            Resources::None => None,
            Resources::Known(types) => Some(types.into()),
            Resources::Instance(data) => Some(data.resource_types()),
        };
        Handle { component: self.component.clone(), resources }
    }
}

impl std::fmt::Debug for InstanceType<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InstanceType").field("component", self.component).finish_non_exhaustive()
    }
}

/// As an [`InstanceType`], with what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    component: Component,
    resources: Option<ResourceTypes>,
}

impl Handle {
    pub(crate) fn new(component: &Component, resources: Option<ResourceTypes>) -> Self {
        Self { component: component.clone(), resources }
    }

    pub(crate) fn component(&self) -> &Component {
        &self.component
    }

    pub(crate) fn instance_type(&self) -> InstanceType<'_> {
        match &self.resources {
            Some(resources) => InstanceType::with_resources(&self.component, resources),
            None => InstanceType::uninstantiated(&self.component),
        }
    }

    /// Whether both are of the same component and the same resources, so that types are equal
    /// exactly if they have one number.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let resources = match (&self.resources, &other.resources) {
            (None, None) => true,
            (Some(some), Some(others)) => Arc::ptr_eq(some, others) || some == others,
            _ => false,
        };
        resources && self.component.id() == other.component.id()
    }

    pub(crate) fn func(&self, ty: FuncTypeIndex) -> ComponentItem {
        ComponentItem::ComponentFunc(ComponentFunc::new(self.clone(), ty))
    }

    pub(crate) fn module(&self, ty: ModuleTypeIndex) -> ComponentItem {
        ComponentItem::Module(Module::new(self.clone(), ty))
    }

    pub(crate) fn value(&self, ty: InterfaceType) -> ComponentItem {
        ComponentItem::Type(Type::new(self, ty))
    }

    /// What a type consists of.
    pub(super) fn def(&self, ty: TypeIndex) -> wasm_component::TypeDef<'_> {
        let def = self.component.types().and_then(|types| Ok(types.get(ty)?));
        def.expect("all types of the plan were looked at before one was found in it")
    }
}

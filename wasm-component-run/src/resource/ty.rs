//! The types of resources, which are compared by who has defined them.

use std::any::TypeId;

use wasm_component::ResourceIndex;

/// The type of a resource: one that the host defines, or one that an instance does.
///
/// Each instance of a component that defines a resource has a type of its own.
///
/// ```
/// use wasm_component_run::ResourceType;
///
/// struct File;
/// assert_eq!(ResourceType::host::<File>(), ResourceType::host::<File>());
/// assert_ne!(ResourceType::host::<File>(), ResourceType::host::<u8>());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResourceType(Kind);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Host(TypeId),
    HostDynamic(u32),
    /// Defined by an instance of that identity.
    Guest {
        instance: u64,
        resource: ResourceIndex,
    },
    /// Of a component that is not instantiated.
    Uninstantiated {
        component: u64,
        resource: ResourceIndex,
    },
}

impl ResourceType {
    /// The type of resources of the host that a [`Resource<T>`](crate::Resource) stands for.
    pub fn host<T: 'static>() -> ResourceType {
        ResourceType(Kind::Host(TypeId::of::<T>()))
    }

    /// The type of resources of the host that a [`ResourceDynamic`](crate::ResourceDynamic) with
    /// that number stands for.
    pub fn host_dynamic(payload: u32) -> ResourceType {
        ResourceType(Kind::HostDynamic(payload))
    }

    pub(crate) fn guest(instance: u64, resource: ResourceIndex) -> ResourceType {
        ResourceType(Kind::Guest { instance, resource })
    }

    pub(crate) fn uninstantiated(component: u64, resource: ResourceIndex) -> ResourceType {
        ResourceType(Kind::Uninstantiated { component, resource })
    }

    pub(crate) fn is_host<T: 'static>(&self) -> bool {
        *self == Self::host::<T>()
    }

    pub(crate) fn as_host_dynamic(&self) -> Option<u32> {
        match self.0 {
            Kind::HostDynamic(payload) => Some(payload),
            _ => None,
        }
    }
}

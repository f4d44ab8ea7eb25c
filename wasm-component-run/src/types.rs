//! The types of components, as the API shows them.

mod core;
mod handle;
mod items;
mod value;

use std::sync::Arc;

pub(crate) use handle::Handle;
pub use handle::InstanceType;
pub use items::{
    Component, ComponentExtern, ComponentFunc, ComponentInstance, ComponentItem, Module,
};
pub use value::{
    Case, Enum, Field, FixedLengthList, Flags, List, Map, OptionType, Record, ResultType, Tuple,
    Type, Variant,
};

pub use crate::resource::ResourceType;

pub(crate) use self::core::extern_type;

/// The types that resources have in an instance, by number. `None` for those that are not known.
pub(crate) type ResourceTypes = Arc<[Option<ResourceType>]>;

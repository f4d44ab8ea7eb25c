//! Plans, read in place.

mod args;
mod check;
mod core_types;
mod items;
mod lists;
mod plan;
mod types;

pub use args::Args;
pub use core_types::{CoreItem, CoreItemType, CoreItems, CoreValTypes, ModuleType};
pub use items::{Import, Item, Items, MAX_INSTANCE_DEPTH, NamedItem, Note};
pub use lists::{Initializers, Modules, StaticModule};
pub use plan::{MAX_COMPONENT_INSTANCES, Plan, Resource, ResourceOrigin};
pub use types::{Case, Cases, Field, Fields, FuncType, Labels, MAX_TYPE_DEPTH, TypeDef, Types};

#[cfg(feature = "write")]
pub(crate) use core_types::VAL_TYPES;

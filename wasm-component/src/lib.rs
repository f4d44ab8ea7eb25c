//! The vocabulary of WebAssembly components.
//!
//! * [`InterfaceType`] and [`Types`]: value types and function types, with their canonical layout
//!   in memory ([`Layout`]) and as core values ([`FlatTypes`]).
//! * [`Plan`]: how a component is instantiated, as a list of [`Initializer`]s, what it imports and
//!   exports, as trees of [`Item`]s, and its types. All components in it are inlined: what is left
//!   are core modules, functions that the runtime provides ([`Trampoline`]), and canonical options.
//! * [`track`]: which versions of an interface can stand for another.
//!
//! # Should I use this?
//!
//! Use it if you write a runtime, a translator or a tool over components. To run components take
//! `wasm-runtime`; to make a plan of a component, `wasm-component-translate`.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "write")] {
//! use wasm_component::write::{ItemTree, PlanBuilder};
//! use wasm_component::{InterfaceType, Item, Plan};
//!
//! let mut builder = PlanBuilder::new();
//! let u8_and_f64 = [("x", InterfaceType::U8), ("y", InterfaceType::Float64)];
//! let point = builder.types().record(&u8_and_f64)?;
//! let types = vec![("point", ItemTree::Type(point))];
//! builder.imports(&[("a:b/types@0.2.9", ItemTree::Instance(types))])?;
//! let bytes = builder.finish()?;
//!
//! let plan = Plan::parse(&bytes)?;
//! assert_eq!(plan.types().layout(point)?.size, 16);
//! // Another version of the same interface stands for it.
//! let Some(Item::Instance(types)) = plan.imports()?.find("a:b/types@0.2.0")? else { panic!() };
//! assert_eq!(types.len(), 1);
//! # }
//! # Ok::<(), wasm_component::Error>(())
//! ```
//!
//! # Damage
//!
//! [`Plan::parse`] looks at the header alone. Everything else is checked when it is read: damage
//! gives errors, never a panic, no endless loop and no endless recursion.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `write`: Make plans, as the module `write`: what a translator of components needs, and a
//!   program that only runs them does not.
//! <!-- end of features -->
//!
//! The crate is `no_std` and uses `alloc`.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod builtin;
mod core_def;
mod error;
mod flat;
mod format;
mod index;
mod initializer;
mod interface_type;
mod intrinsic;
mod layout;
mod name;
mod options;
mod read;
mod show;
mod trampoline;
#[cfg(feature = "write")]
pub mod write;

pub use builtin::Builtin;
pub use core_def::{Arg, CoreDef, CoreExport, CoreKind};
pub use error::{Error, ErrorKind};
pub use flat::{CoreSignature, FlatType, FlatTypes};
pub use format::PLAN_VERSION;
pub use index::{
    ComponentInstanceIndex, CoreInstanceIndex, FuncTypeIndex, ImportIndex, LoweringIndex,
    MemorySlot, ModuleTypeIndex, OptionsIndex, PostReturnSlot, ReallocSlot, ResourceIndex,
    StaticModuleIndex, TrampolineIndex, TypeIndex,
};
pub use initializer::{Initializer, Lowering};
pub use interface_type::InterfaceType;
pub use intrinsic::Intrinsic;
pub use layout::{
    Layout, MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, MAX_LIST_BYTE_LENGTH, MAX_STRING_BYTE_LENGTH,
    VariantLayout, align_to, discriminant_size,
};
pub use name::{Version, is_compatible, track};
pub use options::{Options, StringEncoding, UTF16_TAG};
pub use read::{
    Args, Case, Cases, CoreItem, CoreItemType, CoreItems, CoreValTypes, Field, Fields, FuncType,
    Import, Initializers, Item, Items, Labels, MAX_COMPONENT_INSTANCES, MAX_INSTANCE_DEPTH,
    MAX_TYPE_DEPTH, ModuleType, Modules, NamedItem, Note, Plan, Resource, ResourceOrigin,
    StaticModule, TypeDef, Types,
};
pub use show::{ShowFunc, ShowPlan, ShowType};
pub use trampoline::{AdapterTrap, CONTEXT_SLOTS, Trampoline, instance_flags};

//! Components running: instances, functions, values, resources, and linkers, over `wasm-store`.
//!
//! The API has the names and the behaviour of Wasmtime's module `component`, so that code written
//! against that compiles here after changing the crate's name.
//!
//! # Should I use this?
//!
//! Use it to run components that were compiled beforehand, with nothing in the program that could
//! compile them. To compile as well, use `wasm-runtime`, which has the same API as its module
//! `component` and brings a compiler along.
//!
//! # How it works
//!
//! A [`Component`] is an artifact with the *plan* of its instantiation (crate `wasm-component`),
//! read in place. What an instantiation and a call need of it is looked up once. A value goes
//! through checked slices of the guest's memory: no `unsafe` is in the way of lowering and lifting.
//! What belongs to a store, handles of resources and who is in which call, is an attachment of the
//! store.
//!
//! # Features
//!
//! <!-- features, made of Cargo.toml: `cargo xtask features-docs --write` -->
//! * `anyhow`: The option `anyhow` of `bindgen!`: host functions return results of the crate
//!   `anyhow`.
//! * `async`: Calls that may wait, and host functions that are futures: `Func::call_async`,
//!   `LinkerInstance::func_new_async`, `Linker::instantiate_async`. Any executor can run them.
//! * `macros`: Macros: derives for types of components, `flags!`, and `bindgen!`, which makes
//!   bindings of WIT.
//! * `sign`: `Component::deserialize_verified`: artifacts that are signed, authenticated or known
//!   by their hash are verified and loaded by safe functions, whoever may write them.
//! * `wave`: Values in the text form of WAVE: `Val::from_wave`, `Val::to_wave`.
//! <!-- end of features -->

#![deny(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builtins;
mod component;
mod context;
pub mod differences;
mod func;
mod handles;
mod instance;
mod intrinsics;
mod linker;
mod resource;
mod state;
mod strings;
mod tables;
mod tasks;
mod trap;
mod typed;
pub mod types;
mod unfinished;
mod val;
#[cfg(feature = "wave")]
mod wave;

pub use component::{Component, ComponentExportIndex, ExportLookup};
pub use func::Func;
pub use instance::Instance;
pub use linker::{InstancePre, Linker, LinkerInstance};
pub use resource::{
    Resource, ResourceAny, ResourceDynamic, ResourceTable, ResourceTableError, ResourceType,
};
pub use state::ComponentStoreExt;
pub use typed::{
    Access, ComponentNamedList, ComponentType, HasData, HasSelf, Lift, Lower, TypedFunc, WasmList,
    WasmStr,
};
pub use types::Type;
pub use val::{NumberList, Val};
/// Derives for types of components, types of flags, and bindings made of WIT (feature `macros`).
#[cfg(feature = "macros")]
pub use wasm_component_macro::{ComponentType, Lift, Lower, bindgen, flags};
#[cfg(feature = "wave")]
pub use wave::WaveCall;

#[doc(hidden)]
pub use typed::internal as __internal;

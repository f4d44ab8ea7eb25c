//! Static types: Rust types that are types of components, and functions of such types.

mod abi;
mod access;
mod child;
mod flags;
mod func;
mod handles;
mod has_data;
mod host;
mod into_result;
mod lazy;
mod list;
mod lists;
mod maps;
mod numbers;
mod options;
mod references;
mod strings;
mod traits;
mod tuples;
mod typecheck;

pub use access::Access;
pub use func::TypedFunc;
pub use has_data::{HasData, HasSelf};
pub use lazy::{WasmList, WasmStr};
pub use traits::{ComponentNamedList, ComponentType, Lift, Lower};

/// What implementations of the traits for values are written with, and what the output of macros
/// names. It is no part of the API.
pub mod internal {
    pub use wasm_component::{InterfaceType, TypeDef, Types};
    pub use wasm_store::{
        AsContext, AsContextMut, Engine, Result, Store, StoreContextMut, error, format_err,
    };

    pub use super::abi::CanonicalAbi;
    pub use super::child::{
        bad_discriminant, lift_child, lower_child, read_discriminant, write_discriminant,
    };
    pub use super::flags::{format_flags, known_flags, read_flags, write_flags};
    pub use super::into_result::IntoResult;
    pub use super::list::ListTypes;
    pub use super::traits::part;
    pub use super::typecheck::{
        Check, typecheck_enum, typecheck_flags, typecheck_record, typecheck_variant,
    };
    pub use crate::context::{
        Destination, FlatReader, FlatSlots, LiftContext, LowerContext, Options, Source,
    };
    pub use crate::types::InstanceType;
    #[cfg(feature = "anyhow")]
    pub use anyhow;
    pub use std::boxed::Box;
    pub use std::string::String;
    pub use std::vec::Vec;
}

//! Adapters: functions that one component lifts and another lowers, as core modules.
//!
//! The border between the two halves of this crate. The translator collects [`Adapter`]s, decides
//! which of them share a module and where it is instantiated, and asks [`module`] for it. What is
//! behind that function knows types, canonical options and core WebAssembly, and nothing else.

use wasm_component::{ComponentInstanceIndex, FuncTypeIndex, StringEncoding, Types};

use crate::def::Def;
use crate::error::Error;

/// A function that one component lifts and another lowers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Adapter<'a> {
    /// The core function that is called. Its signature is
    /// [`FuncType::lifted`](wasm_component::FuncType::lifted) of `lift_ty`.
    pub(crate) callee: Def<'a>,
    /// The type that the function is lifted to.
    pub(crate) lift_ty: FuncTypeIndex,
    /// How it is lifted.
    pub(crate) lift: AdapterOptions<'a>,
    /// The type that it is lowered from: that of an import of the calling component. The signature
    /// of the adapter is [`FuncType::lowered`](wasm_component::FuncType::lowered) of this type.
    pub(crate) lower_ty: FuncTypeIndex,
    /// How it is lowered.
    pub(crate) lower: AdapterOptions<'a>,
}

/// Canonical options of one side of an adapter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct AdapterOptions<'a> {
    /// The component instance of this side.
    pub(crate) instance: ComponentInstanceIndex,
    /// The component instances in which that instance is, the innermost first. A call between an
    /// instance and one that it is in can only be one that comes back to where it is already.
    pub(crate) ancestors: Vec<ComponentInstanceIndex>,
    /// How strings lie in memory.
    pub(crate) encoding: StringEncoding,
    /// The memory, with 32-bit addresses.
    pub(crate) memory: Option<Def<'a>>,
    /// What allocates in it, `(i32, i32, i32, i32) -> i32`.
    pub(crate) realloc: Option<Def<'a>>,
    /// What is called with the core results after they were read; of the lifting side only.
    pub(crate) post_return: Option<Def<'a>>,
}

/// A module of adapters.
#[derive(Debug)]
pub(crate) struct AdapterModule<'a> {
    /// The binary.
    pub(crate) wasm: Vec<u8>,
    /// What it imports, in the order of its import section.
    pub(crate) imports: Vec<AdapterImport<'a>>,
}

/// An import of a module of adapters.
#[derive(Debug)]
pub(crate) struct AdapterImport<'a> {
    /// Its first name.
    pub(crate) module: String,
    /// Its second name.
    pub(crate) name: String,
    /// What it gets. It may name other adapters only as far as the adapters' options do.
    pub(crate) def: Def<'a>,
}

/// The name under which a module of adapters exports the adapter with this place in the list.
pub(crate) fn export_name(place: usize) -> String {
    place.to_string()
}

/// Makes a module that exports each of these adapters, under its [`export_name`].
pub(crate) fn module<'a>(
    _types: Types<'_>,
    _adapters: &[&Adapter<'a>],
) -> Result<AdapterModule<'a>, Error> {
    Err(Error::unsupported("calls between components within a component"))
}

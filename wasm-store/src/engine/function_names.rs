//! Names for the functions of an artifact.

use std::borrow::Cow;

use wasm_artifact::Artifact;
use wasm_hooks::unnamed_function;
use wasm_types::{EntityIndex, FuncIndex};

/// A name for a function: its name or else that of an export, demangled; else its number.
pub(crate) fn display_name<'a>(artifact: &Artifact<'a>, func: FuncIndex) -> Cow<'a, str> {
    match artifact.name(func).or_else(|| exported_as(artifact, func).next()) {
        Some(name) => wasm_types::demangle(name),
        None => Cow::Owned(unnamed_function(func.as_u32())),
    }
}

/// The names that a function is exported by.
pub(crate) fn exported_as<'r, 'a>(
    artifact: &'r Artifact<'a>,
    func: FuncIndex,
) -> impl Iterator<Item = &'a str> + use<'r, 'a> {
    let exports = artifact.exports().filter_map(|export| export.ok());
    exports.filter(move |export| export.index == EntityIndex::Func(func)).map(|export| export.name)
}

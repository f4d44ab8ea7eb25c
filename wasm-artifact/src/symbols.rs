//! What tools call the functions of an artifact.
//!
//! There is one rule, for ELF symbols, profilers, debuggers and reports alike: the name that the
//! name section gives a function, else that of its first export, else its number.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use wasm_types::{CompiledFunction, DefinedFuncIndex, EntityIndex, FuncIndex};

use crate::error::Error;
use crate::read::Artifact;

/// A defined function as tools know it: see [`Artifact::symbols`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Symbol<'a> {
    /// The function, among all functions of the module.
    pub func: FuncIndex,
    /// Where its code stands in the text.
    pub code: CompiledFunction,
    /// What it is called, as the module says it: any characters, and not unique.
    pub name: Cow<'a, str>,
}

impl<'a> Artifact<'a> {
    /// The defined functions, in the order of their indices, with the names that the artifact's ELF
    /// symbols have: whether or not it was written with symbols.
    ///
    /// An item is an error if the artifact is damaged where it says where a function's code stands.
    /// A damaged name counts as none.
    pub fn symbols(&self) -> impl Iterator<Item = Result<Symbol<'a>, Error>> + '_ {
        let counts = self.counts();
        let mut exported = BTreeMap::new();
        for export in self.exports().flatten() {
            if let EntityIndex::Func(func) = export.index {
                exported.entry(func).or_insert(export.name);
            }
        }
        (0..counts.functions - counts.imported_functions).map(move |defined| {
            let func = FuncIndex::new(counts.imported_functions + defined);
            let name = self.name(func).or_else(|| exported.get(&func).copied());
            Ok(Symbol {
                func,
                code: self.function_code(DefinedFuncIndex::new(defined))?,
                name: name.map_or_else(|| Cow::Owned(nameless(func)), Cow::Borrowed),
            })
        })
    }
}

/// What a function is called that nothing gives a name.
pub(crate) fn nameless(func: FuncIndex) -> String {
    format!("wasm-function[{func}]")
}
